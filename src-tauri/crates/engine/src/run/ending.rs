//! How a sitting on a run ends, however it was worked on: its end is noted, its hooks run, and the run is let go of.

use std::sync::Arc;

use domain::ids::RunId;
use domain::run::{RunProgress, RunState};

use super::executor::Stop;
use super::lock::RunLock;
use crate::hooks;
use crate::library::{Library, lock};

/// Notes why nothing more is done for `run`, and lets go of it; how it stands then, and what was said about that. Without a
/// reason the run shows as interrupted.
pub async fn end(
    library: &Arc<Library>,
    run: RunId,
    run_lock: RunLock,
    stop: Option<Stop>,
) -> (RunState, Option<String>) {
    if let Some(Stop { reason, detail }) = stop.clone() {
        let noted = library.store.write(move |edit| edit.note_stopped(run, reason, detail.as_deref())).await;
        if let Err(error) = noted {
            library.record_run_failure(run, error.into());
        }
        if let Err(error) = Arc::clone(library).write_metrics_if_wanted(run).await {
            tracing::warn!(%run, %error, "the metrics of the run were not written");
        }
    }
    let state = stop.as_ref().map_or(RunState::Interrupted, |stop| RunState::Stopped { reason: stop.reason });
    hooks::after(library, run, state).await;
    // In this order: whoever takes the run up next does so by the lock, and must not find this sitting's entry.
    lock(&library.active_runs).remove(&run);
    drop(run_lock);
    library.note_change();
    (state, stop.and_then(|stop| stop.detail))
}

/// What a run is shown as once it has stopped: what the library says of it, so that it is the same after a restart.
/// `otherwise` is shown where the library cannot be read.
pub async fn last_snapshot(library: &Arc<Library>, otherwise: RunProgress) -> RunProgress {
    let (reader, run) = (Arc::clone(library), otherwise.run);
    match tokio::task::spawn_blocking(move || reader.resting_progress(run)).await {
        Ok(Ok(resting)) => RunProgress { state: otherwise.state, ..resting },
        Ok(Err(error)) => {
            tracing::warn!(%run, %error, "the run cannot be read after its end");
            otherwise
        }
        Err(error) => {
            tracing::warn!(%run, %error, "the run was not read after its end");
            otherwise
        }
    }
}
