//! `bench`.

use clap::Args;
use domain::settings::{CONCURRENCY, LIMIT_A_MINUTE};

use super::Target;
use super::numbers::{whole, within};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark bench\n  \
    fieldmark bench --images 20 --latency 2100 --concurrency 4\n  \
    fieldmark bench --images 100 --limit-rpm 120 --json\n\n\
    The server is simulated on this machine. With --base-url it is a real one, and every image is billed twice.")]
pub struct Bench {
    /// Number of images
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = within(1..=10_000))]
    pub images: u32,
    /// Latency of the simulated server, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 500, conflicts_with = "base_url", value_parser = whole::<u64>(0..=3_600_000))]
    pub latency: u64,
    /// Requests in flight in the parallel run, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = within(CONCURRENCY))]
    pub concurrency: u32,
    /// Rate limit of the simulated server, in requests per minute
    #[arg(long, value_name = "N", conflicts_with = "base_url", value_parser = within(LIMIT_A_MINUTE))]
    pub limit_rpm: Option<u32>,
    /// Use a real server, with its key from the environment or the keychain
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Model
    #[arg(long, value_name = "MODEL", default_value = "claude-haiku-5-5")]
    pub model: String,
    /// Write the results to this file, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "metrics/benchmark-results.json", value_parser = Target::parser())]
    pub out: Target,
    /// Do not ask before using a real server
    #[arg(long, short = 'y')]
    pub yes: bool,
}
