//! `simulate`.

use clap::{Args, ValueEnum};

use super::numbers::{whole, within};

/// The interface to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SimulatedApi {
    /// Anthropic's Messages API
    Anthropic,
    /// OpenAI's chat completions
    Openai,
    /// Google's Gemini API
    Gemini,
    /// A server of open models with OpenAI's interface
    Compatible,
}

#[derive(Args)]
#[command(after_help = "Example:\n  \
    fieldmark simulate --port 8317 &\n  \
    export ANTHROPIC_BASE_URL=http://127.0.0.1:8317 ANTHROPIC_API_KEY=any\n  \
    fieldmark annotate docs/tour --labels red,green --model claude-sonnet-5-5\n\n\
    It finds patches of plain color in the images. Any key is accepted, except sk-simulated-wrong, \
    sk-simulated-expired, sk-simulated-no-credit and sk-simulated-forbidden, which are refused accordingly.")]
pub struct Simulate {
    /// Interface to simulate
    #[arg(long, value_enum, default_value_t = SimulatedApi::Anthropic)]
    pub api: SimulatedApi,
    /// Port on 127.0.0.1; 0 is any free port
    #[arg(long, default_value_t = 8317)]
    pub port: u16,
    /// Time to the first byte of an answer, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, value_parser = whole::<u64>(0..=3_600_000))]
    pub latency_ms: u64,
    /// Rate limit in requests per minute [default: 1000]
    #[arg(long, value_name = "REQUESTS", value_parser = within(0..=1_000_000_000))]
    pub rpm: Option<u32>,
    /// Burst of the rate limit [default: one minute's requests]
    #[arg(long, value_name = "REQUESTS", value_parser = within(0..=1_000_000_000))]
    pub burst: Option<u32>,
    /// Maximum answers in flight; further requests are refused (529)
    #[arg(long, value_name = "ANSWERS", value_parser = whole::<usize>(0..=1_000_000))]
    pub in_flight: Option<usize>,
    /// Send no headers with rate limits
    #[arg(long)]
    pub no_headers: bool,
    /// Send no retry-after header
    #[arg(long)]
    pub no_retry_after: bool,
    /// Fail at random: 3 % overloaded (529), 2 % of the connections reset
    #[arg(long)]
    pub chaos: bool,
    /// Duration of a batch, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = whole::<u64>(0..=86_400))]
    pub batch_seconds: u64,
}
