//! Images whose request was refused by an endpoint that had taken none until then. Whether the image or the form of the
//! requests is the reason, the other images show: these wait in the queue meanwhile, and are asked about no second time.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::ids::JobId;
use store::{JobFailure, JobTiming};

use crate::sync::lock;

/// A refusal that may be about every request.
pub struct UndecidedRefusal {
    pub endpoint: usize,
    /// What becomes of the image if it is about the image alone.
    pub failure: JobFailure,
    pub timing: Option<JobTiming>,
}

/// The open refusals of one session of a run.
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
