//! Single-threaded thread pools, lent for one call.
//!
//! By default the runtime runs all calls in one pool as wide as the machine, where concurrent calls split their work
//! and wait for each other. With a pool of one thread per call, n callers use n cores.

use std::sync::{Arc, Mutex, PoisonError};

use rten::ThreadPool;

/// Idle pools. Their total equals the peak number of concurrent calls.
#[derive(Debug, Default)]
pub(super) struct SingleThreadPools {
    idle: Mutex<Vec<Arc<ThreadPool>>>,
}

impl SingleThreadPools {
    /// Runs `work` with a pool of its own.
    pub(super) fn lend<T>(&self, work: impl FnOnce(Arc<ThreadPool>) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let pool = idle.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let result = work(Arc::clone(&pool));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
        result
    }
}
