//! Results of a run's jobs, from the answer to the settled outcome.

use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::run::PendingElsewhere;
use domain::run_state::{FailureKind, StopReason};
use store::{JobFailure, JobOutcome, JobTiming, Propagated, WaitingJob};

use crate::backend::AnswerLength;

/// How a job ended.
pub enum Ended {
    Answered(Box<Answered>),
    /// The job waits as before: nothing is in flight for it, and nothing may be sent.
    PutBack,
    /// Another run is asking the same question about this image; the job waits for that answer.
    PendingElsewhere,
    /// The job waits, like all others, until the user acts.
    MustStop(Stop),
}

/// Why a run stops, with the message behind it.
#[derive(Debug, Clone)]
pub struct Stop {
    pub reason: StopReason,
    pub detail: Option<String>,
}

/// A job with its outcome, not settled yet.
#[derive(Clone)]
pub struct Answered {
    pub job: WaitingJob,
    pub outcome: JobOutcome,
    /// `None` if no request was sent: the answer was reused, or the file could not be read.
    pub timing: Option<JobTiming>,
    /// Time worked on the run when the outcome arrived, in milliseconds.
    pub finished_after_millis: f64,
}

/// A settled job.
pub struct Finished {
    pub job: JobId,
    pub image: ImageId,
    pub name: String,
    /// As [`JobTiming::took_millis`]; `None` if no request was sent.
    pub took_millis: Option<f64>,
    /// Time worked on the run when the job finished, in milliseconds.
    pub after_millis: f64,
    /// Annotations propagated to similar images.
    pub propagated: Propagated,
    /// Number of annotations of a shorter answer that this outcome replaces.
    pub replaced: u32,
    /// The number of annotations, or why there are none.
    pub outcome: Result<u32, (FailureKind, String)>,
}

/// The stored answer for an image before any new request.
pub enum Kept {
    None,
    /// Nothing more to ask.
    Final(JobOutcome),
    /// A cut-off answer, and the length at which to ask again.
    CutOff(JobOutcome, AnswerLength),
}

impl Kept {
    /// The outcome of the stored answer, complete or cut off.
    pub fn into_outcome(self) -> Option<JobOutcome> {
        match self {
            Self::None => None,
            Self::Final(outcome) | Self::CutOff(outcome, _) => Some(outcome),
        }
    }
}

/// The failure message for an image whose requests have used up its share of the quote.
pub const NO_ALLOWANCE: &str = "its requests may have cost as much as the quote allows for one image";

/// Returns `outcome`, unless it failed or was cut off with fewer annotations than `earlier`.
pub fn better_of(earlier: Option<JobOutcome>, outcome: JobOutcome) -> JobOutcome {
    match earlier {
        Some(earlier) if is_cut_off(&outcome) && annotation_count(&earlier) > annotation_count(&outcome) => earlier,
        Some(earlier) if matches!(outcome, JobOutcome::Failed(_)) => earlier,
        _ => outcome,
    }
}

pub fn is_cut_off(outcome: &JobOutcome) -> bool {
    match outcome {
        JobOutcome::Done { reading, .. } => reading.is_cut_short,
        JobOutcome::Failed(failure) => failure.kind == FailureKind::CutOff,
    }
}

fn annotation_count(outcome: &JobOutcome) -> usize {
    match outcome {
        JobOutcome::Done { annotations, .. } => annotations.len(),
        JobOutcome::Failed(_) => 0,
    }
}

pub fn failed(attempt: Option<AttemptId>, kind: FailureKind, detail: String) -> JobOutcome {
    JobOutcome::Failed(JobFailure { attempt, kind, detail })
}

/// The stop reason for a run whose remaining images are all in batches of inactive runs, so that no process fetches their
/// results; `None` if one of those runs is active.
pub fn answers_pending(run: RunId, pending: &[PendingElsewhere]) -> Option<Stop> {
    if pending.iter().any(|pending| pending.is_worked_on) {
        return None;
    }
    let images: u32 = pending.iter().map(|pending| pending.images).sum();
    let others: Vec<String> = pending.iter().map(|pending| pending.run.to_string()).collect();
    let (images, others) =
        (if images == 1 { "1 image is".into() } else { format!("{images} images are") }, others.join(", "));
    let detail = format!(
        "{images} in a batch of run {others}: resume that run to fetch the answers, or resume run {run} to send new requests"
    );
    Some(Stop { reason: StopReason::AnswersPending, detail: Some(detail) })
}
