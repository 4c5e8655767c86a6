//! Runs, their progress, their reports.

use domain::ids::RunId;
use domain::pilot::PilotOutcome;
use domain::plan::{ResumeRequest, RunRequest};
use domain::report::{Notice, ReportLanguage, RunReport};
use domain::run::{RunSeries, RunSummary, SpentAt};
use domain::run_description::RunDescription;

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

    /// Replaces the name and tags of a run; those it has now.
    write describe_run(api, run: RunId, description: RunDescription) -> RunDescription {
        Ok(api.library.history.describe(run, &description).await?)
    }

    /// What a run had cost as its images were finished.
    read spent_history(api, run: RunId) -> Vec<SpentAt> {
        api.ask(move |library| library.history.spent_history(run)).await
    }

    /// Runs over time, to be shown beside each other.
    read run_series(api, runs: Vec<RunId>) -> Vec<RunSeries> {
        api.ask(move |library| library.history.series(&runs)).await
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

    /// Writes the page of a run, with annotated copies of its images, into a new folder. Opens the system's save dialog; the path
    /// of the page, or `None` when it was cancelled. `notices` are in the same language.
    read save_report(api, run: RunId, language: ReportLanguage, notices: Vec<Notice>) -> Option<String> {
        let Some(folder) = api.desktop()?.choose_file_to_save(format!("run-{run}")).await else { return Ok(None) };
        api.ask(move |library| {
            let report = library.insight.report(run)?;
            let written = library.insight.write_page(&report, &notices, language, &folder)?;
            Ok(Some(written.page.to_string_lossy().into_owned()))
        })
        .await
    }

    /// Writes the same as a ZIP file into the library's folder, where a browser can download it by this name until the library is
    /// opened again.
    read ready_report(api, run: RunId, language: ReportLanguage, notices: Vec<Notice>) -> String {
        api.ask(move |library| {
            let (report, name) = (library.insight.report(run)?, format!("run-{run}-report.zip"));
            library.insight.ready_page(&report, &notices, language, &name)?;
            Ok(name)
        })
        .await
    }
}
