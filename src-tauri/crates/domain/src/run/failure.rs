//! Why images fail, and why requests are retried.

use serde::{Deserialize, Serialize};

/// Kinds of failure, by what the user can do about them.
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
    /// The batch expired before the image was processed, several times.
    Expired,
    /// The server refused this picture.
    Refused,
    /// The model declined to answer, which is billed.
    Declined,
    /// The answer was cut off before its first annotation; it is billed.
    CutOff,
    /// The answer cannot be parsed; it is saved.
    AnswerUnreadable,
    /// No annotation of the answer is usable; the answer is saved.
    AnswerUnusable,
    /// The answer's coordinates are fractions of the picture's sides, 0 to 1; the answer is saved.
    CoordinatesAsFractions,
    /// The answer's coordinates are thousandths of the picture's sides, 0 to 1000; the answer is saved.
    CoordinatesAsThousandths,
    /// An internal error. A request without an answer counts as possibly billed.
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

    /// Whether a retry may succeed without paying for the same answer again. What a server refuses or a model declines
    /// stays so, and a cut-off answer needs a larger output maximum.
    #[must_use]
    pub const fn is_worth_retrying(self) -> bool {
        !matches!(self, Self::Refused | Self::Declined | Self::CutOff) && !self.has_unusable_answer()
    }

    /// Whether a retry needs the file to be restored or readable.
    #[must_use]
    pub const fn needs_file(self) -> bool {
        matches!(self, Self::FileMissing | Self::FileUnreadable)
    }

    /// Whether a failed image is reset when the user retries failures. An unusable answer is parsed again; a new one is
    /// paid for only if the run ignores saved answers.
    #[must_use]
    pub const fn is_retried(self, ignores_saved_answers: bool) -> bool {
        self.is_worth_retrying() || self.has_unusable_answer() || (ignores_saved_answers && self.has_kept_answer())
    }

    /// Whether there is a paid answer. It is saved, and reused for the same model and recipe.
    #[must_use]
    pub const fn has_kept_answer(self) -> bool {
        matches!(self, Self::Declined) || self.has_unusable_answer()
    }

    /// Whether there is a complete paid answer that was unusable. It is saved, and can be parsed again for free.
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

/// Why a request was retried.
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
    /// The answer was invalid or could not be decoded.
    AnswerUnreadable,
    /// Timeout.
    TimedOut,
    /// The batch expired before the request was processed.
    Expired,
    /// No connection.
    Unreachable,
    /// The request was too large, and the picture was sent smaller.
    TooLarge,
    /// The answer was cut off, and requested again with a higher maximum.
    CutShort,
}

/// Retries with one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RetryGroup {
    pub kind: RetryKind,
    pub count: u32,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailureGroup {
    pub kind: FailureKind,
    pub count: u32,
    /// Whether a retry may succeed.
    pub is_worth_retrying: bool,
    /// The message of the first one.
    pub example: String,
    pub example_image: String,
}
