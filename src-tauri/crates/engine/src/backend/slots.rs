//! The user's concurrency limit over all endpoints of a model. Each slot pauses before reuse, like the workers of the
//! earlier pipeline.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::sync::lock;

/// A fixed number of slots, and the pause after each use.
pub struct Slots {
    pub count: u32,
    pub pause: Duration,
    free: Arc<Semaphore>,
    /// When the pause of each used free slot ends. Unused slots have no entry.
    idle: Mutex<Vec<Instant>>,
}

/// A slot, held until dropped.
pub struct Slot {
    slots: Arc<Slots>,
    /// When the pause ends, if no request was sent from the slot.
    rests_until: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub fn new(count: u32, pause: Duration) -> Self {
        let count = count.max(1);
        Self { count, pause, free: Arc::new(Semaphore::new(count as usize)), idle: Mutex::default() }
    }

    /// Waits for a free slot, preferring the one that has been idle longest.
    pub async fn take(self: &Arc<Self>) -> Option<Slot> {
        // Fails only on a closed semaphore, and this one is never closed.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        Some(Slot { slots: Arc::clone(self), rests_until: self.most_rested(), _permit: permit })
    }

    fn most_rested(&self) -> Option<Instant> {
        let mut idle = lock(&self.idle);
        let (earliest, _) = idle.iter().enumerate().min_by_key(|(_, until)| **until)?;
        Some(idle.swap_remove(earliest))
    }
}

impl Slot {
    pub fn is_idle(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }

    /// Waits until the pause is over.
    pub async fn rested(mut self) -> Self {
        if let Some(until) = self.rests_until {
            sleep_until(until).await;
        }
        self.rests_until = None;
        self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.slots.pause.is_zero() {
            let until = self.rests_until.unwrap_or_else(|| Instant::now() + self.slots.pause);
            lock(&self.slots.idle).push(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slot_rests_before_it_is_taken_again() {
        let slots = Arc::new(Slots::new(2, Duration::from_millis(200)));
        let began = Instant::now();
        let rested = async || slots.take().await.unwrap().rested().await;
        let (first, second) = (rested().await, rested().await);
        assert!(began.elapsed().is_zero(), "nothing to rest from");
        tokio::time::advance(Duration::from_millis(100)).await;
        drop(second);
        drop(first);
        // A request abandoned during the pause does not restart the pause.
        let given_up = tokio::time::timeout(Duration::from_millis(50), rested()).await;
        assert!(given_up.is_err());
        let third = rested().await;
        assert_eq!(began.elapsed().as_millis(), 300);
        drop(third);
        let _fourth = rested().await;
        assert_eq!(began.elapsed().as_millis(), 300, "the other has rested as well");
        let fifth = slots.take().await.unwrap();
        assert!(fifth.is_idle());
        let fifth = fifth.rested().await;
        assert!(!fifth.is_idle());
        assert_eq!(began.elapsed().as_millis(), 500);
    }
}
