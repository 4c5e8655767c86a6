//! Events of the core for all windows: small, without data that a window can query.

use std::sync::Arc;
use std::time::Duration;

use domain::import::ImportProgress;
use domain::run::WorkingRun;
use engine::Library;
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};

use crate::ApiError;

/// How often the settings file is checked.
const SETTINGS_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest interval between events of a kind.
const EVENT_INTERVAL: Duration = Duration::from_millis(250);
/// Events queued for a slow window. Beyond that, it gets events that make it reload everything.
const CAPACITY: usize = 256;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CoreEvent {
    ImportChanged {
        progress: ImportProgress,
    },
    /// Collections, images, annotations or decisions have changed.
    LibraryChanged,
    /// The settings have changed, perhaps through a text editor or another process.
    SettingsChanged,
    /// The runs of this process, and their progress.
    RunsChanged {
        runs: Vec<WorkingRun>,
    },
    /// Whether files are being dragged over the desktop window.
    DragChanged {
        is_over: bool,
    },
    /// A dataset was dropped on the desktop window.
    DatasetDropped {
        path: String,
    },
    /// Something that no operation started has failed.
    Refused {
        error: ApiError,
    },
}

/// Sends events to every window.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<CoreEvent>);

impl Events {
    /// Follows the library while the process lives.
    pub(crate) fn follow(library: &Arc<Library>) -> Self {
        let events = Self(broadcast::Sender::new(CAPACITY));
        tokio::spawn(follow_import(library.imports.progress(), events.clone()));
        tokio::spawn(follow_settings(Arc::clone(library), events.clone()));
        let (version, runs, sending) = (library.version(), Arc::clone(library), events.clone());
        tokio::spawn(follow_library(version, move || runs.runs.working(), move |event| sending.send(event)));
        events
    }

    /// Sends an event to the windows that are open.
    pub fn send(&self, event: CoreEvent) {
        // No window is open.
        let _ = self.0.send(event);
    }

    /// The events from now on.
    #[must_use]
    pub fn receive(&self) -> broadcast::Receiver<CoreEvent> {
        self.0.subscribe()
    }
}

async fn follow_import(mut progress: watch::Receiver<ImportProgress>, events: Events) {
    while progress.changed().await.is_ok() {
        let progress = progress.borrow_and_update().clone();
        events.send(CoreEvent::ImportChanged { progress });
        sleep(EVENT_INTERVAL).await;
    }
}

async fn follow_settings(library: Arc<Library>, events: Events) {
    let mut version = library.settings.version();
    loop {
        sleep(SETTINGS_INTERVAL).await;
        let now = library.settings.version();
        if now != version {
            version = now;
            events.send(CoreEvent::SettingsChanged);
        }
    }
}

/// Sends every change of the library, and the progress of runs. The snapshot of a run arrives a moment after the change that
/// it follows from, and while its endpoint is held there may be no other change, so runs are polled while there are any.
async fn follow_library(
    mut version: watch::Receiver<u64>,
    working: impl Fn() -> Vec<WorkingRun>,
    send: impl Fn(CoreEvent),
) {
    let mut latest = Vec::new();
    loop {
        let changed = match latest.as_slice() {
            [] => Some(version.changed().await),
            _ => timeout(EVENT_INTERVAL, version.changed()).await.ok(),
        };
        match changed {
            Some(Err(_)) => return,
            Some(Ok(())) => send(CoreEvent::LibraryChanged),
            None => {}
        }
        let now = working();
        if now != latest {
            latest.clone_from(&now);
            send(CoreEvent::RunsChanged { runs: now });
        }
        sleep(EVENT_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::ids::RunId;
    use domain::model::Destination;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_progress_of_a_run_is_sent_although_nothing_else_changes() {
        let run = |finished| WorkingRun { run: RunId(1), destination: Destination::ThisMachine, finished, total: 4 };
        let (change, version) = watch::channel(0);
        let (working, sent) = (Arc::new(Mutex::new(vec![run(1)])), Arc::new(Mutex::new(Vec::new())));
        let (polled, received) = (Arc::clone(&working), Arc::clone(&sent));
        let following = tokio::spawn(follow_library(
            version,
            move || polled.lock().unwrap().clone(),
            move |event| received.lock().unwrap().push(event),
        ));
        change.send_modify(|version| *version += 1);
        sleep(EVENT_INTERVAL / 2).await;
        *working.lock().unwrap() = vec![run(2)];
        sleep(EVENT_INTERVAL * 3).await;
        let runs = |finished| CoreEvent::RunsChanged { runs: vec![run(finished)] };
        assert_eq!(*sent.lock().unwrap(), [CoreEvent::LibraryChanged, runs(1), runs(2)]);
        working.lock().unwrap().clear();
        drop(change);
        following.await.unwrap();
    }
}
