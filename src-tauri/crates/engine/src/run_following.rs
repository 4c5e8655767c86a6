//! Follows a run, whichever process works on it.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::RunId;
use domain::run::RunProgress;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::blocking::off_workers;
use crate::run_history::RunHistory;
use crate::{EngineError, Result};

/// Least time between two looks at a run that this process does not work on.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The snapshots of a run: those of its session while this process works on it, otherwise those of the library.
pub struct RunFollower {
    history: Arc<RunHistory>,
    run: RunId,
    /// The snapshots of the session.
    session: Option<watch::Receiver<RunProgress>>,
    changes: watch::Receiver<u64>,
    latest: Option<RunProgress>,
}

impl RunFollower {
    #[must_use]
    pub fn new(history: Arc<RunHistory>, run: RunId) -> Self {
        let changes = history.version();
        Self { history, run, session: None, changes, latest: None }
    }

    /// Waits for a snapshot that differs from the last one. The first one is there at once.
    ///
    /// # Errors
    ///
    /// If the run is unknown or the library cannot be read.
    pub async fn next(&mut self) -> Result<RunProgress> {
        loop {
            let snapshot = self.look().await?;
            if self.latest.as_ref() != Some(&snapshot) {
                self.latest = Some(snapshot.clone());
                return Ok(snapshot);
            }
        }
    }

    async fn look(&mut self) -> Result<RunProgress> {
        if let Some(session) = &mut self.session {
            if session.changed().await.is_ok() {
                return Ok(session.borrow_and_update().clone());
            }
            // The session has ended.
            self.session = None;
        }
        if self.latest.is_some() {
            sleep(LOOK_INTERVAL).await;
            self.changes.changed().await.map_err(|_| EngineError::Cancelled)?;
        }
        if let Some(mut session) = self.history.session(self.run) {
            let snapshot = session.borrow_and_update().clone();
            self.session = Some(session);
            return Ok(snapshot);
        }
        let (history, run) = (Arc::clone(&self.history), self.run);
        off_workers(move || history.progress(run)).await
    }
}
