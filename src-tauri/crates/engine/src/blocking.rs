//! The way from async code to code that blocks: reads of the library, decoding, the keychain.

use crate::Result;

/// Runs `work` on a thread that may block, and waits for it.
///
/// # Errors
/// Those of `work`; a panic in it is [`crate::EngineError::Panicked`].
pub async fn off_workers<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
