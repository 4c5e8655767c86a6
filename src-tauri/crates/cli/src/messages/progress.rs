//! Progress of a run, and what an interruption does.

use std::io::{self, IsTerminal, Write};

use domain::endpoint::EndpointFailure;
use domain::ids::RunId;
use domain::run::{PendingElsewhere, RunProgress};
use domain::run_state::RunMode;

use super::format::{counted, duration};
use super::reasons::{endpoint, retry};
use crate::output::notes;

pub fn progress(progress: &RunProgress) -> String {
    if let Some(hold) = &progress.hold {
        return format!("{}: continues in {}", retry(hold.kind), duration(f64::from(hold.left_millis)));
    }
    if !progress.pending_elsewhere.is_empty() && progress.in_flight.is_empty() {
        return pending_elsewhere(&progress.pending_elsewhere);
    }
    if progress.mode == RunMode::Batch {
        let (images, finished) = progress
            .batches
            .iter()
            .fold((0, 0), |(images, finished), batch| (images + batch.images, finished + batch.finished));
        let batches = match progress.batches.len() {
            1 => "1 batch".to_owned(),
            count => format!("{count} batches"),
        };
        return format!("{batches} submitted, {finished} of {} done", counted(images, "image"));
    }
    let rate = format!("{:.0} images per minute", progress.rate_per_minute);
    let mut line = match progress.left_millis {
        Some(left) => format!("{rate}, {} left", duration(f64::from(left))),
        None => rate,
    };
    if progress.endpoints.len() > 1 {
        for state in &progress.endpoints {
            if let Some(failure) = &state.failure {
                line = format!("{line}; {}: {}", state.name, endpoint(failure.problem));
            }
        }
    }
    line
}

/// An endpoint is suspended because it fails.
pub fn endpoint_failed(name: &str, failure: &EndpointFailure) -> String {
    format!(
        "the endpoint {name} fails: {} ({}). Its images go to the other endpoints, and it will be tried again.",
        endpoint(failure.problem),
        failure.detail
    )
}

pub fn endpoint_works_again(name: &str) -> String {
    format!("The endpoint {name} works again.")
}

/// What the remaining images are waiting for.
fn pending_elsewhere(pending: &[PendingElsewhere]) -> String {
    let by_run = pending.iter().map(|PendingElsewhere { run, images, is_in_batch, .. }| {
        let place = if *is_in_batch { format!("the batches of run {run}") } else { format!("run {run}") };
        format!("{} waiting for the answers of {place}", counted(*images, "image"))
    });
    by_run.collect::<Vec<_>>().join(", ")
}

/// After the first signal.
pub fn stopping(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Live => "Stopping: requests in flight finish first. A second Ctrl-C stops immediately.",
        RunMode::Batch => "Stopping: submitted batches continue at the vendor. A second Ctrl-C stops immediately.",
    }
}

/// The last output of a process that a second signal ends, given its most recent run.
pub fn stopped_immediately(run: Option<RunId>) {
    let mut notes = notes();
    if io::stderr().is_terminal() {
        // Below a question or a progress bar.
        let _ = writeln!(notes);
    }
    if let Some(run) = run {
        let _ = writeln!(
            notes,
            "Stopped immediately. `fieldmark resume {run}` continues the run; it asks before it sends requests again that were in flight."
        );
    }
}
