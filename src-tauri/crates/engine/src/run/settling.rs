//! Writes what came of jobs a few at a time: the pages of the library that the annotations of one image change are nearly those
//! that the next one's do, and a commit costs by the page. What waits here is on disk as answers; only their annotations are not.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::context::RunContext;
use super::outcome::{Answered, Finished};
use crate::Result;

/// How long annotations wait for those of other images, too short to be seen.
const GATHERING: Duration = Duration::from_millis(50);
/// Jobs that are written together, so that a commit stays in the low milliseconds.
const GROUP_LENGTH: usize = 32;

/// Jobs that have been answered and are not settled yet.
pub struct Settling {
    context: Arc<RunContext>,
    gathered: Vec<Answered>,
    /// When the oldest of them has waited long enough.
    due_at: Instant,
    /// At most one: while it is written, the next ones gather.
    writing: JoinSet<Result<Vec<Finished>>>,
}

impl Settling {
    pub fn new(context: Arc<RunContext>) -> Self {
        Self { context, gathered: Vec::new(), due_at: Instant::now(), writing: JoinSet::new() }
    }

    pub fn take(&mut self, answered: Answered) {
        if self.gathered.is_empty() {
            self.due_at = Instant::now() + GATHERING;
        }
        self.gathered.push(answered);
        if self.gathered.len() >= GROUP_LENGTH {
            self.hurry();
        }
    }

    /// Nothing else will come for a while.
    pub fn hurry(&mut self) {
        self.due_at = Instant::now();
    }

    /// Whether everything that was taken is settled and has been told.
    pub fn is_empty(&self) -> bool {
        self.gathered.is_empty() && self.writing.is_empty()
    }

    /// Whether jobs come faster than they can be written.
    pub fn is_behind(&self) -> bool {
        self.gathered.len() >= GROUP_LENGTH && !self.writing.is_empty()
    }

    /// Waits until jobs have been settled; for ever when there are none. May be dropped at any await: nothing is lost.
    pub async fn settled(&mut self) -> Result<Vec<Finished>> {
        loop {
            if let Some(finished) = self.writing.join_next().await {
                return finished?;
            }
            if self.gathered.is_empty() {
                std::future::pending::<()>().await;
            }
            sleep_until(self.due_at).await;
            let (context, group) = (Arc::clone(&self.context), std::mem::take(&mut self.gathered));
            self.writing.spawn(async move { context.settle(group).await });
        }
    }
}
