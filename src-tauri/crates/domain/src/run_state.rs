//! The states of a run, and why runs stop, images fail and requests are repeated.

use serde::{Deserialize, Serialize};

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
