//! Runs: their states, why they stop, what fails, and how far they have come.

use serde::{Deserialize, Serialize};

use crate::ids::{ImageId, RunId};
use crate::model::ModelId;
use crate::money::PicoDollars;

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
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RunState {
    /// A process holds its lock and works on it.
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
    /// The model did not answer.
    ModelFailed,
    /// The model answered something that cannot be read; the raw answer is kept.
    AnswerUnreadable,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FailureGroup {
    pub kind: FailureKind,
    pub count: u32,
    /// What was said about the first of them.
    pub example: String,
    pub example_image: String,
}

/// An image being worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct InFlight {
    pub image: ImageId,
    pub since_millis: u32,
}

/// An image that was just answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JustAnswered {
    pub image: ImageId,
    pub mark_count: u32,
    pub took_millis: u32,
}

/// A snapshot of a run, a few times a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunProgress {
    pub run: RunId,
    pub state: RunState,
    pub model_name: String,
    pub recipe_name: String,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    /// Worked on, pauses aside.
    pub elapsed_millis: u32,
    /// `None` until the first image is done, and when nothing is left.
    pub left_millis: Option<u32>,
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    pub in_flight: Vec<InFlight>,
    pub waiting: u32,
    pub marks: u32,
    /// Images finished a minute, over the last ten seconds (or since the start when that is shorter).
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub rate_per_minute: f64,
    /// Median and 95th percentile of what an image took in this sitting; `None` before the first.
    pub p50_millis: Option<u32>,
    pub p95_millis: Option<u32>,
    pub concurrency: u32,
    pub spent: PicoDollars,
    pub failures: Vec<FailureGroup>,
    /// The newest first, at most twelve.
    pub just_answered: Vec<JustAnswered>,
    /// Images a minute, a point a second since this sitting began, thinned to at most 120 points.
    #[cfg_attr(feature = "specta", specta(type = Vec<specta_typescript::Number>))]
    pub rate_history: Vec<f64>,
}

/// How far a run is that this process works on: all that the window's frame shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WorkingRun {
    pub run: RunId,
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
    pub model: ModelId,
    pub model_name: String,
    pub recipe_name: String,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub started_at: u64,
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    pub waiting: u32,
    pub mark_count: u32,
    /// Proposals that nobody has decided yet.
    pub undecided_count: u32,
    /// Images of the run that are reviewed or confirmed empty.
    pub reviewed_count: u32,
    pub quoted: Option<PicoDollars>,
    pub paid: PicoDollars,
    pub retries: u32,
    pub p50_millis: Option<u32>,
    pub p95_millis: Option<u32>,
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub rate_per_minute: Option<f64>,
}
