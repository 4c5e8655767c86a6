//! One file per command, and the session that `annotate` and `resume` share.

pub mod annotate;
pub mod bench;
pub mod budget;
pub mod calibrate;
pub mod completions;
pub mod doctor;
pub mod env;
pub mod estimate;
pub mod evaluate;
pub mod export;
pub mod hooks;
pub mod man;
pub mod metrics;
pub mod models;
mod pilot;
pub mod prices;
pub mod providers;
pub mod publish;
mod quoting;
pub mod recipes;
pub mod report;
pub mod resume;
pub mod runs;
pub mod serve;
mod session;
pub mod simulate;
pub mod skipped;
