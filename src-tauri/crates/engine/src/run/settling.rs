//! Settles jobs in small groups. The cost of a commit depends on the pages it changes, and the annotations of consecutive
//! images change mostly the same pages. The raw answers are already on disk; only their annotations wait here.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::context::RunContext;
use super::outcome::{Answered, Finished};
use crate::Result;

/// How long annotations wait for those of other images; too short to notice.
const GATHERING: Duration = Duration::from_millis(50);
/// Maximum number of jobs per commit, so that a commit takes a few milliseconds.
const GROUP_LENGTH: usize = 32;

/// Answered jobs that are not settled yet.
pub struct Settling {
    context: Arc<RunContext>,
    gathered: Vec<Answered>,
    /// When the oldest job must be written.
    due_at: Instant,
    /// At most one write at a time; meanwhile the next jobs gather.
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

    /// Writes now, since no further job is expected soon.
    pub fn hurry(&mut self) {
        self.due_at = Instant::now();
    }

    /// Whether every job is settled and reported.
    pub fn is_empty(&self) -> bool {
        self.gathered.is_empty() && self.writing.is_empty()
    }

    /// Whether jobs arrive faster than they can be written.
    pub fn is_behind(&self) -> bool {
        self.gathered.len() >= GROUP_LENGTH && !self.writing.is_empty()
    }

    /// Waits until jobs are settled; forever if there are none. Cancel safe.
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
