//! What comes of the jobs of a run, from an answer to what is settled.

use domain::ids::{AttemptId, ImageId, JobId, RunId};
use domain::run::PendingElsewhere;
use domain::run_state::{FailureKind, StopReason};
use store::{JobFailure, JobOutcome, JobTiming, Propagated, WaitingJob};

use crate::backend::AnswerLength;

/// How a job came back.
pub enum Ended {
    Answered(Answered),
    /// It waits as before: nothing of it is in flight, and nothing is to be sent.
    PutBack,
    /// Another run asks the same about its image: it waits for that answer.
    PendingElsewhere,
    /// It waits as before, and so must all others until a person has done something.
    MustStop(Stop),
}

/// Why a run cannot go on, and what was said about it.
#[derive(Debug, Clone)]
pub struct Stop {
    pub reason: StopReason,
    pub detail: Option<String>,
}

/// What came of a job that is not asked about any more, before it is settled.
#[derive(Clone)]
pub struct Answered {
    pub job: WaitingJob,
    pub outcome: JobOutcome,
    /// `None` where it was not asked about: its answer was reused, or its file could not be read.
    pub timing: Option<JobTiming>,
    /// The time worked on the run when it came, in milliseconds.
    pub finished_after_millis: f64,
}

/// A job that has been settled.
pub struct Finished {
    pub job: JobId,
    pub image: ImageId,
    pub name: String,
    /// As [`JobTiming::took_millis`]; `None` where it was not asked about.
    pub took_millis: Option<f64>,
    /// The time worked on the run when it finished, in milliseconds.
    pub after_millis: f64,
    /// What was propagated to similar images.
    pub propagated: Propagated,
    /// Annotations of a shorter answer that this outcome replaces.
    pub replaced: u32,
    /// The number of annotations, or why there are none.
    pub outcome: Result<u32, (FailureKind, String)>,
}

/// What is known about an image before it is asked about.
pub enum Kept {
    None,
    /// There is nothing more to ask.
    Final(JobOutcome),
    /// An answer that was cut off, and which length lets it become whole.
    CutOff(JobOutcome, AnswerLength),
}

impl Kept {
    /// What the kept answer comes to, whole or cut off.
    pub fn into_outcome(self) -> Option<JobOutcome> {
        match self {
            Self::None => None,
            Self::Final(outcome) | Self::CutOff(outcome, _) => Some(outcome),
        }
    }
}

/// Said of an image about which every request that its quote allows for has been sent.
pub const NO_ALLOWANCE: &str = "its requests may have cost as much as the quote allows for one image";

/// `outcome`, unless it failed or was cut off with fewer annotations than `earlier` holds.
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

/// Why a run stops that has nothing left but images that are in batches of other runs, where nothing fetches the results of
/// these; `None` where a process works on one of those runs.
pub fn answers_pending(run: RunId, pending: &[PendingElsewhere]) -> Option<Stop> {
    if pending.iter().any(|pending| pending.is_worked_on) {
        return None;
    }
    let images: u32 = pending.iter().map(|pending| pending.images).sum();
    let others: Vec<String> = pending.iter().map(|pending| pending.run.to_string()).collect();
    let (images, others) =
        (if images == 1 { "1 image is".into() } else { format!("{images} images are") }, others.join(", "));
    let detail = format!(
        "{images} in a batch of run {others}: resume that run to fetch the answers, or resume run {run} so that it asks anew"
    );
    Some(Stop { reason: StopReason::AnswersPending, detail: Some(detail) })
}
