//! Signals from the core to the window: small, without data that the window can query.

use std::time::Duration;

use domain::import::ImportProgress;
use domain::run::WorkingRun;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};
use tauri_specta::Event;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::appearance;
use crate::error::AppError;
use crate::state::Desktop;

/// How often the settings file is checked.
const SETTINGS_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest interval between signals.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct ImportChanged(pub ImportProgress);

/// Collections, images, annotations or decisions have changed.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct LibraryChanged;

/// The settings have changed, perhaps through a text editor or another process.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct SettingsChanged;

/// The runs of this process, and their progress.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct RunsChanged(pub Vec<WorkingRun>);

/// Whether files are being dragged over the window.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, Event)]
pub struct DragChanged {
    pub is_over: bool,
}

/// Something that no command started has failed.
#[derive(Debug, Clone, Serialize, specta::Type, Event)]
pub struct Refused(pub AppError);

/// Forwards the engine's changes while the app is alive.
pub fn forward(app: &AppHandle) {
    let library = app.state::<Desktop>().library();
    let (mut progress, version) = (library.imports.progress(), library.version());
    let importing = app.clone();
    tauri::async_runtime::spawn(async move {
        while progress.changed().await.is_ok() {
            let snapshot = progress.borrow_and_update().clone();
            emit(&ImportChanged(snapshot), &importing);
            sleep(SIGNAL_INTERVAL).await;
        }
    });
    let (setting, watched) = (app.clone(), std::sync::Arc::clone(&library));
    tauri::async_runtime::spawn(async move {
        let mut version = watched.settings.version();
        loop {
            sleep(SETTINGS_INTERVAL).await;
            let now = watched.settings.version();
            if now != version {
                version = now;
                appearance::apply(&setting);
                emit(&SettingsChanged, &setting);
            }
        }
    });
    let changing = app.clone();
    tauri::async_runtime::spawn(follow(
        version,
        move || library.runs.working(),
        move |news| match news {
            News::Library => emit(&LibraryChanged, &changing),
            News::Runs(working) => emit(&RunsChanged(working), &changing),
        },
    ));
}

/// What has changed.
#[derive(Debug, PartialEq)]
enum News {
    Library,
    Runs(Vec<WorkingRun>),
}

/// Reports every change of the library, and the progress of runs. The snapshot of a run arrives a moment after the change that
/// it follows from, and while its endpoint is held there may be no other change, so runs are polled while there are any.
async fn follow(mut version: watch::Receiver<u64>, working: impl Fn() -> Vec<WorkingRun>, tell: impl Fn(News)) {
    let mut told = Vec::new();
    loop {
        let changed = match told.as_slice() {
            [] => Some(version.changed().await),
            _ => timeout(SIGNAL_INTERVAL, version.changed()).await.ok(),
        };
        match changed {
            Some(Err(_)) => return,
            Some(Ok(())) => tell(News::Library),
            None => {}
        }
        let now = working();
        if now != told {
            told.clone_from(&now);
            tell(News::Runs(now));
        }
        sleep(SIGNAL_INTERVAL).await;
    }
}

/// Emits a signal to the window, if it is open.
pub fn emit(signal: &(impl Event + Clone + Serialize), app: &AppHandle) {
    if let Err(error) = signal.emit(app) {
        tracing::debug!(%error, "no window to signal to");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use domain::ids::RunId;
    use domain::model::Destination;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn how_far_a_run_is_is_told_although_nothing_else_changes() {
        let run = |finished| WorkingRun { run: RunId(1), destination: Destination::ThisMachine, finished, total: 4 };
        let (change, version) = watch::channel(0);
        let (working, told) = (Arc::new(Mutex::new(vec![run(1)])), Arc::new(Mutex::new(Vec::new())));
        let (asked, heard) = (Arc::clone(&working), Arc::clone(&told));
        let following = tokio::spawn(follow(
            version,
            move || asked.lock().unwrap().clone(),
            move |news| heard.lock().unwrap().push(news),
        ));
        change.send_modify(|version| *version += 1);
        sleep(SIGNAL_INTERVAL / 2).await;
        *working.lock().unwrap() = vec![run(2)];
        sleep(SIGNAL_INTERVAL * 3).await;
        assert_eq!(*told.lock().unwrap(), [News::Library, News::Runs(vec![run(1)]), News::Runs(vec![run(2)])]);
        working.lock().unwrap().clear();
        drop(change);
        following.await.unwrap();
    }
}
