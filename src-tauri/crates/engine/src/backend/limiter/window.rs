//! How many requests a server takes at a time, learned from refusals: as many as it had taken when it refused one more.

use std::time::Duration;

use tokio::time::Instant;

/// Before one more is tried; quadruples with every time that this is refused.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);
const LONGEST_PATIENCE: Duration = Duration::from_mins(5);
/// Before one more is tried while none has ended; doubles with every time that this is refused.
const FIRST_DOUBT: Duration = Duration::from_millis(250);
/// Between a try that went well and the next, which goes further.
const STRIDE: Duration = Duration::from_secs(1);

/// `None` until a refusal has shown that there is an end.
#[derive(Debug, Default)]
pub struct ConcurrencyWindow(Option<Known>);

#[derive(Debug)]
struct Known {
    size: usize,
    /// As it was cut, before it was widened.
    cut_to: usize,
    /// When one more is tried although none of those under way has ended: only a limit by rate would take it.
    doubt_at: Instant,
    doubt: Duration,
    patience: Duration,
    widen_at: Instant,
    step: usize,
}

impl ConcurrencyWindow {
    /// The server had `accepted` under way and refused another.
    pub fn cut(&mut self, accepted: usize, now: Instant) {
        let doubt = match &self.0 {
            Some(known) if accepted == known.cut_to => known.doubt * 2,
            _ => FIRST_DOUBT,
        };
        let patience = match &self.0 {
            Some(known) if accepted.abs_diff(known.size) <= 1 => (known.patience * 4).min(LONGEST_PATIENCE),
            // Another number than last time, which may as well have had another cause.
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

    /// One that was counted as accepted has been refused as well.
    pub fn correct(&mut self) {
        if let Some(known) = &mut self.0 {
            known.size = (known.size - 1).max(1);
            known.cut_to = known.size;
        }
    }

    /// It was not the number at a time.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// As many as it had taken when it refused one more.
    pub fn cut_to(&self) -> Option<usize> {
        self.0.as_ref().map(|known| known.cut_to)
    }

    pub fn size(&self) -> Option<usize> {
        self.0.as_ref().map(|known| known.size)
    }

    /// Lets one more in when it has been full and quiet for long enough.
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

    /// When it may be widened next.
    pub fn widens_at(&self, has_one_ended: bool) -> Option<Instant> {
        let known = self.0.as_ref()?;
        let is_doubted = !has_one_ended && known.size == known.cut_to;
        Some(if is_doubted { known.doubt_at.min(known.widen_at) } else { known.widen_at })
    }

    /// Whether the server has taken more than when it refused.
    pub fn is_disproved_by(&self, accepted: usize) -> bool {
        self.cut_to().is_some_and(|cut_to| accepted > cut_to)
    }
}
