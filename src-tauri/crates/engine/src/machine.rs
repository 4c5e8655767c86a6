//! What this machine has, and how much of it is used.

use domain::settings::Settings;
use prepare::{DecodingMemory, MemoryLimit};

/// How many things this machine does at once.
pub fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// Sets the limit of `memory` from `settings`.
pub fn limit_decoding(memory: &DecodingMemory, settings: &Settings) {
    let set = settings.import.decoding_memory_mb.map(|megabytes| MemoryLimit::of(u64::from(megabytes) * 1_000_000));
    memory.set_limit(set.unwrap_or_default());
}
