//! Bridges async code and blocking code: database reads, decoding, the keychain.

use crate::Result;

/// Runs `work` on a blocking thread and waits for it.
///
/// # Errors
/// Those of `work`; if it panics, [`crate::EngineError::Panicked`].
pub async fn off_workers<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
