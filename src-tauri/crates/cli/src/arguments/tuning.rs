//! Run options of `annotate` and `estimate`, and those that `resume` can change. The rest comes from the environment and the
//! settings.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::run_options::{LONGEST_EDGE, Preset, RunOptions};
use domain::settings::{LIMIT_A_MINUTE, LimitSettings, MAX_TOKENS};

use super::numbers::within;

#[derive(Args)]
pub struct Tuning {
    /// Preset of concurrency and pause between requests: small for 5 to 10 images, medium for 10 to 50, large for 50 or more
    #[arg(long, value_name = "SIZE", value_parser = preset())]
    pub preset: Option<Preset>,
    #[command(flatten)]
    pub limits: LimitArguments,
    /// Max output tokens, thinking included
    #[arg(long, value_name = "N", value_parser = within(MAX_TOKENS))]
    pub max_tokens: Option<u32>,
    /// Send images with at most N pixels along their longest edge [default: as large as the model looks at]
    #[arg(long, value_name = "N", value_parser = within(LONGEST_EDGE))]
    pub longest_edge: Option<u32>,
    /// Show the model only the first N examples of the recipe [default: all]
    #[arg(long, value_name = "N", value_parser = within(0..=10_000))]
    pub examples: Option<u32>,
}

/// The user's rate limits, which each session of a run can change.
#[derive(Args)]
pub struct LimitArguments {
    /// Limit of N requests per minute
    #[arg(long, value_name = "N", value_parser = within(LIMIT_A_MINUTE))]
    pub rpm: Option<u32>,
    /// Limit of N input tokens per minute
    #[arg(long, value_name = "N", value_parser = within(LIMIT_A_MINUTE))]
    pub itpm: Option<u32>,
    /// Limit of N output tokens per minute
    #[arg(long, value_name = "N", value_parser = within(LIMIT_A_MINUTE))]
    pub otpm: Option<u32>,
}

impl LimitArguments {
    pub fn settings(&self) -> LimitSettings {
        LimitSettings { requests: self.rpm, input_tokens: self.itpm, output_tokens: self.otpm }
    }
}

impl Tuning {
    /// Run options for this number of images.
    pub fn options(&self, images: usize) -> RunOptions {
        let images = u32::try_from(images).unwrap_or(u32::MAX);
        let preset = self.preset.map_or(RunOptions::default(), |preset| preset.options(images));
        RunOptions {
            limits: self.limits.settings(),
            max_tokens: self.max_tokens,
            longest_edge: self.longest_edge,
            most_examples: self.examples,
            ..preset
        }
    }
}

fn preset() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(["small", "medium", "large"]).map(|typed| match typed.as_str() {
        "small" => Preset::Small,
        "medium" => Preset::Medium,
        _ => Preset::Large,
    })
}
