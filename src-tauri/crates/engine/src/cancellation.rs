//! Cancelling a task that a client follows.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{EngineError, Result};

/// Whether the client has cancelled its task.
#[derive(Debug, Default)]
pub struct Cancellation(AtomicBool);

impl AsRef<Self> for Cancellation {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Cancellation {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    ///
    /// [`EngineError::Cancelled`] once it is cancelled.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }
}
