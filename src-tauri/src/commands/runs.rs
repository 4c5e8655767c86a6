//! Runs, their progress, their reports.

use domain::ids::RunId;
use domain::plan::{ResumeRequest, RunRequest};
use domain::report::RunReport;
use domain::run::{RunProgress, RunSummary};
use domain::run_state::RunState;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};

use super::{Answer, ask, chosen_file};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn start_run(desktop: State<'_, Desktop>, request: RunRequest) -> Answer<RunId> {
    Ok(desktop.library().runs.start(&request).await?)
}

/// Sends snapshots of `run`, at most ten per second, until it stops or the window starts a later watch. The window numbers
/// watches from 1.
#[tauri::command]
#[specta::specta]
pub async fn watch_run(
    desktop: State<'_, Desktop>,
    watch: u32,
    run: RunId,
    progress: Channel<RunProgress>,
) -> Answer<()> {
    let library = desktop.library();
    let Some(mut snapshots) = library.runs.progress(run) else {
        desktop.watch(watch, None);
        let idle = ask(&desktop, move |library| library.history.progress(run)).await?;
        // A closed window needs no snapshot.
        let _ = progress.send(idle);
        return Ok(());
    };
    let task = tauri::async_runtime::spawn(async move {
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let is_over = matches!(snapshot.state, RunState::Stopped { .. } | RunState::Interrupted);
            if progress.send(snapshot).is_err() || is_over || snapshots.changed().await.is_err() {
                return;
            }
        }
    });
    desktop.watch(watch, Some(task));
    Ok(())
}

/// Ends a watch, unless a later one has started.
#[tauri::command]
#[specta::specta]
pub async fn stop_watching(desktop: State<'_, Desktop>, watch: u32) -> Answer<()> {
    desktop.watch(watch, None);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn pause_run(desktop: State<'_, Desktop>, run: RunId) -> Answer<()> {
    desktop.library().runs.pause(run);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn resume_run(desktop: State<'_, Desktop>, request: ResumeRequest) -> Answer<()> {
    Ok(desktop.library().runs.resume(request).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_run(desktop: State<'_, Desktop>, run: RunId) -> Answer<()> {
    desktop.library().runs.cancel(run);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn runs(desktop: State<'_, Desktop>) -> Answer<Vec<RunSummary>> {
    ask(&desktop, |library| library.history.runs()).await
}

#[tauri::command]
#[specta::specta]
pub async fn run_report(desktop: State<'_, Desktop>, run: RunId) -> Answer<RunReport> {
    ask(&desktop, move |library| library.insight.report(run)).await
}

#[tauri::command]
#[specta::specta]
pub async fn undo_run(desktop: State<'_, Desktop>, run: RunId) -> Answer<u32> {
    Ok(desktop.library().runs.undo(run).await?)
}

/// Opens the system's save dialog; the path written, or `None` when it was cancelled.
#[tauri::command]
#[specta::specta]
pub async fn save_metrics(app: AppHandle, desktop: State<'_, Desktop>, run: RunId) -> Answer<Option<String>> {
    let Some(path) = chosen_file(&app, "batch-annotation-metrics.json").await else { return Ok(None) };
    ask(&desktop, move |library| {
        library.insight.write_metrics(run, &path)?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}
