//! As many requests at once as a person has allowed, over all lanes to a model, each place resting for a moment before it is
//! taken again: the earlier pipeline's workers, with their pause between two requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::library::lock;

/// So many places, and how long each rests.
pub struct Places {
    pub count: u32,
    pub pause: Duration,
    free: Arc<Semaphore>,
    /// Until when the free places rest that were taken before; the others are fresh.
    resting: Mutex<Vec<Instant>>,
}

/// A place that is taken until it is dropped.
pub struct Place {
    places: Arc<Places>,
    /// Until when it rests if nothing was sent from it.
    rests_until: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub fn new(count: u32, pause: Duration) -> Self {
        let count = count.max(1);
        Self { count, pause, free: Arc::new(Semaphore::new(count as usize)), resting: Mutex::default() }
    }

    /// Waits for a place that nobody has: of several the one that has rested longest.
    pub async fn take(self: &Arc<Self>) -> Option<Place> {
        // Fails only when it is closed, which nobody does.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        Some(Place { places: Arc::clone(self), rests_until: self.most_rested(), _permit: permit })
    }

    fn most_rested(&self) -> Option<Instant> {
        let mut resting = lock(&self.resting);
        let (earliest, _) = resting.iter().enumerate().min_by_key(|(_, until)| **until)?;
        Some(resting.swap_remove(earliest))
    }
}

impl Place {
    pub fn is_resting(&self) -> bool {
        self.rests_until.is_some_and(|until| until > Instant::now())
    }

    /// Waits until it has rested.
    pub async fn rested(mut self) -> Self {
        if let Some(until) = self.rests_until {
            sleep_until(until).await;
        }
        self.rests_until = None;
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.places.pause.is_zero() {
            let until = self.rests_until.unwrap_or_else(|| Instant::now() + self.places.pause);
            lock(&self.places.resting).push(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_place_rests_before_it_is_taken_again() {
        let places = Arc::new(Places::new(2, Duration::from_millis(200)));
        let began = Instant::now();
        let rested = async || places.take().await.unwrap().rested().await;
        let (first, second) = (rested().await, rested().await);
        assert!(began.elapsed().is_zero(), "nothing to rest from");
        tokio::time::advance(Duration::from_millis(100)).await;
        drop(second);
        drop(first);
        // Somebody who gives up while it rests does not make it rest anew.
        let given_up = tokio::time::timeout(Duration::from_millis(50), rested()).await;
        assert!(given_up.is_err());
        let third = rested().await;
        assert_eq!(began.elapsed().as_millis(), 300);
        drop(third);
        let _fourth = rested().await;
        assert_eq!(began.elapsed().as_millis(), 300, "the other has rested as well");
        let fifth = places.take().await.unwrap();
        assert!(fifth.is_resting());
        let fifth = fifth.rested().await;
        assert!(!fifth.is_resting());
        assert_eq!(began.elapsed().as_millis(), 500);
    }
}
