//! `estimate`, and what it shares with `annotate`: what to find.

use std::path::PathBuf;

use clap::Args;
use domain::money::PicoDollars;

use super::numbers::dollars;
use super::{EndpointKeys, Tuning};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark estimate holiday/\n  \
    fieldmark estimate holiday/ --labels cat,dog --model claude-haiku-5-5,claude-sonnet-5-5\n  \
    fieldmark estimate holiday/ --batch --json\n\n\
    Photos are added to the library, so that they are read only once. Nothing is sent.")]
pub struct Estimate {
    /// Photos and folders; originals are only read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub to_find: ToFind,
    /// Only this model, or these
    #[arg(long = "model", value_name = "A,B,...", value_delimiter = ',')]
    pub models: Vec<String>,
    /// Show the cost in batches, for models with a batch API, cheapest first
    #[arg(long)]
    pub batch: bool,
    /// Send only one image of each group of near-duplicates, as with `annotate --similar`
    #[arg(long)]
    pub similar: bool,
    /// Ignore saved answers, as with `annotate --fresh`
    #[arg(long)]
    pub fresh: bool,
    /// Show how many images a run with this budget, in dollars, would annotate
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<PicoDollars>,
    #[command(flatten)]
    pub tuning: Tuning,
    #[command(flatten)]
    pub endpoint_keys: EndpointKeys,
}

/// What to find.
#[derive(Args)]
pub struct ToFind {
    /// Recipe of the library, by name, or a recipe file
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "labels")]
    pub recipe: Option<String>,
    /// Labels to find, instead of a recipe; a definition may follow a colon: "bird: a feathered animal, cat"
    #[arg(long, value_name = "A,B,...")]
    pub labels: Option<String>,
}
