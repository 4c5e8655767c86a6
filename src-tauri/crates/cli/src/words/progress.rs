//! How far a run is, and what an interruption does.

use domain::ids::RunId;
use domain::run::{PendingElsewhere, RunMode, RunProgress};

use super::figures::{counted, duration};
use super::kinds::retry;

pub fn progress(progress: &RunProgress) -> String {
    if let Some(hold) = &progress.hold {
        return format!("{}: again in {}", retry(hold.kind), duration(f64::from(hold.left_millis)));
    }
    if !progress.pending_elsewhere.is_empty() && progress.in_flight.is_empty() {
        return pending_elsewhere(&progress.pending_elsewhere);
    }
    if progress.mode == RunMode::Overnight {
        let (images, finished) = progress
            .batches
            .iter()
            .fold((0, 0), |(images, finished), batch| (images + batch.images, finished + batch.finished));
        let batches = match progress.batches.len() {
            1 => "1 batch".to_owned(),
            count => format!("{count} batches"),
        };
        return format!("{batches} submitted, {finished} of {} done there", counted(images, "image"));
    }
    let rate = format!("{:.0} images a minute", progress.rate_per_minute);
    match progress.left_millis {
        Some(left) => format!("{rate}, {} left", duration(f64::from(left))),
        None => rate,
    }
}

/// What the images that are left wait for.
fn pending_elsewhere(pending: &[PendingElsewhere]) -> String {
    let by_run = pending.iter().map(|PendingElsewhere { run, images, is_in_batch, .. }| {
        let place = if *is_in_batch { format!("the batches of run {run}") } else { format!("run {run}") };
        format!("{} waiting for the answers of {place}", counted(*images, "image"))
    });
    by_run.collect::<Vec<_>>().join(", ")
}

/// After the first Ctrl-C.
pub fn stopping(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Live => "Stopping: what is in flight is finished first. Ctrl-C again stops at once.",
        RunMode::Overnight => "Stopping: the batches go on at the vendor's. Ctrl-C again stops at once.",
    }
}

/// After the second.
pub fn stopped_at_once(run: RunId) -> String {
    format!("Stopped at once; `fieldmark resume {run}` goes on, and asks again about what was in flight.")
}
