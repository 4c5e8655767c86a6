//! Thread pools of one thread, lent for the time of one call.
//!
//! Left alone, the runtime runs all calls in one pool as wide as the machine, where calls at the same time cut their work
//! into pieces and wait for one another. With a pool of one thread to
//! each, a call's thread sleeps while its pool's works, and n callers keep n cores busy.

use std::sync::{Arc, Mutex, PoisonError};

use rten::ThreadPool;

/// The pools that are not in use. There are as many in all as there ever were calls at one time; they end with the
/// detector.
#[derive(Debug, Default)]
pub(super) struct SingleThreadPools {
    idle: Mutex<Vec<Arc<ThreadPool>>>,
}

impl SingleThreadPools {
    /// Runs `work` with a pool that is its own until it returns.
    pub(super) fn lend<T>(&self, work: impl FnOnce(Arc<ThreadPool>) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let pool = idle.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let result = work(Arc::clone(&pool));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
        result
    }
}
