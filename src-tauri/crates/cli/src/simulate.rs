//! `simulate`: the vendor's interface on this machine, for trying things out.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use simulator::{Batching, Chaos, Latency, Limits, Options, Simulator, Verdict};

use crate::arguments::Simulate;
use crate::error::CommandError;
use crate::words;

/// Answers until interrupted, then says what it would have billed and what the clients did wrong.
pub async fn simulate(arguments: &Simulate) -> Result<ExitCode, CommandError> {
    let running = Simulator::start(options(arguments)).await?;
    writeln!(io::stdout(), "A simulation, not Anthropic: ANTHROPIC_BASE_URL={} ANTHROPIC_API_KEY=any", running.url())?;
    tokio::signal::ctrl_c().await?;
    let verdict = running.verdict();
    let ledger = running.stop().await;
    let answers = words::counted(u32::try_from(ledger.billed.len()).unwrap_or(u32::MAX), "answer");
    writeln!(io::stdout(), "{answers} billed, for nothing; {}", complaints(&verdict))?;
    Ok(ExitCode::SUCCESS)
}

fn options(arguments: &Simulate) -> Options {
    let usual = Limits::default();
    // Half of the resets strike in the middle of an answer.
    let bad_weather = Chaos { overloaded: 0.03, reset: 0.01, broken: 0.01, ..Chaos::default() };
    Options {
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

fn complaints(verdict: &Verdict) -> String {
    let kinds = [
        (&verdict.retried_too_early, "retried too early"),
        (&verdict.retried_in_vain, "retried in vain"),
        (&verdict.stampedes, "stampeded after a hold"),
        (&verdict.hung_on, "hung on to a stalled answer"),
        (&verdict.asked_twice, "paid twice for the same"),
    ];
    let told: Vec<String> = kinds
        .into_iter()
        .filter(|(complaint, _)| complaint.count > 0)
        .map(|(complaint, words)| format!("{words} ({})", complaint.count))
        .collect();
    if told.is_empty() { "no complaints".to_owned() } else { format!("the client {}", told.join(", ")) }
}
