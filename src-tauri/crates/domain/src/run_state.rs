//! Run states, and the reasons for stops, failures and retries.

use serde::{Deserialize, Serialize};

/// Why a run no longer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum StopReason {
    Completed,
    /// By the user; can be resumed.
    Paused,
    /// By the user; finished images stay, and the rest can be resumed.
    Cancelled,
    /// The app was closed during the run.
    Shutdown,
    /// The key is wrong or revoked.
    KeyRejected,
    /// The key lacks a permission.
    NotPermitted,
    /// The account has no credit.
    NoCredit,
    /// A spend limit of the account is reached.
    SpendLimit,
    /// The server does not know the model.
    UnknownModel,
    /// A batch was cancelled at the server by another client. Unfinished images wait until the run is resumed.
    BatchCanceled,
    /// The server does not know a submitted batch.
    BatchUnknown,
    /// The server does not have this API.
    NotSuchAServer,
    /// The server refuses the shared part of all requests.
    RequestRefused,
    /// The server's answers are unreadable: the first ones, or many in a row.
    AnswersUnreadable,
    /// The server, or a limit, requires a longer wait than any run waits.
    WaitTooLong,
    /// The server is unreachable after several attempts.
    Unreachable,
    /// The next request could exceed the run's budget.
    BudgetReached,
    /// The next request could exceed the cap on what is spent in the month over all runs.
    MonthlyCapReached,
    /// The pilot is complete: the user decides about the other images.
    PilotDone,
    /// The remaining images are in batches of runs without a worker: resuming those fetches the answers.
    AnswersPending,
    /// A fault in Fieldmark ended the run's task. Stored data is intact, and the run can be resumed.
    InternalError,
}

/// How a run sends its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RunMode {
    /// Individually, each answered within seconds.
    #[default]
    Live,
    /// In batches, processed within a day at half the price.
    Batch,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RunState {
    /// A process works on it.
    Running,
    /// No new requests; those in flight finish.
    Stopping,
    Stopped {
        reason: StopReason,
    },
    /// Its process died. Nothing finished is lost.
    Interrupted,
}

impl RunState {
    /// As a word, for reports and files.
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
            Self::Stopped { reason: StopReason::NotSuchAServer } => "stopped, not a compatible server",
            Self::Stopped { reason: StopReason::RequestRefused } => "stopped, requests refused",
            Self::Stopped { reason: StopReason::AnswersUnreadable } => "stopped, answers unreadable",
            Self::Stopped { reason: StopReason::WaitTooLong } => "stopped, wait too long",
            Self::Stopped { reason: StopReason::Unreachable } => "stopped, server unreachable",
            Self::Stopped { reason: StopReason::BudgetReached } => "stopped, budget reached",
            Self::Stopped { reason: StopReason::MonthlyCapReached } => "stopped, monthly cap reached",
            Self::Stopped { reason: StopReason::PilotDone } => "stopped after its pilot",
            Self::Stopped { reason: StopReason::AnswersPending } => "stopped, answers pending in another run",
            Self::Stopped { reason: StopReason::InternalError } => "stopped by an internal error",
        }
    }
}

/// Kinds of failure, by what the user can do about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FailureKind {
    /// The original no longer exists at its path.
    FileMissing,
    /// The original cannot be decoded, or has changed.
    FileUnreadable,
    /// No answer from the model, after any sensible retries.
    ModelFailed,
    /// The batch expired several times before the vendor processed the request.
    Expired,
    /// The server refused this picture.
    Refused,
    /// The model declined to answer, which is billed.
    Declined,
    /// The answer was cut off before its first annotation, which is billed.
    CutOff,
    /// The answer cannot be parsed; the raw answer is saved.
    AnswerUnreadable,
    /// No annotation of the answer is usable; the answer is saved.
    AnswerUnusable,
    /// The answer's coordinates are fractions of the picture's sides, from 0 to 1; the answer is saved.
    CoordinatesAsFractions,
    /// The answer's coordinates are thousandths of the picture's sides, from 0 to 1000; the answer is saved.
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

    /// Whether a retry without changes may succeed, without paying for the same answer again. Images that a server
    /// refuses or a model declines stay that way, and a cut-off answer needs a larger output maximum.
    #[must_use]
    pub const fn is_worth_retrying(self) -> bool {
        !matches!(self, Self::Refused | Self::Declined | Self::CutOff) && !self.has_unusable_answer()
    }

    /// Whether a retry makes sense only once the file is back or readable.
    #[must_use]
    pub const fn needs_file(self) -> bool {
        matches!(self, Self::FileMissing | Self::FileUnreadable)
    }

    /// Whether retrying a run's failures includes this one. An unusable answer is only parsed again; a new one is paid
    /// for only in a run that ignores saved answers.
    #[must_use]
    pub const fn is_retried(self, ignores_saved_answers: bool) -> bool {
        self.is_worth_retrying() || self.has_unusable_answer() || (ignores_saved_answers && self.has_kept_answer())
    }

    /// Whether a paid answer is saved, which is reused for the same request.
    #[must_use]
    pub const fn has_kept_answer(self) -> bool {
        matches!(self, Self::Declined) || self.has_unusable_answer()
    }

    /// Whether a complete but unusable paid answer is saved, which can be parsed again for free.
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

/// Why a request was repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RetryKind {
    /// The rate limit was reached; the whole endpoint waited as requested.
    RateLimited,
    /// The server was overloaded.
    Overloaded,
    /// A temporary server failure.
    ServerFailed,
    /// The connection ended before the answer did.
    ConnectionLost,
    /// The response was not an answer, or could not be decoded.
    AnswerUnreadable,
    /// Timeout.
    TimedOut,
    /// The batch expired before the vendor processed the request.
    Expired,
    /// The connection failed.
    Unreachable,
    /// The request was too large, and the picture was sent smaller.
    TooLarge,
    /// The answer was cut off, and requested again with a higher maximum.
    CutShort,
}
