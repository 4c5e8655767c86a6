//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::money::PicoDollars;
use domain::run::RunMode;

#[derive(Parser)]
#[command(
    name = "fieldmark",
    version,
    about = "Label photos with vision models, on your own machine",
    after_help = "Exit codes: 0 all images answered, 1 nothing could be done, 2 wrong usage, 3 some images failed, \
                  4 stopped by what the server said, 130 interrupted. Claude is asked with the key from the window's \
                  settings, or from ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_MODEL and CONCURRENCY in the \
                  environment or in a .env file here."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Find things in photos and folders of photos
    #[command(
        after_help = "Examples:\n  fieldmark annotate holiday/\n  fieldmark annotate holiday/ --labels cat,dog --yes\n  \
                            fieldmark annotate holiday/ --model claude-sonnet-5-5\n  \
                            fieldmark annotate holiday/ --model claude-sonnet-5-5 --overnight\n  \
                            fieldmark annotate holiday/ --yes --json > report.json"
    )]
    Annotate(Annotate),
    /// Answer as Anthropic's Messages API would, on this machine and for nothing, until interrupted
    #[command(after_help = "It points at patches of plain colour in what it is sent. Any key is taken, except \
                            sk-simulated-wrong, sk-simulated-expired, sk-simulated-no-credit and \
                            sk-simulated-forbidden, which are refused as they say.")]
    Simulate(Simulate),
    /// Go on with a run that was interrupted; nothing finished is done again
    Resume(Resume),
    /// Commands of your own before and after a run, and when one fails
    #[command(subcommand)]
    Hooks(HooksCommand),
}

#[derive(Subcommand)]
pub enum HooksCommand {
    /// Fill the commands in for another program
    Preset {
        preset: Preset,
        #[command(flatten)]
        common: HooksCommon,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Preset {
    /// Claude Flow, as installed, or else by npx
    ClaudeFlow,
}

#[derive(Args)]
pub struct HooksCommon {
    /// The library's database, in place of the window's
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Do not ask: the commands are agreed to, and take the place of others
    #[arg(long)]
    pub allow_hooks: bool,
}

#[derive(Args)]
pub struct Annotate {
    /// Photos and folders; originals are only read
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A recipe of the library, by name
    #[arg(long, value_name = "NAME", conflicts_with = "labels")]
    pub recipe: Option<String>,
    /// Find these things, in place of a recipe
    #[arg(long, value_name = "A,B,...")]
    pub labels: Option<String>,
    /// The model to ask, such as claude-sonnet-5-5; left out, the one that the environment names, or the built-in one
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Images at once; left out, as many as the environment or the settings say, or as suits the model
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub concurrency: Option<u32>,
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
    pub common: Common,
}

impl Annotate {
    pub fn mode(&self) -> RunMode {
        if self.overnight { RunMode::Overnight } else { RunMode::Live }
    }
}

#[derive(Args)]
pub struct Resume {
    /// A run by its number; the newest that is unfinished when left out
    #[arg(value_name = "RUN")]
    pub run: Option<u32>,
    /// Try the failed images again, too, where that may come out otherwise
    #[arg(long)]
    pub retry_failed: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Simulate {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 8317)]
    pub port: u16,
    /// Milliseconds to the first byte of an answer
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Requests a minute that are let in, in place of the vendor's 1000
    #[arg(long, value_name = "REQUESTS")]
    pub rpm: Option<u32>,
    /// Requests that are let in at once, in place of a minute's worth
    #[arg(long, value_name = "REQUESTS")]
    pub burst: Option<u32>,
    /// Answers under way beyond which requests are refused (529)
    #[arg(long, value_name = "ANSWERS")]
    pub in_flight: Option<usize>,
    /// Keep the limits secret: no anthropic-ratelimit headers
    #[arg(long)]
    pub no_headers: bool,
    /// Refuse without saying when to come back
    #[arg(long)]
    pub no_retry_after: bool,
    /// Fail at random: 3 % overloaded (529), 2 % of the connections reset
    #[arg(long)]
    pub chaos: bool,
    /// Seconds that a batch takes
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub batch_seconds: u64,
}

#[derive(Args)]
pub struct Common {
    /// The library's database, in place of the window's
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Write the metrics JSON here too
    #[arg(long, value_name = "FILE")]
    pub metrics_out: Option<PathBuf>,
    /// Write a page with the figures and marked-up copies of the photos into this folder
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<PathBuf>,
    /// Print one JSON document on standard output, in place of words
    #[arg(long)]
    pub json: bool,
    /// What the run may cost at most, in dollars, over all its sittings; it stops before it could pass that
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<PicoDollars>,
    /// Do not ask: what it costs is agreed to, to whom it sends what, and that requests whose answer was lost are made again
    #[arg(long)]
    pub yes: bool,
    /// Agree to the commands of hooks that nobody has agreed to; --yes does not
    #[arg(long)]
    pub allow_hooks: bool,
}

/// Dollars as people type them.
fn dollars(typed: &str) -> Result<PicoDollars, String> {
    let amount = typed.trim().trim_start_matches('$').parse().ok().and_then(PicoDollars::from_dollars);
    amount.ok_or_else(|| "an amount in dollars above 0 is needed, such as 0.60".into())
}
