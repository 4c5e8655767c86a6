//! The report of a run, as history shows it and the command line prints it.

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
use crate::run::{FailureGroup, PossiblyBilled, RetryGroup, RunSummary};
use crate::run_state::FailureKind;

/// A run with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunReport {
    pub summary: RunSummary,
    /// `None` when no image has been asked about.
    pub metrics: Option<RunMetrics>,
    pub failures: Vec<FailureGroup>,
    /// Answers that were cut off and that a larger output maximum may complete; `None` when there are none.
    pub cut_off: Option<CutOffAnswers>,
    /// Every image that failed, by kind, then in the order of the run.
    pub failed_images: Vec<FailedImage>,
    /// What was tried again, over all sessions.
    pub retried: Vec<RetryGroup>,
    /// What had to be put right in answers, the most frequent first.
    pub repairs: Vec<RepairGroup>,
    /// Items of answers that are no annotations, the most frequent reason first.
    pub dropped: Vec<DropGroup>,
    pub labels: Vec<LabelCount>,
    /// How many images took how long: equal bins between the fastest and the slowest, at most 24.
    pub durations: Vec<DurationBin>,
    /// What to change, by this run's own numbers; empty when all is well.
    pub diagnoses: Vec<Diagnosis>,
    /// The endpoints that requests were spread over, and those that were not used.
    pub endpoints: Vec<RunEndpoint>,
    /// Requests in batches that the server does not know: a person may give them up.
    pub unknown_batches: PossiblyBilled,
    /// What hooks did, the oldest first.
    pub hooks: Vec<HookRun>,
}

/// Answers of a run that were cut off: `resume --retry-failed --max-tokens` asks again about these alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CutOffAnswers {
    pub images: u32,
    /// The output maximum that they reached, in tokens.
    pub max_tokens: u32,
    /// A larger one that the model allows.
    pub suggested_max_tokens: u32,
}

/// An image that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailedImage {
    pub image: ImageId,
    pub name: String,
    /// Where the file was last seen; `None` where that is not known.
    pub path: Option<String>,
    pub kind: FailureKind,
    pub message: String,
    /// Whether another try may end differently.
    pub is_worth_retrying: bool,
    /// Requests that were sent about it.
    pub requests: u32,
    /// What they cost, as the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// The most that requests without an answer can have cost on top.
    #[serde(rename = "possibly_billed_dollars")]
    pub possibly_billed: PicoDollars,
}

impl FailedImage {
    /// Its path, or its name where no path is known.
    #[must_use]
    pub fn place(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }

    /// Its message, without the path that some begin with.
    #[must_use]
    pub fn reason(&self) -> &str {
        let after_path = self.message.strip_prefix(self.place()).and_then(|rest| rest.strip_prefix(": "));
        after_path.unwrap_or(&self.message)
    }
}

/// Repairs of one kind.
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
    /// The labels that the recipe does not have, or the attributes that are missing: the first ones, each once.
    pub names: Vec<String>,
    /// How many other ones there are.
    pub more_names: u32,
}

impl DropGroup {
    /// As many names are listed.
    const MOST_NAMES: usize = 8;

    /// Groups what was dropped, the most frequent reason first.
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

/// One bar of the histogram of durations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DurationBin {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub from_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub to_millis: f64,
    pub count: u32,
}

/// Bins for `sorted` durations in milliseconds: as many as the square root of their number, 1 to 24.
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
