//! The gate of a route: while a server asks to be left alone, or cannot be reached, nobody passes. Deliberately absent:
//! pacing by limits, which would hold requests back before anybody has to ask.

use std::sync::Mutex;
use std::time::Duration;

use domain::run::{Hold, RetryKind};
use tokio::time::{Instant, sleep, sleep_until};

use crate::library::lock;

/// Those who waited pass one by one within this time, so that they do not all arrive at once.
const REOPENING: Duration = Duration::from_millis(500);

struct Held {
    until: Instant,
    kind: RetryKind,
    detail: String,
}

/// Shared by everything that sends to one server.
#[derive(Default)]
pub struct Gate(Mutex<Option<Held>>);

impl Gate {
    /// Lets nobody pass for so long. Of two holds the later end counts.
    pub fn hold(&self, how_long: Duration, kind: RetryKind, detail: &str) {
        let until = Instant::now() + how_long;
        let mut held = lock(&self.0);
        if held.as_ref().is_none_or(|held| held.until < until) {
            *held = Some(Held { until, kind, detail: detail.to_owned() });
        }
    }

    /// Waits until the gate is open.
    pub async fn passage(&self) {
        let mut has_waited = false;
        loop {
            let until = lock(&self.0).as_ref().map(|held| held.until);
            match until {
                Some(until) if Instant::now() < until => {
                    has_waited = true;
                    sleep_until(until).await;
                }
                _ if has_waited => {
                    has_waited = false;
                    sleep(REOPENING.mul_f64(fastrand::f64())).await;
                }
                _ => return,
            }
        }
    }

    /// Why nobody passes right now.
    pub fn held(&self) -> Option<Hold> {
        let held = lock(&self.0);
        let held = held.as_ref()?;
        let left = held.until.checked_duration_since(Instant::now())?;
        let left_millis = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        (left_millis > 0).then(|| Hold { kind: held.kind, left_millis, detail: held.detail.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_passes_a_held_gate_and_all_pass_soon_after() {
        let gate = Gate::default();
        let began = Instant::now();
        gate.passage().await;
        assert_eq!(began.elapsed(), Duration::ZERO);

        gate.hold(Duration::from_secs(7), RetryKind::RateLimited, "slow down");
        gate.hold(Duration::from_secs(2), RetryKind::Unreachable, "shorter holds change nothing");
        let hold = gate.held().unwrap();
        assert_eq!((hold.kind, hold.left_millis, hold.detail.as_str()), (RetryKind::RateLimited, 7_000, "slow down"));
        gate.passage().await;
        assert!((Duration::from_secs(7)..=Duration::from_millis(7_501)).contains(&began.elapsed()));
        assert_eq!(gate.held(), None);
    }
}
