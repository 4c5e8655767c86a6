//! `bench`.

use std::path::PathBuf;

use clap::Args;
use domain::settings::{CONCURRENCY, LIMIT_A_MINUTE};

use super::numbers::{whole, within};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark bench\n  \
    fieldmark bench --images 20 --latency 2100 --concurrency 4\n  \
    fieldmark bench --images 100 --limit-rpm 120 --json\n\n\
    The server is a simulation on this machine, unless --base-url names another: then every image is asked about, and paid \
    for, twice.")]
pub struct Bench {
    /// How many images
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = within(1..=10_000))]
    pub images: u32,
    /// Milliseconds from a request to its answer, at the simulation
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 500, conflicts_with = "base_url", value_parser = whole::<u64>(0..=3_600_000))]
    pub latency: u64,
    /// Images at once in the parallel run, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = within(CONCURRENCY))]
    pub concurrency: u32,
    /// Requests a minute that the simulation lets in
    #[arg(long, value_name = "N", conflicts_with = "base_url", value_parser = within(LIMIT_A_MINUTE))]
    pub limit_rpm: Option<u32>,
    /// A server of your own in place of the simulation, with the key that belongs to it
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The model to ask
    #[arg(long, value_name = "MODEL", default_value = "claude-haiku-5-5")]
    pub model: String,
    /// Where the results go
    #[arg(long, value_name = "FILE", default_value = "metrics/benchmark-results.json")]
    pub out: PathBuf,
    /// Do not ask what a server of your own may cost
    #[arg(long, short = 'y')]
    pub yes: bool,
}
