//! Rows of `jobs`: how one begins and ends, and the conditions about one that questions to several tables share.

use domain::annotation::NewAnnotation;
use domain::answer::Reading;
use domain::ids::{AttemptId, ImageId};
use domain::run_state::FailureKind;

use crate::Result;
use crate::code::name_of;

/// The output maximum of an attempt whose answer was cut off. An answer that reached it is as long.
pub(super) const OUTPUT_LIMIT: &str = "coalesce(max_output_tokens, nullif(usage_output, 0))";
/// Whether the answer of a job was cut off.
pub(super) const IS_CUT_SHORT: &str = "coalesce(reading ->> 'is_cut_short', 0)";

/// An image in the queue of a new run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedImage {
    pub image: ImageId,
    /// The image before it in the queue whose annotations it is given; `None`: it is asked about itself.
    pub leader: Option<ImageId>,
}

/// What the requests of a row of `jobs` have cost, or may have, since a person last let it be asked anew.
pub(super) const COMMITTED: &str = "(SELECT coalesce(sum(paid + iif(may_be_billed, at_most, 0)), 0) FROM attempts
     WHERE job_id = jobs.id AND attempts.id > counted_after)";

/// The annotations that a row of `jobs` had found when it was last settled.
pub(super) const STANDING: &str = "(SELECT coalesce(sum(value), 0) FROM json_each(found))";
/// Whether a row of `jobs` has an answer whose annotations stand: that of a job that is retried stands while it waits.
pub(super) const IS_ANSWERED: &str = "(state = 'done' OR found IS NOT NULL)";

/// How a job ended.
#[derive(Debug, Clone)]
pub enum JobOutcome {
    Done { attempt: AttemptId, annotations: Vec<NewAnnotation>, reading: Reading },
    Failed(JobFailure),
}

impl JobOutcome {
    /// The request that it came from.
    pub(super) fn attempt(&self) -> Option<AttemptId> {
        match self {
            Self::Done { attempt, .. } => Some(*attempt),
            Self::Failed(failure) => failure.attempt,
        }
    }
}

/// What an image took that was asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobTiming {
    /// Preparing it, its requests, and the pauses between its own retries; not its waits for a permit.
    pub took_millis: f64,
    /// What it took while it was in flight, where no other request of the run was in flight beside any of its own.
    pub alone_millis: Option<f64>,
}

/// Why, and in which request, when one was sent.
#[derive(Debug, Clone)]
pub struct JobFailure {
    pub attempt: Option<AttemptId>,
    pub kind: FailureKind,
    pub detail: String,
}

/// The failures of which `is_meant` holds, as a list in SQL.
pub(super) fn names_of_failures(is_meant: impl Fn(FailureKind) -> bool) -> Result<String> {
    let meant = FailureKind::ALL.into_iter().filter(|&kind| is_meant(kind));
    let names: Vec<String> = meant.map(|kind| Ok(format!("'{}'", name_of(&kind)?))).collect::<Result<_>>()?;
    Ok(names.join(", "))
}
