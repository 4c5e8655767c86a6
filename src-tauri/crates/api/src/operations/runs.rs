//! Runs, their progress, their reports.

use domain::ids::RunId;
use domain::pilot::PilotOutcome;
use domain::plan::{ResumeRequest, RunRequest};
use domain::report::RunReport;
use domain::run::{RunSummary, SpentAt};

use crate::router::operations;

operations! {
    write start_run(api, request: RunRequest) -> RunId {
        Ok(api.library.runs.start(&request).await?)
    }

    write pause_run(api, run: RunId) -> () {
        api.library.runs.pause(run);
        Ok(())
    }

    write resume_run(api, request: ResumeRequest) -> () {
        Ok(api.library.runs.resume(request).await?)
    }

    write cancel_run(api, run: RunId) -> () {
        api.library.runs.cancel(run);
        Ok(())
    }

    read runs(api) -> Vec<RunSummary> {
        api.ask(|library| library.history.runs()).await
    }

    /// What a run had cost as its images were finished.
    read spent_history(api, run: RunId) -> Vec<SpentAt> {
        api.ask(move |library| library.history.spent_history(run)).await
    }

    /// What the pilot of a run cost, and what its other images will.
    read pilot_outcome(api, run: RunId) -> PilotOutcome {
        api.ask(move |library| library.planning.pilot_outcome(&library.history.run(run)?)).await
    }

    read run_report(api, run: RunId) -> RunReport {
        api.ask(move |library| library.insight.report(run)).await
    }

    write undo_run(api, run: RunId) -> u32 {
        Ok(api.library.runs.undo(run).await?)
    }

    /// Opens the system's save dialog; the path written, or `None` when it was cancelled.
    read save_metrics(api, run: RunId) -> Option<String> {
        let name = "batch-annotation-metrics.json".to_owned();
        let Some(path) = api.desktop()?.choose_file_to_save(name).await else { return Ok(None) };
        api.ask(move |library| {
            library.insight.write_metrics(run, &path)?;
            Ok(Some(path.to_string_lossy().into_owned()))
        })
        .await
    }
}
