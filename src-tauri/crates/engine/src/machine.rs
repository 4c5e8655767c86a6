//! This machine's resources and how much of them is used.

use domain::settings::Settings;
use prepare::{DecodingMemory, MemoryLimit};

/// Number of threads that run in parallel on this machine.
pub fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// Applies the memory limit in `settings`.
pub fn limit_decoding(memory: &DecodingMemory, settings: &Settings) {
    let set = settings.import.decoding_memory_mb.map(|megabytes| MemoryLimit::of(u64::from(megabytes) * 1_000_000));
    memory.set_limit(set.unwrap_or_default());
}
