//! `estimate`, and what it shares with `annotate`: what to find.

use std::path::PathBuf;

use clap::Args;
use domain::money::PicoDollars;

use super::numbers::dollars;
use super::{EndpointKeys, Tuning};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark estimate holiday/\n  \
    fieldmark estimate holiday/ --labels cat,dog --models claude-haiku-5-5,claude-sonnet-5-5\n  \
    fieldmark estimate holiday/ --overnight --json\n\n\
    Photos are taken into the library, so that they need not be read again; nothing else is changed, and nothing is sent.")]
pub struct Estimate {
    /// Photos and folders; originals are only read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub to_find: ToFind,
    /// Only these models
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    pub models: Vec<String>,
    /// Only models that can be asked overnight, the cheapest overnight first
    #[arg(long)]
    pub overnight: bool,
    /// As if of images that look alike only one were asked about
    #[arg(long)]
    pub similar: bool,
    /// As if nothing had been answered before
    #[arg(long)]
    pub fresh: bool,
    /// Say how far a run with this budget would come, in dollars
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
    /// A recipe of the library, by name
    #[arg(long, value_name = "NAME", conflicts_with = "labels")]
    pub recipe: Option<String>,
    /// Find these things, in place of a recipe
    #[arg(long, value_name = "A,B,...")]
    pub labels: Option<String>,
}
