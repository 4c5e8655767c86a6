//! Runs: states, stop reasons, failures and progress.

use serde::{Deserialize, Serialize};

use crate::annotation::Shape;
use crate::answer::{OTHER_COORDINATES, OUTSIDE_IMAGE};
use crate::endpoint::EndpointFailure;
use crate::geometry::PixelSize;
use crate::hooks::HookRun;
use crate::ids::{ImageId, RunId};
use crate::model::{Destination, ModelId};
use crate::money::{CostRange, PicoDollars};
use crate::rate::DurationPoint;
use crate::run_description::RunDescription;
use crate::run_state::{FailureKind, RetryKind, RunMode, RunState};
use crate::usage::Usage;

/// The state of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum BatchStage {
    /// Sent, but not confirmed: the server is checked before anything is sent again.
    Unconfirmed,
    Working,
    Canceling,
    /// Unknown to the server: checked at each resume until the user gives it up.
    Unknown,
    /// All results are stored.
    Ended,
}

/// A batch of a batch run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BatchState {
    pub stage: BatchStage,
    pub images: u32,
    /// Images that the server has finished, with any result.
    pub finished: u32,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub submitted_at: u64,
    /// When the server abandons unfinished requests; milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub expires_at: Option<u64>,
}

/// Retried requests with the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RetryGroup {
    pub kind: RetryKind,
    pub count: u32,
}

/// Why no requests are sent for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hold {
    pub kind: RetryKind,
    pub left_millis: u32,
    /// The message from the server or connection.
    pub detail: String,
}

/// Requests without an answer that the vendor may still bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PossiblyBilled {
    pub count: u32,
    /// Their maximum cost in total.
    #[serde(rename = "at_most_dollars")]
    pub at_most: PicoDollars,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailureGroup {
    pub kind: FailureKind,
    pub count: u32,
    /// Whether a retry may succeed.
    pub is_worth_retrying: bool,
    /// Whether the answers look as if they were in other coordinates than those asked for.
    pub suggests_calibration: bool,
    /// The message of the first failure.
    pub example: String,
    pub example_image: String,
}

impl FailureGroup {
    /// Failures of this kind; `example` is the message of the first.
    #[must_use]
    pub fn new(kind: FailureKind, count: u32, example: String, example_image: String) -> Self {
        let suggests_calibration = match kind {
            FailureKind::CoordinatesAsFractions | FailureKind::CoordinatesAsThousandths => true,
            FailureKind::AnswerUnusable => {
                [OTHER_COORDINATES, OUTSIDE_IMAGE].iter().any(|reason| example.contains(reason))
            }
            _ => false,
        };
        let is_worth_retrying = kind.is_worth_retrying();
        Self { kind, count, is_worth_retrying, suggests_calibration, example, example_image }
    }
}

/// An annotation of an answer that is still streaming. It is not stored: only the complete answer is parsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PreviewAnnotation {
    pub label: String,
    pub color: u8,
    pub shape: Shape,
}

/// An image with a request in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct InFlight {
    pub image: ImageId,
    pub since_millis: u32,
    /// Upright size of the original; the preview is in its pixels.
    pub size: PixelSize,
    /// Annotations so far.
    pub preview: Vec<PreviewAnnotation>,
}

/// The current state of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointState {
    /// Its host, or the user's name for it.
    pub name: String,
    /// Requests in flight, over all runs.
    pub under_way: u32,
    /// Current maximum of requests in flight.
    pub concurrency: u32,
    /// Whether the concurrency is automatic.
    pub is_adaptive: bool,
    /// The lowest of the configured, announced and learned limits; `None` if unknown.
    pub requests_per_minute: Option<u32>,
    /// `None` while requests are sent.
    pub hold: Option<Hold>,
    /// Why it is not used at the moment; `None` if it works.
    pub failure: Option<EndpointFailure>,
}

/// Images of a run that wait for another run's answers to the same requests, so that they are not paid for twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PendingElsewhere {
    /// The run that sends them.
    pub run: RunId,
    /// Whether that run has a worker.
    pub is_worked_on: bool,
    /// Whether they are in a batch, which may take a day.
    pub is_in_batch: bool,
    pub images: u32,
}

/// An image that was just answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JustAnswered {
    pub image: ImageId,
    pub annotation_count: u32,
    /// `None` if its answer was reused.
    pub took_millis: Option<u32>,
}

/// What a run had cost when a number of images was finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SpentAt {
    /// Images done or failed.
    pub finished: u32,
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
}

impl SpentAt {
    /// The most points of a history.
    const MOST_POINTS: usize = 40;

    /// The cost over the number of finished images, at equal distances up to the last one. `paid_by_image` is in the order in
    /// which they finished.
    #[must_use]
    pub fn history(paid_by_image: &[PicoDollars]) -> Vec<Self> {
        Self::every(Self::step(paid_by_image.len()), paid_by_image)
    }

    /// The distance of the points of a history of so many images.
    #[must_use]
    pub fn step(images: usize) -> usize {
        images.div_ceil(Self::MOST_POINTS).max(1)
    }

    /// The same with a point every `step` images, and at the last one.
    #[must_use]
    pub fn every(step: usize, paid_by_image: &[PicoDollars]) -> Vec<Self> {
        let mut spent = PicoDollars::ZERO;
        let mut points = Vec::new();
        for (place, paid) in paid_by_image.iter().enumerate() {
            spent += *paid;
            let count = place + 1;
            if count % step == 0 || count == paid_by_image.len() {
                points.push(Self { finished: u32::try_from(count).unwrap_or(u32::MAX), spent });
            }
        }
        points
    }
}

/// A run over time, to be shown beside others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunSeries {
    pub run: RunId,
    /// Active time, without pauses.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub elapsed_millis: f64,
    /// Images per minute in equal steps of active time ([`crate::rate::history`]).
    #[cfg_attr(feature = "specta", specta(type = Vec<specta_typescript::Number>))]
    pub rates: Vec<f64>,
    /// Durations of the images that finished in each step of `rates`; `None` where none did.
    pub durations: Vec<Option<DurationPoint>>,
    /// What it had cost at numbers of images that all series have; empty if no cost was reported.
    pub spent: Vec<SpentAt>,
}

/// A snapshot of a run, published a few times a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunProgress {
    pub run: RunId,
    pub state: RunState,
    /// The message that came with an automatic stop.
    pub stop_detail: Option<String>,
    pub model: ModelId,
    pub model_name: String,
    pub recipe_name: String,
    pub destination: Destination,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    /// Active time, without pauses.
    pub elapsed_millis: u32,
    /// Estimated time left. `None` until the first image is done, while no images finish, and when none are left.
    pub left_millis: Option<u32>,
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    pub in_flight: Vec<InFlight>,
    /// Neither finished nor in flight.
    pub waiting: u32,
    /// Waiting images that are prepared to be sent.
    pub prepared: u32,
    /// Answers reused from earlier runs, which paid for them.
    pub reused: u32,
    /// Images that got the annotations of a similar image and were not sent.
    pub propagated: u32,
    /// Annotations, including propagated ones.
    pub annotations: u32,
    /// Sent images that finish per minute: over the recent window while the run is active, otherwise over its whole
    /// active time.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub rate_per_minute: f64,
    /// Length of the recent window.
    pub rate_window_millis: u32,
    /// Median and 95th percentile of the durations of the sent images over the whole run, computed as in the report;
    /// `None` before the first.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p50_millis: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p95_millis: Option<f64>,
    /// Maximum requests in flight: the current maximum while the run is active, otherwise the highest number reached.
    pub concurrency: u32,
    pub mode: RunMode,
    /// The endpoints; empty if nothing is sent.
    pub endpoints: Vec<EndpointState>,
    /// The batches of a batch run, oldest first.
    pub batches: Vec<BatchState>,
    /// Requests in batches that the server does not know, which the user may give up.
    pub unknown_batches: PossiblyBilled,
    #[serde(rename = "quoted_dollars")]
    pub quoted: Option<CostRange>,
    /// As the vendor reported.
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
    pub possibly_billed: PossiblyBilled,
    /// The maximum cost of the run; `None` for no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// Maximum cost of requests in flight.
    #[serde(rename = "reserved_dollars")]
    pub reserved: PicoDollars,
    /// The largest reservation for a request so far: the budget must have room for another one. Zero before the first.
    #[serde(rename = "largest_request_dollars")]
    pub largest_request: PicoDollars,
    /// Requests that were in flight when a process died. They may have been billed, and are repeated only if the user
    /// agrees.
    pub unsettled: PossiblyBilled,
    /// `None` while requests are sent to any endpoint.
    pub hold: Option<Hold>,
    /// What the remaining images wait for, if no other image can be sent.
    pub pending_elsewhere: Vec<PendingElsewhere>,
    /// Retries, over all sessions.
    pub retried: Vec<RetryGroup>,
    /// Cut-off answers, whose complete annotations were kept.
    pub cut_short: u32,
    pub failures: Vec<FailureGroup>,
    /// Newest first, at most twelve.
    pub just_answered: Vec<JustAnswered>,
    /// Images per minute in equal steps of active time, from the start to `elapsed_millis` ([`crate::rate::history`]).
    #[cfg_attr(feature = "specta", specta(type = Vec<specta_typescript::Number>))]
    pub rate_history: Vec<f64>,
    /// Durations of the images that finished in each step of `rate_history`; `None` where none did.
    pub duration_history: Vec<Option<DurationPoint>>,
    /// Hooks whose last run failed.
    pub failed_hooks: Vec<HookRun>,
}

/// The progress of a run that this process works on, as far as the window's frame shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WorkingRun {
    pub run: RunId,
    pub destination: Destination,
    /// Images done or failed.
    pub finished: u32,
    pub total: u32,
}

/// A run in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunSummary {
    pub id: RunId,
    pub description: RunDescription,
    pub state: RunState,
    /// The message that came with an automatic stop.
    pub stop_detail: Option<String>,
    pub model: ModelId,
    pub model_name: String,
    pub recipe_name: String,
    pub destination: Destination,
    pub mode: RunMode,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    pub waiting: u32,
    /// Annotations, including propagated ones.
    pub annotation_count: u32,
    /// Annotations propagated to images that were not sent.
    pub propagated_count: u32,
    /// Undecided proposals.
    pub undecided_count: u32,
    /// Images of the run that are reviewed or confirmed empty.
    pub reviewed_count: u32,
    #[serde(rename = "quoted_dollars")]
    pub quoted: Option<CostRange>,
    /// Whether the cost was in the likely range of the quote; `None` unless the run is complete, and had such a range.
    pub is_cost_likely: Option<bool>,
    /// As the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// Total of all requests.
    pub usage: Usage,
    pub possibly_billed: PossiblyBilled,
    /// The maximum cost of the run; `None` for no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// Sent requests with an unknown result: in flight, or lost when their process died.
    pub unsettled: PossiblyBilled,
    /// Cut-off answers, whose complete annotations were kept.
    pub cut_short: u32,
    /// Failed images that a retry may fix.
    pub retryable: u32,
    /// Answers reused from earlier runs, which paid for them.
    pub reused: u32,
    /// Images that got the annotations of a similar image and were not sent.
    pub propagated: u32,
    pub retries: u32,
    /// Images sent and finished. The next three figures are about these.
    pub asked: u32,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p50_millis: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p95_millis: Option<f64>,
    /// `asked` over the active time of the run.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub rate_per_minute: Option<f64>,
}

impl RunSummary {
    /// Whether the price of the model was known. Without one, nothing was quoted, and what was paid is unknown.
    #[must_use]
    pub fn has_price(&self) -> bool {
        self.quoted.is_some() || self.paid > PicoDollars::ZERO || self.destination == Destination::ThisMachine
    }

    /// The reported cost; `None` if requests were sent without a price, or may have been billed and the server has reported
    /// no cost at all.
    #[must_use]
    pub fn reported_cost(&self) -> Option<PicoDollars> {
        let is_known = self.has_price() || self.asked == 0;
        let is_reported = self.paid > PicoDollars::ZERO || self.possibly_billed.count == 0;
        (is_known && is_reported).then_some(self.paid)
    }
}

/// How often the cost of a run was in the likely range of its quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EstimateRecord {
    /// Complete runs with a likely range.
    pub runs: u32,
    pub in_range: u32,
}

impl EstimateRecord {
    #[must_use]
    pub fn of(runs: &[RunSummary]) -> Self {
        runs.iter().filter_map(|run| run.is_cost_likely).fold(Self::default(), |record, is_likely| Self {
            runs: record.runs + 1,
            in_range: record.in_range + u32::from(is_likely),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_of_costs_ends_with_all_of_them() {
        let history = |images: u64| SpentAt::history(&(1..=images).map(PicoDollars).collect::<Vec<_>>());
        assert_eq!(history(0), []);
        let at = |finished, spent| SpentAt { finished, spent: PicoDollars(spent) };
        assert_eq!(history(3), [at(1, 1), at(2, 3), at(3, 6)]);
        let every = SpentAt::every(2, &[1, 1, 1].map(PicoDollars));
        assert_eq!(every, [at(2, 2), at(3, 3)]);
        let long = history(1_001);
        assert!(long.len() <= 41 && long[0] == at(26, 351), "{long:?}");
        assert_eq!(long.last(), Some(&at(1_001, 501_501)));
    }
}
