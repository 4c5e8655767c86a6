//! `simulate`.

use clap::Args;

use super::numbers::{whole, within};

#[derive(Args)]
#[command(after_help = "Example:\n  \
    fieldmark simulate --port 8317 &\n  \
    export ANTHROPIC_BASE_URL=http://127.0.0.1:8317 ANTHROPIC_API_KEY=any\n  \
    fieldmark annotate docs/tour --labels red,green --model claude-sonnet-5-5\n\n\
    It points at patches of plain colour in what it is sent. Any key is taken, except sk-simulated-wrong, \
    sk-simulated-expired, sk-simulated-no-credit and sk-simulated-forbidden, which are refused as they say.")]
pub struct Simulate {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 8317)]
    pub port: u16,
    /// Milliseconds to the first byte of an answer
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, value_parser = whole::<u64>(0..=3_600_000))]
    pub latency_ms: u64,
    /// Requests a minute that are let in, in place of the vendor's 1000
    #[arg(long, value_name = "REQUESTS", value_parser = within(0..=1_000_000_000))]
    pub rpm: Option<u32>,
    /// Requests that are let in at once, in place of a minute's worth
    #[arg(long, value_name = "REQUESTS", value_parser = within(0..=1_000_000_000))]
    pub burst: Option<u32>,
    /// Answers under way beyond which requests are refused (529)
    #[arg(long, value_name = "ANSWERS", value_parser = whole::<usize>(0..=1_000_000))]
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
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = whole::<u64>(0..=86_400))]
    pub batch_seconds: u64,
}
