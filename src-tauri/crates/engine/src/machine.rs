//! This machine's resources and how much of them is used.

use std::collections::BTreeMap;
use std::sync::Mutex;

use domain::settings::Settings;
use prepare::{DecodingMemory, MemoryLimit};

use crate::sync::lock;
use crate::{EngineError, Result};

/// Number of threads that run in parallel on this machine.
pub fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// Does `work` on each thread that runs in parallel on this machine. Returns the first error.
pub fn on_every_processor(work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..processors()).map(|_| scope.spawn(&work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| EngineError::TaskLost)?)
    })
}

/// Applies `work` to each of the `items` on all processors. The results are in the order of the items.
pub fn in_parallel<Item: Send, Out: Send>(
    items: Vec<Item>,
    work: impl Fn(Item) -> Result<Out> + Sync,
) -> Result<Vec<Out>> {
    let items = Mutex::new(items.into_iter().enumerate());
    let done = Mutex::new(BTreeMap::new());
    on_every_processor(|| {
        loop {
            let Some((index, item)) = lock(&items).next() else { return Ok(()) };
            let result = work(item)?;
            lock(&done).insert(index, result);
        }
    })?;
    Ok(std::mem::take(&mut *lock(&done)).into_values().collect())
}

/// Applies the memory limit in `settings`.
pub fn limit_decoding(memory: &DecodingMemory, settings: &Settings) {
    let set = settings.import.decoding_memory_mb.map(|megabytes| MemoryLimit::of(u64::from(megabytes) * 1_000_000));
    memory.set_limit(set.unwrap_or_default());
}
