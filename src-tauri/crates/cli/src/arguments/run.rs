//! Commands about runs that are over, and about the installation.

use std::path::PathBuf;

use clap::Args;

use super::RunChoice;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark report latest\n  fieldmark report 12 --json\n  fieldmark report latest --failures"
)]
pub struct Report {
    /// A run by its number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// List only the images that failed, each with its reason, its requests and its cost
    #[arg(long)]
    pub failures: bool,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark metrics latest\n  fieldmark metrics 12 --out batch-annotation-metrics.json"
)]
pub struct Metrics {
    /// A run by its number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// Write them into this file, in place of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark doctor\n  fieldmark doctor --online\n\n\
    Ends with exit code 1 when there is a problem.")]
pub struct Doctor {
    /// Ask the server for its models with the key, too; sends no image and costs nothing
    #[arg(long)]
    pub online: bool,
}
