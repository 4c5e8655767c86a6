//! `annotate` and `resume`.

use std::path::PathBuf;

use clap::Args;
use domain::money::PicoDollars;
use domain::run_options::RunOptions;
use domain::run_state::RunMode;
use domain::settings::MAX_TOKENS;
use engine::{Concurrency, Invocation};

use crate::error::CommandError;

use super::export::{ExportedFile, exported_file};
use super::numbers::{count, dollars, within};
use super::{EndpointKeys, LimitArguments, PageLanguage, RunChoice, Target, ToFind, Tuning};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark annotate holiday/\n  \
    fieldmark annotate holiday/ --labels cat,dog --yes\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --budget 2.50\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --pilot 20\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --batch\n  \
    fieldmark annotate holiday/ --yes --json > report.json\n\n\
    Ctrl-C, SIGTERM and SIGHUP let the requests in flight finish, then stop; a second one stops immediately. `fieldmark resume` \
    continues the run in both cases.")]
pub struct Annotate {
    /// Photos and folders; originals are only read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub to_find: ToFind,
    /// Model, such as claude-sonnet-5-5 [default: from the environment, or else the built-in model]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Only the first N images
    #[arg(long, value_name = "N", value_parser = count())]
    pub limit: Option<u32>,
    /// Annotate a pilot of the N images that differ most; then show its cost and results with a new estimate of the others, and
    /// ask before continuing. With --yes, continue unless no image was answered or the pilot cost more than twice the
    /// estimate. The pilot always runs live, even with --batch
    #[arg(long, value_name = "N", value_parser = count())]
    pub pilot: Option<u32>,
    /// Send only one image of each group of near-duplicates, such as a burst, and copy its annotations to the others as
    /// proposals
    #[arg(long)]
    pub similar: bool,
    /// Ignore saved answers: send every image again
    #[arg(long)]
    pub fresh: bool,
    /// Use the vendor's batch API, at half the price. Results arrive within 24 hours. Ctrl-C leaves the batches running, and
    /// `fieldmark resume` fetches the results
    #[arg(long)]
    pub batch: bool,
    #[command(flatten)]
    pub tuning: Tuning,
    #[command(flatten)]
    pub session: SessionOptions,
}

impl Annotate {
    /// Run options for this number of images.
    pub fn options(&self, images: usize) -> RunOptions {
        let options = self.tuning.options(images);
        // `auto` overrides a preset.
        let concurrency = self.session.concurrency.map_or(options.concurrency, Concurrency::count);
        RunOptions { concurrency, ..options }
    }

    pub fn mode(&self) -> RunMode {
        if self.batch { RunMode::Batch } else { RunMode::Live }
    }
}

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark resume\n  \
    fieldmark resume 12 --budget 5\n  \
    fieldmark resume 12 --rpm 50\n  \
    fieldmark resume latest --retry-failed\n  \
    fieldmark resume latest --retry-failed --max-tokens 16000\n\n\
    Limits, --max-tokens and --concurrency apply from now on. Without them, the run keeps its own.")]
pub struct Resume {
    /// Run number, or latest [default: the newest unfinished run]
    #[arg(value_name = "RUN")]
    pub run: Option<RunChoice>,
    /// Also retry failed images that a retry may fix, and cut-off answers if --max-tokens is larger than before. Complete
    /// answers are kept
    #[arg(long)]
    pub retry_failed: bool,
    /// Give up batches that the server no longer knows, and send their images again; they may have been billed already
    #[arg(long)]
    pub give_up_batches: bool,
    /// Max output tokens from now on, thinking included
    #[arg(long, value_name = "N", value_parser = within(MAX_TOKENS))]
    pub max_tokens: Option<u32>,
    /// Ignore saved answers. Without it, saved answers that could not be used are parsed again for free
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub session: SessionOptions,
}

/// Options of every session of a run.
#[derive(Args)]
pub struct SessionOptions {
    /// Requests in flight: 1 to 64, or auto, which adapts to the server [default: from the environment or the settings]
    #[arg(long, value_name = "N|auto")]
    pub concurrency: Option<Concurrency>,
    /// Base URL of the default provider, instead of the one from the environment. The environment's key is sent there only
    /// if the environment names the same server
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    #[command(flatten)]
    pub endpoint_keys: EndpointKeys,
    /// Maximum cost of the run in dollars, over all its sessions; the run stops before it could exceed it
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<PicoDollars>,
    /// Also write the metrics, as JSON, to this file, or - for standard output
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    pub metrics_out: Option<Target>,
    /// Write an HTML report with annotated copies of the photos into this folder
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<PathBuf>,
    /// Language of the HTML report [default: en]
    #[arg(long, value_name = "LANGUAGE", value_enum, requires = "report")]
    pub language: Option<PageLanguage>,
    /// Export the annotations at the end of the run, such as coco=holiday.json, or coco=- for standard output; may be repeated
    #[arg(long = "export", value_name = "FORMAT=FILE", value_parser = exported_file)]
    pub exports: Vec<ExportedFile>,
    /// Do not ask: accept the cost, what is sent and to whom, and resending requests that were not answered
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Allow hook commands that are not allowed yet; --yes does not
    #[arg(long)]
    pub allow_hooks: bool,
}

impl SessionOptions {
    /// All output files.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.metrics_out.iter().chain(self.exports.iter().map(|export| &export.file))
    }

    pub fn invocation(&self) -> Result<Invocation, CommandError> {
        Ok(Invocation {
            base_url: self.base_url.clone(),
            concurrency: self.concurrency,
            endpoint_keys: self.endpoint_keys.read()?,
        })
    }
}
