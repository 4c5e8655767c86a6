//! The states of a run, and why runs stop, images fail and requests are repeated.

use serde::{Deserialize, Serialize};

/// Why a run no longer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum StopReason {
    Completed,
    /// By the user; can be resumed.
    Paused,
    /// By the user; what is done stays, and the rest can be resumed.
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
    /// The server cannot be reached, in spite of several tries.
    Unreachable,
    /// The next request could exceed the run's budget.
    BudgetReached,
    /// The pilot is complete: the user decides about the other images.
    PilotDone,
    /// The remaining images are in batches of runs without a worker: resuming those fetches the answers.
    AnswersPending,
    /// A fault in Fieldmark ended its task. What is stored is sound, and the run can be resumed.
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

/// Where a run stands.
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
            Self::Stopped { reason: StopReason::NotSuchAServer } => "stopped, not a compatible server",
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
    /// The original no longer exists at its path.
    FileMissing,
    /// The original cannot be decoded, or has changed.
    FileUnreadable,
    /// No answer from the model, after retries if sensible.
    ModelFailed,
    /// The batch expired before the vendor began with it, several times.
    Expired,
    /// The server refused this picture.
    Refused,
    /// The model declined to answer, which is billed.
    Declined,
    /// The answer was cut off before its first annotation; it is billed.
    CutOff,
    /// The model answered something that cannot be read; the raw answer is kept.
    AnswerUnreadable,
    /// No annotation of the answer is usable; the answer is saved.
    AnswerUnusable,
    /// The answer's coordinates are fractions of the picture's sides, 0 to 1; the answer is saved.
    CoordinatesAsFractions,
    /// The answer's coordinates are thousandths of the picture's sides, 0 to 1000; the answer is saved.
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
    /// The rate limit was reached; the whole endpoint waited as requested.
    RateLimited,
    /// The server was overloaded.
    Overloaded,
    /// A temporary server failure.
    ServerFailed,
    /// The connection ended before the answer did.
    ConnectionLost,
    /// The server answered something that is no answer, or that cannot be decoded.
    AnswerUnreadable,
    /// Timeout.
    TimedOut,
    /// The batch expired before the vendor began with the request.
    Expired,
    /// No connection came about.
    Unreachable,
    /// The request was too large, and the picture was sent smaller.
    TooLarge,
    /// The answer was cut off, and requested again with a higher maximum.
    CutShort,
}
