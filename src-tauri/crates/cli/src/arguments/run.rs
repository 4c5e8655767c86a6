//! `report`, `metrics` and `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use domain::report::ReportLanguage;

use super::{EndpointKeys, RunChoice, Target};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  fieldmark report latest\n  fieldmark report 12 --json\n  fieldmark report latest --failures\n  \
    fieldmark report 12 --page run-12 --language es"
)]
pub struct Report {
    /// Run number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// List only the failed images, each with its reason, requests and cost
    #[arg(long)]
    pub failures: bool,
    /// Write an HTML report with annotated copies of the photos into this folder
    #[arg(long, value_name = "FOLDER")]
    pub page: Option<PathBuf>,
    /// Language of the HTML report [default: en]
    #[arg(long, value_name = "LANGUAGE", value_enum, requires = "page")]
    pub language: Option<PageLanguage>,
}

/// The language of an HTML report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PageLanguage {
    #[default]
    En,
    Es,
}

impl PageLanguage {
    pub const fn of_page(self) -> ReportLanguage {
        match self {
            Self::En => ReportLanguage::En,
            Self::Es => ReportLanguage::Es,
        }
    }
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
