//! Images refused by an endpoint that had accepted no request so far. Other images show whether the image or the form of the
//! requests is at fault; until then, these wait in the queue and are not sent again.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::ids::JobId;
use store::{JobFailure, JobTiming};

use crate::sync::lock;

/// A refusal that may apply to every request.
pub struct UndecidedRefusal {
    pub endpoint: usize,
    /// The image's failure if the refusal concerns only the image.
    pub failure: JobFailure,
    pub timing: Option<JobTiming>,
}

/// The undecided refusals of one session of a run.
#[derive(Default)]
pub struct UndecidedRefusals {
    open: Mutex<HashMap<JobId, UndecidedRefusal>>,
}

impl UndecidedRefusals {
    pub fn is_empty(&self) -> bool {
        lock(&self.open).is_empty()
    }

    pub fn add(&self, job: JobId, refusal: UndecidedRefusal) {
        lock(&self.open).insert(job, refusal);
    }

    pub fn take(&self, job: JobId) -> Option<UndecidedRefusal> {
        lock(&self.open).remove(&job)
    }
}
