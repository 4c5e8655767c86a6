//! Options of a single run, and the presets of the earlier pipeline.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::settings::{LimitSettings, ProviderSettings, RunSettings};

/// Options of a run. Missing options follow the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunOptions {
    /// `None` is automatic.
    pub concurrency: Option<u32>,
    /// Pause of each parallel worker between two requests.
    pub pause_millis: Option<u32>,
    /// Images prepared ahead; `None` depends on their size and speed.
    pub chunk_size: Option<u32>,
    /// Limits of the first endpoint.
    pub limits: LimitSettings,
    /// Output maximum, including thinking; `None` for the model's default.
    pub max_tokens: Option<u32>,
    /// Longest edge of sent images, in pixels; `None` for the largest size that the model looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_edge: Option<u32>,
    /// Only so many of the recipe's examples are shown, the first ones; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_examples: Option<u32>,
}

/// Range of the longest edge of sent images, in pixels. In smaller ones, hardly anything can be recognized.
pub const LONGEST_EDGE: RangeInclusive<u32> = 128..=16_384;

impl RunOptions {
    /// Fills missing options from the provider's settings, if any, and those of runs. A pause is between two requests
    /// of the same worker, so it requires a fixed number of workers.
    #[must_use]
    pub fn completed_by(self, run: &RunSettings, provider: Option<&ProviderSettings>) -> Self {
        let pause_millis = self.pause_millis.unwrap_or(run.rate_limit_delay_ms);
        let workers = (pause_millis > 0).then_some(CLASSIC_CONCURRENCY);
        Self {
            concurrency: self.concurrency.or(provider.and_then(|own| own.concurrency)).or(run.concurrency).or(workers),
            pause_millis: Some(pause_millis),
            chunk_size: self.chunk_size.or(run.chunk_size),
            limits: self.limits.or(provider.map(|own| own.limits).unwrap_or_default()),
            max_tokens: self.max_tokens.or(run.max_tokens),
            longest_edge: self.longest_edge,
            most_examples: self.most_examples,
        }
    }

    /// Duration of `images` that take `image_millis` each, in rounds of `concurrency` with a pause in between; `None`
    /// without a concurrency.
    #[must_use]
    pub fn total_millis(&self, images: u32, image_millis: u32) -> Option<u64> {
        let rounds = u64::from(images).div_ceil(u64::from(self.concurrency?.max(1)));
        let pauses = rounds.saturating_sub(1).saturating_mul(self.pause_millis.unwrap_or(0).into());
        Some(rounds.saturating_mul(image_millis.into()).saturating_add(pauses))
    }
}

/// The earlier pipeline's default concurrency.
pub const CLASSIC_CONCURRENCY: u32 = 4;

/// The earlier pipeline's presets, by batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Preset {
    Small,
    Medium,
    Large,
}

impl Preset {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The preset for this many images, with the thresholds of the earlier pipeline; the small one is for 5 to 10.
    #[must_use]
    pub const fn for_images(images: u32) -> Self {
        if images >= Self::Large.least_images() {
            Self::Large
        } else if images >= Self::Medium.least_images() {
            Self::Medium
        } else {
            Self::Small
        }
    }

    /// The smallest number of images that it is meant for.
    const fn least_images(self) -> u32 {
        match self {
            Self::Small => 5,
            Self::Medium => 10,
            Self::Large => 50,
        }
    }

    /// Its options for this many images: the large preset scales with their number.
    #[must_use]
    pub const fn options(self, images: u32) -> RunOptions {
        let (concurrency, pause_millis, chunk_size) = match self {
            Self::Small => (3, 200, None),
            Self::Medium => (4, 200, None),
            Self::Large if images <= 500 => (4, 200, Some(20)),
            Self::Large => (5, 150, Some(30)),
        };
        let limits = LimitSettings { requests: None, input_tokens: None, output_tokens: None };
        RunOptions {
            concurrency: Some(concurrency),
            pause_millis: Some(pause_millis),
            chunk_size,
            limits,
            max_tokens: None,
            longest_edge: None,
            most_examples: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_for_a_run_wins_over_the_settings() {
        let run = RunSettings { max_tokens: Some(2_000), ..RunSettings::default() };
        let mut provider = ProviderSettings::new("vendor");
        provider.limits.requests = Some(50);
        let said = RunOptions { max_tokens: Some(500), ..RunOptions::default() };
        let completed = said.completed_by(&run, Some(&provider));
        assert_eq!((completed.max_tokens, completed.limits.requests), (Some(500), Some(50)));
        assert_eq!(completed.concurrency, None, "how many at once is found out");
        provider.concurrency = Some(2);
        let run = RunSettings { concurrency: Some(9), ..run };
        assert_eq!(said.completed_by(&run, Some(&provider)).concurrency, Some(2));
        assert_eq!(said.completed_by(&run, None).concurrency, Some(9));
    }

    #[test]
    fn a_pause_needs_workers_to_lie_between_their_requests() {
        let run = RunSettings { rate_limit_delay_ms: 200, ..RunSettings::default() };
        assert_eq!(RunOptions::default().completed_by(&run, None).concurrency, Some(4));
        let said = RunOptions { concurrency: Some(9), ..RunOptions::default() };
        assert_eq!(said.completed_by(&run, None).concurrency, Some(9));
        let none = RunOptions { pause_millis: Some(0), ..RunOptions::default() };
        assert_eq!(none.completed_by(&run, None).concurrency, None);
    }

    #[test]
    fn presets_begin_where_those_of_the_earlier_pipeline_did() {
        let fitting = |images: &[u32]| images.iter().map(|&images| Preset::for_images(images)).collect::<Vec<_>>();
        assert_eq!(fitting(&[1, 5, 9]), [Preset::Small; 3]);
        assert_eq!(fitting(&[10, 20, 49]), [Preset::Medium; 3]);
        assert_eq!(fitting(&[50, 100, 100_000]), [Preset::Large; 3]);
    }

    #[test]
    fn a_preset_says_how_long_it_takes() {
        // Seven rounds of three, with six pauses in between.
        assert_eq!(Preset::Small.options(20).total_millis(20, 2_100), Some(7 * 2_100 + 6 * 200));
        assert_eq!(Preset::Large.options(1_000).concurrency, Some(5));
        assert_eq!(RunOptions::default().total_millis(20, 2_100), None);
        let longest = RunOptions { concurrency: Some(1), pause_millis: Some(u32::MAX), ..RunOptions::default() };
        assert_eq!(longest.total_millis(u32::MAX, u32::MAX), Some(u64::MAX));
    }
}
