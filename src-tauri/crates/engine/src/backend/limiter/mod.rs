//! Decides when a request may be sent to an endpoint. Pure: time and events are passed in, and nothing waits or sends here.
//!
//! Limits come from three sources, and the strictest applies: limits set by the user, limits announced in response headers,
//! and limits learned from refusals. Without headers, rate and concurrency refusals look alike. They differ in whether the
//! server was seen to handle more requests at once than when it refused. Some servers report overload when they are full:
//! see `crowding`.
//!
//! Requests are sent in growing groups until the first refusal, since refusals arrive at once and answers take seconds;
//! after a refusal they are sent one by one. A refusal of a request sent before the last cut carries no new information.

mod announced;
mod bucket;
mod ceiling;
mod crowding;
mod flights;
mod known;
mod learned;
mod outage;
#[cfg(test)]
mod tests;
mod wait_reason;
mod window;

use std::time::Duration;

use domain::run::Hold;
use domain::run_state::RetryKind;
use providers::rate_limits::RateLimits;
use providers::refusal::LONGEST_WAIT;
use tokio::time::Instant;

use announced::{Announced, Told, told};
use bucket::Bucket;
use ceiling::Ceiling;
use crowding::Crowding;
use flights::{Flight, Flights};
use learned::Learned;
use outage::Health;
use window::ConcurrencyWindow;

pub use flights::FlightId;
pub use outage::Outage;
pub use wait_reason::Met;

/// Unconfirmed requests allowed at the start; doubles each `RAMP_STEP`.
const FIRST_GROUP: u32 = 4;
const RAMP_STEP: Duration = Duration::from_millis(100);
/// After a refusal, the group doubles after each such interval without another refusal.
const RECOVERY_STEP: Duration = Duration::from_secs(1);
/// An endpoint idle for this long starts again with small groups.
const IDLE: Duration = Duration::from_secs(10);
/// Two refusals within this time, each with one request less in flight than the server had accepted before, rule out chance.
const COINCIDENCE: Duration = Duration::from_secs(5);
/// The request field that a refusal names if the server counts the output maximum.
const RESERVED_FIELD: &str = "max_tokens";

/// The unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Requests,
    /// Input and output combined.
    Tokens,
    InputTokens,
    OutputTokens,
}

impl Unit {
    pub const ALL: [Self; 4] = [Self::Requests, Self::Tokens, Self::InputTokens, Self::OutputTokens];
}

/// The expected usage of a request, per limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Need {
    pub input_tokens: f64,
    pub output_tokens: f64,
    /// The request's output maximum, which some servers count instead of the actual output.
    pub output_limit: f64,
}

impl Need {
    /// With the output maximum in place of the expected output.
    fn reserved(self) -> Self {
        Self { output_tokens: self.output_limit.max(self.output_tokens), ..self }
    }

    fn of(self, unit: Unit) -> f64 {
        match unit {
            Unit::Requests => 1.0,
            Unit::Tokens => self.input_tokens + self.output_tokens,
            Unit::InputTokens => self.input_tokens,
            Unit::OutputTokens => self.output_tokens,
        }
    }
}

/// Limits set by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Concurrency limit; `None` for automatic.
    pub concurrency: Option<u32>,
    pub requests_per_minute: Option<u32>,
    pub input_tokens_per_minute: Option<u32>,
    pub output_tokens_per_minute: Option<u32>,
}

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Now, with this many places left.
    Open { room: usize },
    /// Not before this time.
    At(Instant),
    /// Not before the state of a request in flight changes.
    Full,
}

#[derive(Debug)]
struct Held {
    until: Instant,
    kind: RetryKind,
    detail: String,
}

/// The known limits of one endpoint and its requests in flight.
#[derive(Debug)]
pub struct Limiter {
    bounds: Bounds,
    set: [Option<Bucket>; Unit::ALL.len()],
    announced: Announced,
    learned: Learned,
    window: ConcurrencyWindow,
    ceiling: Ceiling,
    crowding: Crowding,
    hold: Option<Held>,
    flights: Flights,
    health: Health,
    /// Requests accepted by the server or not known to be refused.
    admitted: u64,
    /// Whether the server counts a request's output maximum on arrival instead of the actual output. Refusals reveal it: by
    /// naming the field, or by exhausting a limit that had room for the expected output but not for the maximum.
    reserves_output: bool,
    /// The highest concurrency the server is known to have accepted since the last concurrency cut.
    proven: usize,
    ramp_began: Instant,
    cut_at: Option<Instant>,
    doubtful_at: Option<Instant>,
    /// Whether a request has ended since the last concurrency cut.
    has_one_ended: bool,
    /// Whether the last concurrency cut was actually due to a rate limit.
    is_by_rate: bool,
    last_used: Option<Instant>,
}

impl Limiter {
    #[must_use]
    pub fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            set: set_buckets(bounds, now),
            announced: Announced::default(),
            learned: Learned::default(),
            window: ConcurrencyWindow::default(),
            ceiling: Ceiling::new(bounds.concurrency),
            crowding: Crowding::default(),
            hold: None,
            flights: Flights::default(),
            health: Health::default(),
            admitted: 0,
            reserves_output: false,
            proven: 0,
            ramp_began: now,
            cut_at: None,
            doubtful_at: None,
            has_one_ended: true,
            is_by_rate: false,
            last_used: None,
        }
    }

    /// Starts a run with the user's current limits. Learned limits stay; the outage timer restarts.
    pub fn set_bounds(&mut self, bounds: Bounds, now: Instant) {
        self.health.begin_waiting_anew();
        if bounds.concurrency != self.bounds.concurrency {
            self.ceiling = Ceiling::new(bounds.concurrency);
        }
        if bounds != self.bounds {
            self.set = set_buckets(bounds, now);
            self.bounds = bounds;
        }
    }

    /// Whether a request of `need` may be sent now.
    pub fn opening(&mut self, need: Need, now: Instant) -> Opening {
        let need = self.counted(need);
        if let Some(held) = self.hold.as_ref().filter(|held| held.until > now) {
            return Opening::At(held.until);
        }
        self.learned.grow(now);
        if !self.has_one_ended && self.window.is_disproved_by(self.flights.accepted_count(now)) {
            // The server accepts more at once than when it refused, and no request has ended since: the cause was the rate.
            self.is_by_rate = true;
            self.window.forget();
        }
        self.window.widen(self.flights.count(), self.has_one_ended, now);
        let places = self.places();
        if self.flights.count() >= places {
            return match self.window.widens_at(self.has_one_ended) {
                Some(at) if at > now && places < self.ceiling.height() => Opening::At(at),
                _ => Opening::Full,
            };
        }
        let ready_at = self.ready_at(need, now);
        if ready_at > now {
            return Opening::At(ready_at);
        }
        match self.group_has_room_at(now) {
            at if at > now => Opening::At(at),
            _ => Opening::Open { room: places - self.flights.count() },
        }
    }

    /// The current concurrency limit.
    #[must_use]
    pub fn places(&self) -> usize {
        self.window.size().map_or(self.ceiling.height(), |window| window.min(self.ceiling.height()))
    }

    #[must_use]
    pub fn is_adaptive(&self) -> bool {
        self.ceiling.is_adaptive()
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.count()
    }

    /// The strictest known limit, in requests per minute.
    #[must_use]
    pub fn requests_per_minute(&self) -> Option<f64> {
        let set = self.set[Unit::Requests as usize].map(|bucket| bucket.per_second());
        let known = [set, self.announced.requests_per_second(), self.learned.per_second()];
        known.into_iter().flatten().min_by(f64::total_cmp).map(|per_second| per_second * 60.0)
    }

    fn ready_at(&self, need: Need, now: Instant) -> Instant {
        let set = Unit::ALL.into_iter().zip(&self.set);
        let set = set.filter_map(|(unit, bucket)| Some(bucket.as_ref()?.ready_at(need.of(unit), now))).max();
        set.unwrap_or(now).max(self.announced.ready_at(need, now)).max(self.learned.ready_at(now))
    }

    /// When the group of unconfirmed requests has room for one more.
    fn group_has_room_at(&self, now: Instant) -> Instant {
        let (group, step) = match self.cut_at {
            None => (FIRST_GROUP, RAMP_STEP),
            Some(_) => (self.group_after_cut(), RECOVERY_STEP),
        };
        let began = self.cut_at.unwrap_or(self.ramp_began).max(self.ramp_began);
        let doublings = u32::try_from(now.duration_since(began).as_millis() / step.as_millis()).unwrap_or(u32::MAX);
        let group = group.saturating_mul(2_u32.saturating_pow(doublings.min(31)));
        if self.flights.unknown_count(now) < group as usize {
            return now;
        }
        let next_doubling = began + step.saturating_mul(doublings.saturating_add(1));
        self.flights.known_next_at(now).map_or(next_doubling, |known| known.min(next_doubling))
    }

    /// As many requests as the limit admits within one refusal latency.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of requests")]
    fn group_after_cut(&self) -> u32 {
        let per_second = self.requests_per_minute().unwrap_or(0.0) / 60.0;
        (per_second * self.flights.lag().as_secs_f64()).ceil().max(1.0) as u32
    }

    /// Records that a request is sent.
    pub fn send(&mut self, need: Need, now: Instant) -> FlightId {
        let need = self.counted(need);
        if self.flights.count() == 0 && self.last_used.is_some_and(|last| now.duration_since(last) > IDLE) {
            self.ramp_began = now;
        }
        for (unit, bucket) in Unit::ALL.into_iter().zip(&mut self.set) {
            if let Some(bucket) = bucket {
                bucket.take(need.of(unit), now);
            }
        }
        self.announced.take(need, now);
        self.learned.take(now);
        self.admitted += 1;
        self.last_used = Some(now);
        self.proven = self.proven.max(self.flights.accepted_count(now));
        self.flights.add(need, now)
    }

    /// Records that the server has started to answer.
    pub fn accepted(&mut self, id: FlightId, limits: &RateLimits, now: Instant) {
        let in_flight = self.flights.count();
        if let Some(wait) = self.flights.accept(id, now) {
            self.ceiling.record_begun(wait, in_flight);
        }
        self.record_working(now);
        self.hear(limits, now);
    }

    fn record_working(&mut self, now: Instant) {
        self.proven = self.proven.max(self.flights.accepted_count(now));
        self.health.record_answer();
    }

    fn hear(&mut self, limits: &RateLimits, now: Instant) {
        let (flights, is_reserved) = (&self.flights, self.reserves_output);
        self.announced.hear(limits, |unit| flights.uncounted(unit, is_reserved, now), now);
    }

    /// Records that the server answered, or rejected this request for its content.
    pub fn ended(&mut self, id: FlightId, now: Instant) {
        self.record_working(now);
        if let Some(flight) = self.over(id, now) {
            self.crowding.record_taken(&flight);
        }
    }

    /// Records that the client gave up on the request.
    pub fn abandoned(&mut self, id: FlightId, now: Instant) {
        self.over(id, now);
    }

    fn over(&mut self, id: FlightId, now: Instant) -> Option<Flight> {
        let flight = self.flights.remove(id);
        self.has_one_ended |= flight.is_some();
        self.last_used = Some(now);
        flight
    }

    /// Records a server failure or a failed connection, and returns the outage it belongs to. During an outage the limiter
    /// backs off; if the server is full, it caps the concurrency instead.
    pub fn failed(&mut self, id: FlightId, kind: RetryKind, detail: &str, now: Instant) -> Option<Outage> {
        let flight = self.flights.remove(id)?;
        (self.last_used, self.has_one_ended) = (Some(now), true);
        let may_be_full = kind == RetryKind::Overloaded && self.flights.may_lack_a_place(&flight, now);
        let known = self.window.cut_to();
        let is_full = may_be_full && self.crowding.record_overloaded(&flight, known, &self.flights, now);
        let outage = self.health.record_failure(flight.sent_at, kind == RetryKind::Unreachable);
        match outage {
            Some(_) if !may_be_full => self.back_off(kind, detail, now),
            None if !is_full => {}
            _ => self.record_full(&flight, now),
        }
        outage
    }

    /// Records that the server had no room for `flight` besides the other requests in flight.
    fn record_full(&mut self, flight: &Flight, now: Instant) {
        self.flights.record_lag(now.duration_since(flight.sent_at));
        if self.cut_at.is_some_and(|cut_at| flight.sent_at <= cut_at) {
            self.window.correct();
            return;
        }
        self.cut_at = Some(now);
        self.window.cut(self.flights.count(), now);
        self.proven = self.flights.accepted_count(now);
    }

    /// Records that the server refused a request because of a limit. Returns since when it has accepted none.
    pub fn refused(
        &mut self,
        id: FlightId,
        retry_after: Option<Duration>,
        limits: &RateLimits,
        detail: &str,
        now: Instant,
    ) -> Instant {
        let Some(flight) = self.flights.remove(id) else { return now };
        let since = self.health.record_refusal(flight.sent_at);
        self.last_used = Some(now);
        self.admitted -= 1;
        self.flights.record_lag(now.duration_since(flight.sent_at));
        let (told, need) = self.told(limits, flight.need, detail);
        if told == Told::UsedUp {
            self.announced.space_out(need);
        }
        self.hear(limits, now);
        if let Some(after) = retry_after {
            self.hold(after, RetryKind::RateLimited, detail, now);
        }
        if self.cut_at.is_some_and(|cut_at| flight.sent_at <= cut_at) {
            // The request was counted as accepted when the cut was made.
            self.window.correct();
            self.learned.correct();
            return since;
        }
        self.cut_at = Some(now);
        let accepted = self.flights.count();
        match told {
            Told::UsedUp => {}
            Told::Room => {
                self.window.cut(accepted, now);
                self.has_one_ended = true;
            }
            Told::Nothing => self.learn(accepted, now),
        }
        if accepted == 0 && retry_after.is_none() {
            self.back_off(RetryKind::RateLimited, detail, now);
        }
        since
    }

    /// What a refusal says about its cause, and the request's need as the server counts it.
    fn told(&mut self, limits: &RateLimits, need: Need, detail: &str) -> (Told, Need) {
        let is_used_up_by_reserving = told(limits, need) == Told::Room && told(limits, need.reserved()) == Told::UsedUp;
        let is_reserved = is_used_up_by_reserving || detail.contains(RESERVED_FIELD);
        if is_reserved && !self.reserves_output {
            self.reserves_output = true;
            self.flights.reserve();
        }
        let need = self.counted(need);
        (told(limits, need), need)
    }

    /// The request's need as the server counts it.
    fn counted(&self, need: Need) -> Need {
        if self.reserves_output { need.reserved() } else { need }
    }

    /// Learns from a refusal that does not name its cause, with `accepted` requests in flight.
    fn learn(&mut self, accepted: usize, now: Instant) {
        self.learned.note(self.admitted, now);
        let is_doubtful_again = self.doubtful_at.is_some_and(|at| now.duration_since(at) < COINCIDENCE);
        let is_by_rate = match self.proven.saturating_sub(accepted) {
            _ if self.is_by_rate => true,
            0 => false,
            // The server may not have noticed yet that one request has ended.
            1 => is_doubtful_again || (self.learned.is_known() && self.window.size().is_none()),
            _ => true,
        };
        self.doubtful_at = (self.proven == accepted + 1).then_some(now);
        self.is_by_rate = false;
        if is_by_rate && self.learned.settle(now) {
            self.window.forget();
        } else {
            self.window.cut(accepted, now);
            self.has_one_ended = false;
            self.proven = self.flights.accepted_count(now);
        }
    }

    /// Backs off exponentially while every request fails.
    fn back_off(&mut self, kind: RetryKind, detail: &str, now: Instant) {
        if self.hold.as_ref().is_some_and(|held| held.until > now) {
            return;
        }
        let backoff = self.health.next_backoff();
        self.cut_at = Some(now);
        self.hold(backoff, kind, detail, now);
    }

    /// Holds all requests for this long. Of two holds, the one that ends later wins.
    fn hold(&mut self, how_long: Duration, kind: RetryKind, detail: &str, now: Instant) {
        let until = now + how_long.min(LONGEST_WAIT);
        if self.hold.as_ref().is_none_or(|held| held.until < until) {
            self.hold = Some(Held { until, kind, detail: detail.to_owned() });
            // Waiting requests are sent gradually, as after a refusal, not all at once.
            self.ramp_began = until;
        }
    }

    /// Why all requests are held right now.
    #[must_use]
    pub fn held(&self, now: Instant) -> Option<Hold> {
        let held = self.hold.as_ref()?;
        let left = held.until.checked_duration_since(now)?;
        let left_millis = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        (left_millis > 0).then(|| Hold { kind: held.kind, left_millis, detail: held.detail.clone() })
    }
}

fn set_buckets(bounds: Bounds, now: Instant) -> [Option<Bucket>; Unit::ALL.len()] {
    let minutely = |limit: Option<u32>| {
        let limit = limit.filter(|&limit| limit > 0)?;
        // A bucket for one request, full at the start. A token limit admits a request once the tokens of the previous one
        // have been refilled.
        Some(Bucket::new(f64::from(limit) / 60.0, 1.0, 1.0, now))
    };
    [
        minutely(bounds.requests_per_minute),
        None,
        minutely(bounds.input_tokens_per_minute),
        minutely(bounds.output_tokens_per_minute),
    ]
}
