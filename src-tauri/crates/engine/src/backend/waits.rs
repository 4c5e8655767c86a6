//! How long the next image of a run stood ready and could not be sent, and why. Only one image at a time waits to be the
//! next, so that the times add up to no more than the run's own.

use std::sync::Mutex;

use domain::diagnosis::Wait;
use tokio::time::Instant;

use super::limiter::Met;
use crate::sync::lock;

/// What was waited since it was last taken.
#[derive(Default)]
pub struct Waits(Mutex<Vec<Wait>>);

impl Waits {
    /// A wait begins; it ends when what is returned is dropped, however that comes about.
    pub fn begin(&self, met: Option<Met>) -> Waiting<'_> {
        Waiting { waits: self, met, since: Instant::now() }
    }

    /// What was waited since this was asked last.
    pub fn take(&self) -> Vec<Wait> {
        std::mem::take(&mut lock(&self.0))
    }

    fn add(&self, (wait_reason, limit): Met, millis: f64) {
        let mut waits = lock(&self.0);
        match waits.iter_mut().find(|wait| wait.wait_reason == wait_reason) {
            Some(wait) => {
                wait.millis += millis;
                wait.limit = limit.or(wait.limit);
            }
            None => waits.push(Wait { wait_reason, millis, limit }),
        }
    }
}

/// One wait. Nothing is noted where nothing was in the way.
pub struct Waiting<'a> {
    waits: &'a Waits,
    met: Option<Met>,
    since: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(met) = self.met {
            self.waits.add(met, self.since.elapsed().as_secs_f64() * 1000.0);
        }
    }
}
