//! `simulate`: the vendor's API on this machine, for experiments.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use simulator::{Batching, Chaos, ClientVerdict, Latency, LenientServer, Limits, Options, Protocol, Simulator};

use crate::arguments::{Simulate, SimulatedApi};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Console, notes};
use crate::{messages, signals};

/// What the simulator saw of its clients, for the JSON document.
#[derive(Serialize)]
struct Seen {
    url: String,
    /// Answers that the vendor would have billed.
    billed: usize,
    /// What the clients did wrong, as text; empty if nothing.
    complaints: Vec<String>,
}

/// Answers until interrupted, then prints what the vendor would have billed and what the clients did wrong.
pub async fn simulate(arguments: &Simulate, output: Console) -> Result<Exit, CommandError> {
    let running = Simulator::start(options(arguments)).await?;
    let url = running.url();
    // A flushed note, because a script that starts this in the background waits for it.
    let note = match arguments.api {
        SimulatedApi::Anthropic => {
            format!("Simulated Messages API, not Anthropic: ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=any")
        }
        SimulatedApi::Openai => {
            format!("Simulated chat completions, not OpenAI: OPENAI_BASE_URL={url} OPENAI_API_KEY=any")
        }
        SimulatedApi::Gemini => {
            format!("Simulated Gemini API, not Google: GEMINI_BASE_URL={url} GEMINI_API_KEY=any")
        }
        SimulatedApi::Compatible => {
            format!("Simulated open models: OPENAI_COMPATIBLE_BASE_URL={url}/v1 OPENAI_COMPATIBLE_MODEL=qwen3-vl:8b")
        }
    };
    writeln!(notes(), "{note}")?;
    signals::drain(None).first().await;
    let complaints = complaints(&running.verdict());
    let seen = Seen { url, billed: running.stop().await.billed.len(), complaints };
    output.show(&seen, |out| {
        let said = if seen.complaints.is_empty() {
            "no complaints".to_owned()
        } else {
            format!("the client {}", seen.complaints.join(", "))
        };
        writeln!(out, "{} (simulated, not billed); {said}", messages::counted_len(seen.billed, "answer"))
    })?;
    Ok(Exit::Done)
}

fn options(arguments: &Simulate) -> Options {
    let usual = Limits::default();
    // Half of the resets happen in the middle of an answer.
    let bad_weather = Chaos { overloaded: 0.03, reset: 0.01, broken: 0.01, ..Chaos::default() };
    Options {
        protocol: match arguments.api {
            SimulatedApi::Anthropic => Protocol::Messages,
            SimulatedApi::Openai => Protocol::Chat,
            SimulatedApi::Gemini => Protocol::Gemini,
            SimulatedApi::Compatible => Protocol::LenientChat(LenientServer::default()),
        },
        port: arguments.port,
        latency: Latency { first_byte: Duration::from_millis(arguments.latency_ms).into(), ..Latency::default() },
        chaos: if arguments.chaos { bad_weather } else { Chaos::default() },
        limits: Limits {
            requests_per_minute: arguments.rpm.unwrap_or(usual.requests_per_minute),
            burst: arguments.burst,
            most_in_flight: arguments.in_flight,
            are_announced: !arguments.no_headers,
            sends_retry_after: !arguments.no_retry_after,
            ..usual
        },
        batching: Batching { takes: Duration::from_secs(arguments.batch_seconds), ..Batching::default() },
        ..Options::default()
    }
}

fn complaints(verdict: &ClientVerdict) -> Vec<String> {
    let kinds = [
        (&verdict.retried_too_early, "retried too early"),
        (&verdict.retried_in_vain, "retried requests that cannot succeed"),
        (&verdict.stampedes, "sent too many concurrent requests after a pause"),
        (&verdict.hung_on, "waited too long for a stalled answer"),
        (&verdict.asked_twice, "paid twice for one image"),
    ];
    kinds
        .into_iter()
        .filter(|(complaint, _)| complaint.count > 0)
        .map(|(complaint, text)| format!("{text} ({})", complaint.count))
        .collect()
}
