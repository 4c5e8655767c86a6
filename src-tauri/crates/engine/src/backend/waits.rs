//! How long the next image of a run was ready but could not be sent, and why. Only one image waits at a time, so the total
//! never exceeds the duration of the run.

use std::sync::Mutex;

use domain::diagnosis::Wait;
use tokio::time::Instant;

use super::limiter::Met;
use crate::sync::lock;

/// Waits since the last call to `take`.
#[derive(Default)]
pub struct Waits(Mutex<Vec<Wait>>);

impl Waits {
    /// Starts a wait, which ends when the guard is dropped.
    pub fn begin(&self, met: Option<Met>) -> Waiting<'_> {
        Waiting { waits: self, met, since: Instant::now() }
    }

    /// Returns the waits since the last call.
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

/// A wait in progress. Records nothing without a wait reason.
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
