//! Runs: their states, why they stop, what fails, and how far they have come.

use serde::{Deserialize, Serialize};

use crate::annotation::Shape;
use crate::endpoint::EndpointFailure;
use crate::geometry::PixelSize;
use crate::hooks::HookRun;
use crate::ids::{ImageId, RunId};
use crate::model::{Destination, ModelId};
use crate::money::PicoDollars;
use crate::plan::CostRange;
use crate::usage::Usage;

/// Why a run no longer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum StopReason {
    Completed,
    /// By a person; can be resumed.
    Paused,
    /// By a person; what is done stays, the rest can still be resumed.
    Cancelled,
    /// The app was closed while it ran.
    Shutdown,
    /// The key is wrong or was withdrawn.
    KeyRejected,
    /// The key may not do this.
    NotPermitted,
    /// The account has no credit.
    NoCredit,
    /// A spend limit that somebody set at the vendor's is reached.
    SpendLimit,
    /// The server does not know the model.
    UnknownModel,
    /// A batch was canceled at the server, and not by this run. What was not done waits until the run is resumed.
    BatchCanceled,
    /// The server does not know a batch that was submitted to it.
    BatchUnknown,
    /// What answers there is no server for this model.
    NotSuchAServer,
    /// The server refuses what is the same in every request, so that it would refuse them all.
    RequestRefused,
    /// No answer of the server can be read: the first ones were all unreadable, or many in a row.
    AnswersUnreadable,
    /// The server, or a limit, would have it wait for longer than any run waits.
    WaitTooLong,
    /// The server cannot be reached, in spite of several tries.
    Unreachable,
    /// The next request could have passed the run's budget.
    BudgetReached,
    /// The images of its pilot have finished: a person decides about the others.
    PilotDone,
    /// What is left is in batches of runs that no process works on: resuming those fetches the answers.
    AnswersPending,
    /// A fault in Fieldmark ended its task. What is stored is sound, and the run can be resumed.
    InternalError,
}

/// How a run asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RunMode {
    /// Image by image, each answered within seconds.
    #[default]
    Live,
    /// In batches that the vendor works off within a day, at half the price.
    Batch,
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum BatchStage {
    /// It was sent, and nobody has said that it was taken: the server is asked for it before anything is sent again.
    Unconfirmed,
    Working,
    Canceling,
    /// The server does not know it: it is asked again at each resume, unless a person gives it up.
    Unknown,
    /// All that came of it is stored.
    Ended,
}

/// A batch of a batch run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BatchState {
    pub stage: BatchStage,
    pub images: u32,
    /// Images that the server is done with, whatever came of them.
    pub finished: u32,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub submitted_at: u64,
    /// When the server gives up on what is left; milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub expires_at: Option<u64>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RunState {
    /// A process works on it.
    Running,
    /// Admits nothing more; what is in flight ends.
    Stopping,
    Stopped {
        reason: StopReason,
    },
    /// Its process died. Nothing finished is lost.
    Interrupted,
}

impl RunState {
    /// In a word, for reports and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Interrupted => "interrupted",
            Self::Stopped { reason: StopReason::Completed } => "completed",
            Self::Stopped { reason: StopReason::Paused } => "paused",
            Self::Stopped { reason: StopReason::Cancelled } => "cancelled",
            Self::Stopped { reason: StopReason::Shutdown } => "shut down",
            Self::Stopped { reason: StopReason::KeyRejected } => "stopped, key rejected",
            Self::Stopped { reason: StopReason::NotPermitted } => "stopped, not permitted",
            Self::Stopped { reason: StopReason::NoCredit } => "stopped, no credit",
            Self::Stopped { reason: StopReason::SpendLimit } => "stopped, spend limit reached",
            Self::Stopped { reason: StopReason::UnknownModel } => "stopped, unknown model",
            Self::Stopped { reason: StopReason::BatchCanceled } => "stopped, batch canceled at the server",
            Self::Stopped { reason: StopReason::BatchUnknown } => "stopped, batch unknown to the server",
            Self::Stopped { reason: StopReason::NotSuchAServer } => "stopped, not a Messages API server",
            Self::Stopped { reason: StopReason::RequestRefused } => "stopped, requests refused",
            Self::Stopped { reason: StopReason::AnswersUnreadable } => "stopped, answers unreadable",
            Self::Stopped { reason: StopReason::WaitTooLong } => "stopped, wait too long",
            Self::Stopped { reason: StopReason::Unreachable } => "stopped, server unreachable",
            Self::Stopped { reason: StopReason::BudgetReached } => "stopped, budget reached",
            Self::Stopped { reason: StopReason::PilotDone } => "stopped after its pilot",
            Self::Stopped { reason: StopReason::AnswersPending } => "stopped, answers pending in another run",
            Self::Stopped { reason: StopReason::InternalError } => "stopped by an internal error",
        }
    }
}

/// Kinds of failure, by what a person can do about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum FailureKind {
    /// The original is no longer where it was.
    FileMissing,
    /// The original is there but cannot be decoded, or is no longer the same picture.
    FileUnreadable,
    /// The model did not answer, in spite of several tries where that makes sense.
    ModelFailed,
    /// The batch expired before the vendor began with it, several times.
    Expired,
    /// The server would not take this picture.
    Refused,
    /// The model looked and declined to answer; that is paid for.
    Declined,
    /// The answer was cut off before its first annotation; what it holds is paid for.
    CutOff,
    /// The model answered something that cannot be read; the raw answer is kept.
    AnswerUnreadable,
    /// The model answered with annotations, and none of them could be used; the raw answer is kept.
    AnswerUnusable,
    /// The coordinates of the answer are fractions of the picture's sides, 0 to 1; the raw answer is kept.
    CoordinatesAsFractions,
    /// The coordinates of the answer are thousandths of the picture's sides, 0 to 1000; the raw answer is kept.
    CoordinatesAsThousandths,
    /// A fault in Fieldmark ended the work on it. A request without an answer counts as possibly billed.
    InternalError,
}

impl FailureKind {
    pub const ALL: [Self; 12] = [
        Self::FileMissing,
        Self::FileUnreadable,
        Self::ModelFailed,
        Self::Expired,
        Self::Refused,
        Self::Declined,
        Self::CutOff,
        Self::AnswerUnreadable,
        Self::AnswerUnusable,
        Self::CoordinatesAsFractions,
        Self::CoordinatesAsThousandths,
        Self::InternalError,
    ];

    /// Whether another try may come out otherwise, everything else unchanged, without paying for the same answer again. What
    /// a server will not take or a model declines to look at stays so, and an answer that was cut off needs a larger output
    /// maximum.
    #[must_use]
    pub const fn is_worth_retrying(self) -> bool {
        !matches!(self, Self::Refused | Self::Declined | Self::CutOff) && !self.has_unusable_answer()
    }

    /// Whether another try is of use only once a file is there again, or can be read.
    #[must_use]
    pub const fn needs_file(self) -> bool {
        matches!(self, Self::FileMissing | Self::FileUnreadable)
    }

    /// Whether a failed image waits again when a person has a run retry its failures. Where there is an answer of which
    /// nothing could be used it is read again; a new one is paid for only in a run that asks anew.
    #[must_use]
    pub const fn is_retried(self, ignores_saved_answers: bool) -> bool {
        self.is_worth_retrying() || self.has_unusable_answer() || (ignores_saved_answers && self.has_kept_answer())
    }

    /// Whether there is an answer that was paid for. It is kept, and the same question is answered with it again.
    #[must_use]
    pub const fn has_kept_answer(self) -> bool {
        matches!(self, Self::Declined) || self.has_unusable_answer()
    }

    /// Whether there is a complete answer that was paid for and of which nothing could be used. It is kept, and can be
    /// read again for free.
    #[must_use]
    pub const fn has_unusable_answer(self) -> bool {
        matches!(
            self,
            Self::AnswerUnreadable
                | Self::AnswerUnusable
                | Self::CoordinatesAsFractions
                | Self::CoordinatesAsThousandths
        )
    }
}

/// Why a request was made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RetryKind {
    /// The rate limit was reached; the whole route waited as told.
    RateLimited,
    /// The server had too much to do.
    Overloaded,
    /// The server failed in a way that passes by itself.
    ServerFailed,
    /// The connection ended before the answer did.
    ConnectionLost,
    /// The server answered something that is no answer, or that cannot be decoded.
    AnswerUnreadable,
    /// The answer did not come in time.
    TimedOut,
    /// The batch expired before the vendor began with the request.
    Expired,
    /// No connection came about.
    Unreachable,
    /// The picture was too large a request, and was sent smaller.
    TooLarge,
    /// The answer was cut off, and was given more room.
    CutShort,
}

/// Requests made again for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RetryGroup {
    pub kind: RetryKind,
    pub count: u32,
}

/// Why nothing is sent for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hold {
    pub kind: RetryKind,
    pub left_millis: u32,
    /// What the server, or the way to it, said.
    pub detail: String,
}

/// Requests without an answer that the vendor may bill all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PossiblyBilled {
    pub count: u32,
    /// What they can have cost together at most.
    #[serde(rename = "at_most_dollars")]
    pub at_most: PicoDollars,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailureGroup {
    pub kind: FailureKind,
    pub count: u32,
    /// Whether another try may come out otherwise.
    pub is_worth_retrying: bool,
    /// What was said about the first of them.
    pub example: String,
    pub example_image: String,
}

/// An annotation of an answer that is still on its way. Nothing is stored of it: the answer is read once, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PreviewAnnotation {
    pub label: String,
    pub color: u8,
    pub shape: Shape,
}

/// An image that is being asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct InFlight {
    pub image: ImageId,
    pub since_millis: u32,
    /// Upright size of the original: the frame of the preview.
    pub size: PixelSize,
    /// What has come so far.
    pub preview: Vec<PreviewAnnotation>,
}

/// One way to the model, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EndpointState {
    /// The host that it leads to, or what the person calls it.
    pub name: String,
    /// Requests under way, of this run and of others.
    pub under_way: u32,
    /// Requests that may be under way at once, as things stand.
    pub concurrency: u32,
    /// Whether that number is found out, and not set.
    pub is_adaptive: bool,
    /// The strictest limit that was set, announced or learned; `None`: none is known.
    pub requests_per_minute: Option<u32>,
    /// `None` while requests are sent.
    pub hold: Option<Hold>,
    /// Why it is not used at the moment, or not at all; `None` while it works.
    pub failure: Option<EndpointFailure>,
}

/// Images of a run that wait for answers of another run, which asks the same about them: they are not paid for twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PendingElsewhere {
    /// The run that asks.
    pub run: RunId,
    /// Whether a process works on that run.
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
    /// `None` where it was not asked about: its answer was reused.
    pub took_millis: Option<u32>,
}

/// A snapshot of a run, a few times a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunProgress {
    pub run: RunId,
    pub state: RunState,
    /// What was said when it stopped by itself.
    pub stop_detail: Option<String>,
    pub model_name: String,
    pub recipe_name: String,
    pub destination: Destination,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    /// Worked on, pauses aside.
    pub elapsed_millis: u32,
    /// `None` until the first image is done, while none finish, and when nothing is left.
    pub left_millis: Option<u32>,
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    pub in_flight: Vec<InFlight>,
    /// Not finished and not in flight.
    pub waiting: u32,
    /// Of those that wait: prepared, and ready to be sent.
    pub prepared: u32,
    /// Answers that an earlier run had paid for already.
    pub reused: u32,
    /// Images that were given the annotations of a similar one instead of being asked about.
    pub propagated: u32,
    /// Annotations that it found, and those that it propagated to similar images.
    pub annotations: u32,
    /// Images asked about that finished, a minute: over the last moments while the run is worked on, over all the time worked
    /// afterwards.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub rate_per_minute: f64,
    /// How long these last moments are.
    pub rate_window_millis: u32,
    /// Median and 95th percentile of the durations of the images that were asked about, over the whole run, by the same
    /// function and of the same images as in the report; `None` before the first.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p50_millis: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p95_millis: Option<f64>,
    /// Requests at a time: while the run is worked on, as many as may be in flight now; once it is not, the highest number
    /// that was in flight.
    pub concurrency: u32,
    pub mode: RunMode,
    /// The ways to the model; empty where nothing is sent.
    pub routes: Vec<EndpointState>,
    /// Of a batch run, the oldest first.
    pub batches: Vec<BatchState>,
    /// Requests in batches that the server does not know: a person may give them up.
    pub unknown_batches: PossiblyBilled,
    #[serde(rename = "quoted_dollars")]
    pub quoted: Option<CostRange>,
    /// Settled from what the vendor reported.
    #[serde(rename = "spent_dollars")]
    pub spent: PicoDollars,
    pub possibly_billed: PossiblyBilled,
    /// What the run may cost at most; `None`: no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// The most that requests under way can cost.
    #[serde(rename = "reserved_dollars")]
    pub reserved: PicoDollars,
    /// The most that one of its requests has reserved, or would have: a budget must have room for another. Zero before the
    /// first.
    #[serde(rename = "largest_request_dollars")]
    pub largest_request: PicoDollars,
    /// Requests that were under way when a process died: whether they were billed nobody knows, and they are not made
    /// again without a word from the person.
    pub unsettled: PossiblyBilled,
    /// `None` while requests are sent on any way.
    pub hold: Option<Hold>,
    /// What the images that are left wait for, once nothing else is left to begin.
    pub pending_elsewhere: Vec<PendingElsewhere>,
    /// What was tried again, over all sessions.
    pub retried: Vec<RetryGroup>,
    /// Answers that were cut off, whose whole annotations were kept.
    pub cut_short: u32,
    pub failures: Vec<FailureGroup>,
    /// The newest first, at most twelve.
    pub just_answered: Vec<JustAnswered>,
    /// Images a minute in equal steps of the time worked, from its start to `elapsed_millis` ([`crate::rate::history`]).
    #[cfg_attr(feature = "specta", specta(type = Vec<specta_typescript::Number>))]
    pub rate_history: Vec<f64>,
    /// Hooks that did not succeed when they ran last.
    pub failed_hooks: Vec<HookRun>,
}

/// How far a run is that this process works on: all that the window's frame shows of it.
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
    pub state: RunState,
    /// What was said when it stopped by itself.
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
    /// Annotations that it found, and those that it propagated to similar images.
    pub annotation_count: u32,
    /// Of these: propagated to images that were not asked about.
    pub propagated_count: u32,
    /// Proposals that nobody has decided yet.
    pub undecided_count: u32,
    /// Images of the run that are reviewed or confirmed empty.
    pub reviewed_count: u32,
    #[serde(rename = "quoted_dollars")]
    pub quoted: Option<CostRange>,
    /// Settled from what the vendor reported.
    #[serde(rename = "paid_dollars")]
    pub paid: PicoDollars,
    /// Of all its requests together.
    pub usage: Usage,
    pub possibly_billed: PossiblyBilled,
    /// What the run may cost at most; `None`: no limit.
    #[serde(rename = "budget_dollars")]
    pub budget: Option<PicoDollars>,
    /// Requests that were sent and of whose answer nothing is known: under way, or lost with their process.
    pub unsettled: PossiblyBilled,
    /// Answers that were cut off, whose whole annotations were kept.
    pub cut_short: u32,
    /// Failed images for which another try may come out otherwise.
    pub retryable: u32,
    /// Answers that an earlier run had paid for already.
    pub reused: u32,
    /// Images that were given the annotations of a similar one instead of being asked about.
    pub propagated: u32,
    pub retries: u32,
    /// Images that were asked about and have finished. The next three figures are about these.
    pub asked: u32,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p50_millis: Option<f64>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub p95_millis: Option<f64>,
    /// `asked` over the time that the run was worked on.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub rate_per_minute: Option<f64>,
}

impl RunSummary {
    /// What was paid; `None` where requests may have been billed and the server has reported no cost at all.
    #[must_use]
    pub fn reported_cost(&self) -> Option<PicoDollars> {
        (self.paid > PicoDollars::ZERO || self.possibly_billed.count == 0).then_some(self.paid)
    }
}
