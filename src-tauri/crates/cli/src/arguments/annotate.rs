//! `annotate` and `resume`.

use std::path::PathBuf;

use clap::Args;
use domain::money::PicoDollars;
use domain::run::RunMode;
use domain::run_options::RunOptions;
use domain::settings::MAX_TOKENS;
use engine::{AtOnce, Invocation};

use crate::error::CommandError;

use super::export::{ExportedFile, exported_file};
use super::numbers::{count, dollars, within};
use super::{EndpointKeys, Limits, RunChoice, ToFind, Tuning};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark annotate holiday/\n  \
    fieldmark annotate holiday/ --labels cat,dog --yes\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --budget 2.50\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --pilot 20\n  \
    fieldmark annotate holiday/ --model claude-sonnet-5-5 --overnight\n  \
    fieldmark annotate holiday/ --yes --json > report.json\n\n\
    Ctrl-C finishes what is in flight and stops; a second one stops at once. `fieldmark resume` goes on in either case.")]
pub struct Annotate {
    /// Photos and folders; originals are only read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub to_find: ToFind,
    /// The model to ask, such as claude-sonnet-5-5; left out, the one that the environment names, or the built-in one
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Only the first N images
    #[arg(long, value_name = "N", value_parser = count())]
    pub limit: Option<u32>,
    /// First N images spread evenly over all; then show what they cost and brought, and ask before the same run goes on with
    /// the others. With --yes it goes on without asking, unless no image was answered or they cost more than twice what was
    /// expected. A pilot is asked live, even with --overnight
    #[arg(long, value_name = "N", value_parser = count())]
    pub pilot: Option<u32>,
    /// Of images that look alike, such as a burst, ask about one and offer its marks to the others
    #[arg(long)]
    pub similar: bool,
    /// Ask about every image anew, whatever was answered and paid for before
    #[arg(long)]
    pub fresh: bool,
    /// Ask in batches, at half the price: the vendor works them off within a day. Ctrl-C leaves them working, and
    /// `fieldmark resume` fetches what they come to
    #[arg(long)]
    pub overnight: bool,
    #[command(flatten)]
    pub tuning: Tuning,
    #[command(flatten)]
    pub sitting: Sitting,
}

impl Annotate {
    /// What is said about how a run of so many images asks.
    pub fn options(&self, images: usize) -> RunOptions {
        let options = self.tuning.options(images);
        // `auto` wins over a preset as well.
        let concurrency = self.sitting.concurrency.map_or(options.concurrency, AtOnce::count);
        RunOptions { concurrency, ..options }
    }

    pub fn mode(&self) -> RunMode {
        if self.overnight { RunMode::Overnight } else { RunMode::Live }
    }
}

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark resume\n  \
    fieldmark resume 12 --budget 5\n  \
    fieldmark resume 12 --rpm 50\n  \
    fieldmark resume latest --retry-failed\n  \
    fieldmark resume latest --retry-failed --max-tokens 16000\n\n\
    Limits, --max-tokens and --concurrency hold from here on; left out, those of the run stay.")]
pub struct Resume {
    /// A run by its number, or latest; left out, the newest that is unfinished
    #[arg(value_name = "RUN")]
    pub run: Option<RunChoice>,
    /// Ask again about failed images where another try can help, and about answers that were cut off where --max-tokens is
    /// larger than before. Whole answers are kept
    #[arg(long)]
    pub retry_failed: bool,
    /// Give up the batches that the server does not know any more: their images are asked about again, and may have been
    /// billed already
    #[arg(long)]
    pub give_up_batches: bool,
    /// The longest that an answer may get from here on, in tokens, thinking included
    #[arg(long, value_name = "N", value_parser = within(MAX_TOKENS))]
    pub max_tokens: Option<u32>,
    /// Ask anew where an answer was paid for before. Without it, kept answers that could not be used are read again for free
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub sitting: Sitting,
}

/// What can be said about any sitting of a run.
#[derive(Args)]
pub struct Sitting {
    /// Images at once, 1 to 64, or auto, which finds out; left out, as the environment or the settings say
    #[arg(long, value_name = "N|auto")]
    pub concurrency: Option<AtOnce>,
    /// Ask this server in place of the one of the environment. The environment's key is not sent there, unless
    /// `ANTHROPIC_BASE_URL` beside it names the same server
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    #[command(flatten)]
    pub endpoint_keys: EndpointKeys,
    /// What the run may cost at most, in dollars, over all its sittings; it stops before it could pass that
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<PicoDollars>,
    /// Write the metrics JSON here too
    #[arg(long, value_name = "FILE")]
    pub metrics_out: Option<PathBuf>,
    /// Write a page with the figures and marked-up copies of the photos into this folder
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<PathBuf>,
    /// Write the marks to a file when the run is over, such as coco=holiday.json; several times for several forms
    #[arg(long = "export", value_name = "FORMAT=FILE", value_parser = exported_file)]
    pub exports: Vec<ExportedFile>,
    /// Do not ask: what it costs is agreed to, to whom it sends what, and that requests whose answer was lost are made again
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Agree to the commands of hooks that nobody has agreed to; --yes does not
    #[arg(long)]
    pub allow_hooks: bool,
}

impl Sitting {
    pub fn invocation(&self) -> Result<Invocation, CommandError> {
        Ok(Invocation {
            base_url: self.base_url.clone(),
            concurrency: self.concurrency,
            endpoint_keys: self.endpoint_keys.read()?,
        })
    }
}
