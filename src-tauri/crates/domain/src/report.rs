//! The report of a run, for history and command line.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::answer::{DropReason, RepairKind};
use crate::diagnosis::Diagnosis;
use crate::endpoint::RunEndpoint;
use crate::hooks::HookRun;
use crate::ids::ImageId;
use crate::library::LabelCount;
use crate::metrics::RunMetrics;
use crate::money::PicoDollars;
use crate::run::{BatchState, FailureGroup, PossiblyBilled, RetryGroup, RunSummary};
use crate::run_state::FailureKind;

/// A run with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunReport {
    pub summary: RunSummary,
    /// `None` if no image was sent.
    pub metrics: Option<RunMetrics>,
    pub failures: Vec<FailureGroup>,
    /// Cut-off answers that a larger output maximum may complete; `None` without any.
    pub cut_off: Option<CutOffAnswers>,
    /// Images with a part that could not be checked by the second request that the recipe asks for.
    pub unchecked: u32,
    /// Requests that were sent, over all sessions.
    pub requests: u32,
    /// Parts and passes that an image was asked about, on average; 1 without tiles and checks. Retries do not count.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub requests_per_image: f64,
    /// All failed images, by kind, then in the order of the run.
    pub failed_images: Vec<FailedImage>,
    /// Retries, over all sessions.
    pub retried: Vec<RetryGroup>,
    /// Corrected values in answers, most frequent first.
    pub repairs: Vec<RepairGroup>,
    /// Dropped items of answers, most frequent reason first.
    pub dropped: Vec<DropGroup>,
    pub labels: Vec<LabelCount>,
    /// Histogram of durations: equal bins between fastest and slowest, at most 24.
    pub durations: Vec<DurationBin>,
    /// Findings with recommended changes; empty if there are none.
    pub diagnoses: Vec<Diagnosis>,
    /// All endpoints, used or not.
    pub endpoints: Vec<RunEndpoint>,
    /// The batches of a batch run, oldest first; none before its pilot is done.
    pub batches: Vec<BatchState>,
    /// Requests in batches unknown to the server, which the user may give up.
    pub unknown_batches: PossiblyBilled,
    /// Results of hooks, oldest first.
    pub hooks: Vec<HookRun>,
}

/// A noteworthy finding about a run, with the suggested changes, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Notice {
    pub finding: String,
    pub changes: Vec<String>,
}

/// The language of a report page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ReportLanguage {
    #[default]
    En,
    Es,
}

/// Cut-off answers of a run: `resume --retry-failed --max-tokens` requests only these again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CutOffAnswers {
    pub images: u32,
    /// The output maximum that they reached, in tokens.
    pub max_tokens: u32,
    /// A larger one that the model supports.
    pub suggested_max_tokens: u32,
}

/// A failed image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailedImage {
    pub image: ImageId,
    pub name: String,
    /// Its last known path, if any.
    pub path: Option<String>,
    pub kind: FailureKind,
    pub message: String,
    /// Whether a retry may succeed.
    pub is_worth_retrying: bool,
    /// Requests sent for it.
    pub requests: u32,
    /// Their cost, as the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// Maximum additional cost of unanswered requests.
    #[serde(rename = "possibly_billed_dollars")]
    pub possibly_billed: PicoDollars,
}

impl FailedImage {
    /// Its path, otherwise its name.
    #[must_use]
    pub fn place(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }

    /// Its message, without a leading path.
    #[must_use]
    pub fn reason(&self) -> &str {
        let after_path = self.message.strip_prefix(self.place()).and_then(|rest| rest.strip_prefix(": "));
        after_path.unwrap_or(&self.message)
    }
}

/// Corrected values of one kind, and of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RepairGroup {
    pub count: u32,
    pub example: RepairKind,
}

/// Dropped items with one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DropGroup {
    pub count: u32,
    pub example: DropReason,
    /// The unknown labels or missing attributes: the first ones, without duplicates.
    pub names: Vec<String>,
    /// Number of further ones.
    pub more_names: u32,
}

impl DropGroup {
    /// Maximum number of listed names.
    const MOST_NAMES: usize = 8;

    /// Groups dropped items, most frequent reason first.
    #[must_use]
    pub fn all(dropped: impl IntoIterator<Item = DropReason>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        let mut other_names = Vec::new();
        for reason in dropped {
            let name = match &reason {
                DropReason::UnknownLabel { answered: name } | DropReason::AttributeMissing { name } => {
                    Some(name.clone())
                }
                _ => None,
            };
            let (kind, count) = (std::mem::discriminant(&reason), reason.item_count());
            let known = groups.iter().position(|group| std::mem::discriminant(&group.example) == kind);
            let index = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push(Self { count: 0, example: reason, names: Vec::new(), more_names: 0 });
                other_names.push(BTreeSet::new());
            }
            let group = &mut groups[index];
            group.count = group.count.saturating_add(count);
            let Some(name) = name.filter(|name| !group.names.contains(name)) else { continue };
            if group.names.len() < Self::MOST_NAMES {
                group.names.push(name);
            } else if other_names[index].insert(name) {
                group.more_names += 1;
            }
        }
        groups.sort_by_key(|group| Reverse(group.count));
        groups
    }
}

/// A bar of the duration histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DurationBin {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub from_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub to_millis: f64,
    pub count: u32,
}

/// Bins for `sorted` durations in milliseconds: the square root of their number, 1 to 24.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bin numbers are small and not negative"
)]
pub fn duration_bins(sorted: &[f64]) -> Vec<DurationBin> {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else {
        return Vec::new();
    };
    let bin_count = ((sorted.len() as f64).sqrt().ceil() as usize).clamp(1, 24);
    let width = ((last - first) / bin_count as f64).max(f64::MIN_POSITIVE);
    let mut bins: Vec<DurationBin> = (0..bin_count)
        .map(|bin| DurationBin {
            from_millis: first + width * bin as f64,
            to_millis: first + width * (bin + 1) as f64,
            count: 0,
        })
        .collect();
    for &millis in sorted {
        let bin = (((millis - first) / width) as usize).min(bin_count - 1);
        bins[bin].count += 1;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_items_are_grouped_with_the_names_that_were_answered() {
        let label = |name: &str| DropReason::UnknownLabel { answered: name.into() };
        let mut dropped = vec![DropReason::NoExtent, label("cat"), label("dog"), label("cat")];
        let groups = DropGroup::all(dropped.clone());
        assert_eq!((groups[0].count, groups[0].names.clone()), (3, vec!["cat".to_owned(), "dog".to_owned()]));
        assert_eq!((groups[1].count, groups[1].names.len()), (1, 0));
        dropped.extend((0..20).map(|number| label(&format!("other {}", number % 10))));
        let groups = DropGroup::all(dropped);
        assert_eq!((groups[0].count, groups[0].names.len(), groups[0].more_names), (23, 8, 4));
    }

    #[test]
    fn every_duration_is_in_one_bin() {
        let sorted: Vec<f64> = (0..100).map(|n| f64::from(n * n)).collect();
        let bins = duration_bins(&sorted);
        assert_eq!(bins.len(), 10);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<u32>(), 100);
        assert_eq!(duration_bins(&[5.0, 5.0]).iter().map(|bin| bin.count).sum::<u32>(), 2);
        assert!(duration_bins(&[]).is_empty());
    }
}
