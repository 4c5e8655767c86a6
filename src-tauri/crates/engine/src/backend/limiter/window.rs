//! Learns a server's concurrency limit from refusals: the number of requests it had accepted when it refused one more.

use std::time::Duration;

use tokio::time::Instant;

/// Wait before one more request is tried; quadruples each time it is refused.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);
const LONGEST_PATIENCE: Duration = Duration::from_mins(5);
/// Wait before one more request is tried while none has ended; doubles each time it is refused.
const FIRST_DOUBT: Duration = Duration::from_millis(250);
/// Wait between a successful try and the next, larger one.
const STRIDE: Duration = Duration::from_secs(1);

/// `None` until a refusal reveals a limit.
#[derive(Debug, Default)]
pub struct ConcurrencyWindow(Option<Known>);

#[derive(Debug)]
struct Known {
    size: usize,
    /// The size after the last cut, before it was widened.
    cut_to: usize,
    /// When one more request is tried although none in flight has ended. Its success would mean that the limit is a rate.
    doubt_at: Instant,
    doubt: Duration,
    patience: Duration,
    widen_at: Instant,
    step: usize,
}

impl ConcurrencyWindow {
    /// Records that the server refused a request with `accepted` others in flight.
    pub fn cut(&mut self, accepted: usize, now: Instant) {
        let doubt = match &self.0 {
            Some(known) if accepted == known.cut_to => known.doubt * 2,
            _ => FIRST_DOUBT,
        };
        let patience = match &self.0 {
            Some(known) if accepted.abs_diff(known.size) <= 1 => (known.patience * 4).min(LONGEST_PATIENCE),
            // A different number than last time may have a different cause.
            _ => FIRST_PATIENCE,
        };
        let size = accepted.max(1);
        self.0 = Some(Known {
            size,
            cut_to: size,
            doubt_at: now + doubt,
            doubt,
            patience,
            widen_at: now + patience,
            step: 1,
        });
    }

    /// Corrects the last cut: a request counted as accepted was refused as well.
    pub fn correct(&mut self) {
        if let Some(known) = &mut self.0 {
            known.size = (known.size - 1).max(1);
            known.cut_to = known.size;
        }
    }

    /// Discards the limit: the cause was not the concurrency.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// The concurrency at the last refusal.
    pub fn cut_to(&self) -> Option<usize> {
        self.0.as_ref().map(|known| known.cut_to)
    }

    pub fn size(&self) -> Option<usize> {
        self.0.as_ref().map(|known| known.size)
    }

    /// Admits one more request after the window has been full and quiet for long enough.
    pub fn widen(&mut self, in_flight: usize, has_one_ended: bool, now: Instant) {
        let Some(known) = self.0.as_mut().filter(|known| in_flight >= known.size) else { return };
        if now >= known.widen_at {
            known.size += known.step;
            known.step *= 2;
            known.widen_at = now + STRIDE;
        } else if !has_one_ended && known.size == known.cut_to && now >= known.doubt_at {
            known.size += 1;
        }
    }

    /// When the window may widen next.
    pub fn widens_at(&self, has_one_ended: bool) -> Option<Instant> {
        let known = self.0.as_ref()?;
        let is_doubted = !has_one_ended && known.size == known.cut_to;
        Some(if is_doubted { known.doubt_at.min(known.widen_at) } else { known.widen_at })
    }

    /// Whether the server has accepted more requests at once than when it refused.
    pub fn is_disproved_by(&self, accepted: usize) -> bool {
        self.cut_to().is_some_and(|cut_to| accepted > cut_to)
    }
}
