//! Rows of `jobs`: how one begins and ends, and the conditions about one that questions to several tables share.

use domain::annotation::NewAnnotation;
use domain::answer::Reading;
use domain::ids::{AttemptId, ImageId};
use domain::run_state::FailureKind;

use crate::Result;
use crate::code::name_of;

/// The output maximum of an attempt with a cut-off answer, whose length equals it.
pub(super) const OUTPUT_LIMIT: &str = "coalesce(max_output_tokens, nullif(usage_output, 0))";
/// Whether the answer of a job was cut off.
pub(super) const IS_CUT_SHORT: &str = "coalesce(reading ->> 'is_cut_short', 0)";

/// Whether a part of the image of a job could not be checked.
pub(super) const IS_UNCHECKED: &str = "coalesce(reading ->> 'is_unchecked', 0)";

/// An image in the queue of a new run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedImage {
    pub image: ImageId,
    /// The earlier image whose annotations are propagated to it; `None` if it is sent itself.
    pub leader: Option<ImageId>,
}

/// Actual and possible cost of the requests of a row of `jobs` since the user last allowed a retry.
pub(super) const COMMITTED: &str = "(SELECT coalesce(sum(paid + iif(may_be_billed, at_most, 0)), 0) FROM attempts
     WHERE job_id = jobs.id AND attempts.id > counted_after)";

/// The annotations of a row of `jobs` when it was last settled.
pub(super) const STANDING: &str = "(SELECT coalesce(sum(value), 0) FROM json_each(found))";
/// Whether a row of `jobs` has a valid answer: the answer of a retried job stays valid meanwhile.
pub(super) const IS_ANSWERED: &str = "(state = 'done' OR found IS NOT NULL)";

/// Whether a request of a row of `jobs` was answered, or may have been billed.
pub(super) const IS_ASKED: &str = "EXISTS (
    SELECT 1 FROM attempts WHERE job_id = jobs.id AND (raw_answer IS NOT NULL OR may_be_billed))";

/// How a job ended.
#[derive(Debug, Clone)]
pub enum JobOutcome {
    Done {
        /// Of the answers that the annotations come from: one for each part of the image that was asked about.
        attempts: Vec<AttemptId>,
        annotations: Vec<NewAnnotation>,
        reading: Reading,
    },
    Failed(JobFailure),
}

impl JobOutcome {
    /// Its requests.
    pub(super) fn attempts(&self) -> &[AttemptId] {
        match self {
            Self::Done { attempts, .. } => attempts,
            Self::Failed(failure) => failure.attempt.as_slice(),
        }
    }
}

/// Timing of a sent image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobTiming {
    /// Preparation, requests, and delays between its retries; without waits for a permit.
    pub took_millis: f64,
    /// Its time in flight, if no other request of the run was in flight during its own.
    pub alone_millis: Option<f64>,
}

/// Why, and in which request, when one was sent.
#[derive(Debug, Clone)]
pub struct JobFailure {
    pub attempt: Option<AttemptId>,
    pub kind: FailureKind,
    pub detail: String,
}

/// The failures that match `is_meant`, as an SQL list.
pub(super) fn names_of_failures(is_meant: impl Fn(FailureKind) -> bool) -> Result<String> {
    let meant = FailureKind::ALL.into_iter().filter(|&kind| is_meant(kind));
    let names: Vec<String> = meant.map(|kind| Ok(format!("'{}'", name_of(&kind)?))).collect::<Result<_>>()?;
    Ok(names.join(", "))
}
