//! `report`, `metrics` and `doctor`.

use clap::Args;

use super::{EndpointKeys, RunChoice, Target};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark report latest\n  fieldmark report 12 --json\n  fieldmark report latest --failures"
)]
pub struct Report {
    /// Run number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// List only the failed images, each with its reason, requests and cost
    #[arg(long)]
    pub failures: bool,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark metrics latest\n  fieldmark metrics 12 --out batch-annotation-metrics.json"
)]
pub struct Metrics {
    /// Run number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// Write the metrics to this file, or - for standard output [default: -]
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    pub out: Option<Target>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  fieldmark doctor\n  fieldmark doctor --online\n\n\
    Exits with 1 if there is a problem.")]
pub struct Doctor {
    /// Also request the list of models from the server, with the key; sends no image and costs nothing
    #[arg(long)]
    pub online: bool,
    #[command(flatten)]
    pub endpoint_keys: EndpointKeys,
}
