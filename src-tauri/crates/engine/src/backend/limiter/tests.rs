//! The limiter against simulated servers in virtual time: how long it takes compared to a scheduler that knows the limits,
//! and how often it is refused.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use providers::rate_limits::Window as TokenWindow;

use super::*;

#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a server, and all of them go together")]
#[derive(Debug, Clone, Copy)]
struct Server {
    /// Requests per second, and the burst.
    rate: Option<(f64, f64)>,
    concurrency: usize,
    announces: bool,
    /// Counts each request's output maximum on arrival.
    reserves: bool,
    /// Sends `retry-after` in whole seconds, as in the header.
    retry_after: bool,
    /// Reports overload instead of refusing.
    calls_it_overload: bool,
    /// One-way latency in milliseconds.
    one_way: u64,
    /// Maximum extra latency of a request, in milliseconds.
    jitter: u64,
}

#[derive(Debug, Clone, Copy)]
struct Fate {
    latency: u64,
    is_overloaded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(u64),
    Refused(u64),
    Failed(u64),
    /// The server has finished; the client learns of it one latency later.
    Leaves(u64),
    Answered(u64),
    Again,
}

#[derive(Debug, Default)]
struct Outcome {
    millis: u64,
    refusals: u32,
    outages: u32,
    /// The most requests that arrived within 50 ms of the first after a hold.
    after_hold: usize,
}

struct World {
    server: Server,
    level: f64,
    level_as_of: u64,
    in_flight: usize,
}

impl World {
    fn new(server: Server) -> Self {
        Self { server, level: server.rate.map_or(0.0, |(_, burst)| burst), level_as_of: 0, in_flight: 0 }
    }

    fn refill(&mut self, now: u64) {
        if let Some((rate, burst)) = self.server.rate {
            self.level = (self.level + rate * seconds(now - self.level_as_of)).min(burst);
        }
        self.level_as_of = now;
    }

    fn admits(&mut self, now: u64) -> bool {
        self.refill(now);
        let has_token = self.server.rate.is_none() || self.level >= 1.0 - 1e-9;
        if has_token && self.in_flight < self.server.concurrency {
            self.level -= 1.0;
            self.in_flight += 1;
            return true;
        }
        false
    }

    fn headers(&mut self, now: u64) -> RateLimits {
        self.refill(now);
        if !self.server.announces {
            return RateLimits::default();
        }
        let (limit, remaining) = match self.server.rate {
            Some((rate, _)) => (rate * 60.0, self.level.floor()),
            None => (10_000.0, 9_000.0),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
        let window = |by: f64, remaining: f64| {
            Some(TokenWindow { limit: (limit * by) as u64, remaining: (remaining * by) as u64, resets_at: None })
        };
        if self.server.reserves {
            return RateLimits { output_tokens: window(NEED.output_limit, self.level), ..RateLimits::default() };
        }
        RateLimits { requests: window(1.0, remaining), ..RateLimits::default() }
    }

    fn retry_after(&self) -> Option<Duration> {
        let wait = match self.server.rate {
            Some((rate, _)) => (1.0 - self.level).max(0.0) / rate,
            None => 1.0,
        };
        self.server.retry_after.then(|| Duration::from_secs_f64(wait.ceil()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

const NEED: Need = Need { input_tokens: 1_600.0, output_tokens: 300.0, output_limit: 8_192.0 };

/// Sends all requests through the limiter.
fn carried_out(server: Server, fates: &[Fate], concurrency: Option<u32>) -> Outcome {
    let start = Instant::now();
    let at = |millis: u64| start + Duration::from_millis(millis);
    let mut limiter = Limiter::new(Bounds { concurrency, ..Bounds::default() }, start);
    let mut world = World::new(server);
    let mut fates = fates.iter().copied().collect::<VecDeque<_>>();
    let total = fates.len();
    let (mut waiting, mut done) = (total, 0);
    let mut events = BinaryHeap::from([Reverse((0_u64, Event::Again))]);
    let mut flights = HashMap::new();
    let mut drawn: HashMap<u64, Fate> = HashMap::new();
    let mut told: HashMap<u64, (RateLimits, Option<Duration>)> = HashMap::new();
    let (mut outcome, mut last_send, mut hold_ends, mut arrivals) = (Outcome::default(), 0, Vec::new(), Vec::new());
    let mut next = 0_u64;
    let mut random = fastrand::Rng::with_seed(5);
    while let Some(Reverse((now, event))) = events.pop() {
        match event {
            Event::Arrives(id) => {
                arrivals.push(now);
                if world.admits(now) {
                    let fate = fates.pop_front().unwrap_or(Fate { latency: 500, is_overloaded: false });
                    drawn.insert(id, fate);
                    events.push(Reverse((now + fate.latency, Event::Leaves(id))));
                } else {
                    outcome.refusals += 1;
                    told.insert(id, (world.headers(now), world.retry_after()));
                    events.push(Reverse((now + server.one_way, Event::Refused(id))));
                }
            }
            Event::Leaves(id) => {
                world.in_flight -= 1;
                told.insert(id, (world.headers(now), None));
                let failed = drawn[&id].is_overloaded;
                events.push(Reverse((
                    now + server.one_way,
                    if failed { Event::Failed(id) } else { Event::Answered(id) },
                )));
            }
            Event::Refused(id) => {
                waiting += 1;
                if server.calls_it_overload {
                    let outage = limiter.failed(flights[&id], RetryKind::Overloaded, "busy", at(now));
                    outcome.outages += u32::from(outage.is_some());
                } else {
                    let (limits, retry_after) = told[&id];
                    if let Some(after) = retry_after {
                        hold_ends.push(now + u64::try_from(after.as_millis()).unwrap());
                    }
                    limiter.refused(flights[&id], retry_after, &limits, "slow down", at(now));
                }
            }
            Event::Failed(id) => {
                let outage = limiter.failed(flights[&id], RetryKind::Overloaded, "busy", at(now));
                assert!(server.calls_it_overload || outage.is_none());
                waiting += 1;
            }
            Event::Answered(id) => {
                limiter.accepted(flights[&id], &told[&id].0, at(now));
                limiter.ended(flights[&id], at(now));
                done += 1;
                outcome.millis = now;
            }
            Event::Again => {}
        }
        while waiting > 0 {
            match limiter.opening(NEED, at(now)) {
                Opening::Open { .. } => {
                    flights.insert(next, limiter.send(NEED, at(now)));
                    // Requests of the same instant are sent in order.
                    last_send = now.max(last_send);
                    let delay = random.u64(0..=server.jitter);
                    events.push(Reverse((last_send + server.one_way + delay, Event::Arrives(next))));
                    next += 1;
                    waiting -= 1;
                }
                Opening::At(then) => {
                    let millis = u64::try_from((then - start).as_micros().div_ceil(1_000)).unwrap();
                    events.push(Reverse((millis.max(now + 1), Event::Again)));
                    break;
                }
                Opening::Full => break,
            }
        }
    }
    assert_eq!((done, limiter.in_flight()), (total, 0), "none lost");
    let within = |end: &u64| {
        let after = || arrivals.iter().filter(|&&arrival| arrival >= *end);
        after().next().map_or(0, |first| after().filter(|&&arrival| arrival < first + 50).count())
    };
    outcome.after_hold = hold_ends.iter().map(within).max().unwrap_or(0);
    outcome
}

/// The same workload with an ideal client that sends exactly when the server has room.
fn optimum(server: Server, fates: &[Fate], concurrency: usize) -> u64 {
    let mut world = World::new(server);
    let (mut waiting, mut fates) = (fates.len(), fates.iter().copied().collect::<VecDeque<_>>());
    let (mut leaving, mut now, mut end) = (BinaryHeap::new(), 0, 0);
    while waiting > 0 || !leaving.is_empty() {
        while let Some(&Reverse((at, failed))) = leaving.peek()
            && at <= now
        {
            leaving.pop();
            world.in_flight -= 1;
            waiting += usize::from(failed);
            end = now;
        }
        while waiting > 0 && world.in_flight < concurrency && world.admits(now) {
            let fate = fates.pop_front().unwrap_or(Fate { latency: 500, is_overloaded: false });
            leaving.push(Reverse((now + fate.latency, fate.is_overloaded)));
            waiting -= 1;
        }
        now += 1;
    }
    end + 2 * server.one_way
}

fn steady(count: usize) -> Vec<Fate> {
    vec![Fate { latency: 500, is_overloaded: false }; count]
}

/// Log-normal latencies around 500 ms; 3 % of the requests are overloaded.
fn chaotic(count: usize, seed: u64) -> Vec<Fate> {
    let mut random = fastrand::Rng::with_seed(seed);
    let fate = |_| {
        // Box-Muller transform (1958).
        let (u, v) = (1.0 - random.f64(), random.f64());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a test")]
        let latency = (500.0 * (0.5 * normal).exp()) as u64;
        Fate { latency, is_overloaded: random.f64() < 0.03 }
    };
    (0..count).map(fate).collect()
}

/// The same, but overloaded requests fail at once.
fn hasty(fates: Vec<Fate>) -> Vec<Fate> {
    let hastened = |fate: Fate| Fate { latency: if fate.is_overloaded { 1 } else { fate.latency }, ..fate };
    fates.into_iter().map(hastened).collect()
}

const FREE: Server = Server {
    rate: None,
    concurrency: 1_000,
    announces: false,
    reserves: false,
    retry_after: false,
    calls_it_overload: false,
    one_way: 3,
    jitter: 0,
};
const BY_RATE: Server = Server { rate: Some((10.0, 10.0)), ..FREE };
const AT_ONCE: Server = Server { concurrency: 8, ..FREE };

#[test]
fn hidden_limits_cost_little_time_and_few_refusals() {
    let mut failures = Vec::new();
    for (name, plain) in [("600 a minute", BY_RATE), ("8 at a time", AT_ONCE)] {
        for announces in [true, false] {
            for retry_after in [true, false] {
                let weathers = [
                    ("steady", steady(1_000), 0),
                    ("chaos", chaotic(1_000, 7), 0),
                    ("hasty chaos", hasty(chaotic(1_000, 7)), 0),
                    ("jitter", steady(1_000), 40),
                ];
                for (weather, fates, jitter) in weathers {
                    let server = Server { announces, retry_after, jitter, ..plain };
                    let best = optimum(server, &fates, 32);
                    let outcome = carried_out(server, &fates, Some(32));
                    let ratio = seconds(outcome.millis) / seconds(best);
                    let report = format!(
                        "{name}, headers {announces}, retry-after {retry_after}, {weather}: {ratio:.3} of {best} ms, \
                         {} refusals, {} after a hold",
                        outcome.refusals, outcome.after_hold
                    );
                    let is_announced_rate = announces && plain.rate.is_some();
                    let most_refusals = if is_announced_rate { 10 } else { 30 };
                    // The ideal client ignores jitter, which delays every answer.
                    let slowest = if jitter > 0 { 1.12 } else { 1.08 };
                    // Without a rate limit, a burst up to the server's concurrency is harmless.
                    let most_after_hold = if plain.rate.is_some() { 2 + usize::from(jitter > 0) } else { 8 };
                    let is_polite = outcome.refusals <= most_refusals && outcome.after_hold <= most_after_hold;
                    if ratio > slowest || !is_polite {
                        failures.push(report);
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_limit_that_counts_output_maxima_is_learned() {
    for announces in [true, false] {
        for retry_after in [true, false] {
            let server = Server { reserves: true, announces, retry_after, ..BY_RATE };
            let outcome = carried_out(server, &steady(1_000), Some(32));
            let ratio = seconds(outcome.millis) / seconds(optimum(server, &steady(1_000), 32));
            let most_refusals = if announces { 10 } else { 30 };
            assert!(
                ratio <= 1.08 && outcome.refusals <= most_refusals,
                "{announces}, {retry_after}: {ratio:.3}, {outcome:?}"
            );
        }
    }
}

#[test]
fn no_wait_that_a_server_asks_for_ends_the_process_or_lasts_for_ever() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Bounds::default(), start);
    let flight = limiter.send(NEED, start);
    assert_eq!(limiter.refused(flight, Some(Duration::MAX), &RateLimits::default(), "wait", start), start);
    assert_eq!(limiter.opening(NEED, start), Opening::At(start + LONGEST_WAIT));
    // With one refusal a minute for hours, the start of the refusals stays the same until a request is accepted.
    let mut now = start;
    for _ in 0..200 {
        now += Duration::from_mins(1);
        let flight = limiter.send(NEED, now);
        assert_eq!(limiter.refused(flight, None, &RateLimits::default(), "wait", now), start);
    }
    let flight = limiter.send(NEED, now);
    limiter.accepted(flight, &RateLimits::default(), now);
    limiter.ended(flight, now);
    let flight = limiter.send(NEED, now);
    assert_eq!(limiter.refused(flight, None, &RateLimits::default(), "wait", now), now);
}

#[test]
fn a_full_server_that_calls_itself_overloaded_is_sent_no_more_than_it_takes() {
    let server = Server { calls_it_overload: true, ..AT_ONCE };
    for concurrency in [9, 12, 32, 64] {
        for fates in [steady(1_000), chaotic(1_000, 7)] {
            let outcome = carried_out(server, &fates, Some(concurrency));
            let ratio = seconds(outcome.millis) / seconds(optimum(server, &fates, concurrency as usize));
            assert!(ratio <= 1.08 && outcome.refusals <= 30, "{concurrency}: {ratio:.3}, {outcome:?}");
        }
    }
}

#[test]
fn occasional_overloads_do_not_lower_the_rate() {
    for seed in 0..5 {
        let busy = chaotic(1_000, seed).into_iter().map(|fate| Fate { latency: 500, ..fate });
        let fates = hasty(busy.collect());
        let outcome = carried_out(FREE, &fates, Some(32));
        let ratio = seconds(outcome.millis) / seconds(optimum(FREE, &fates, 32));
        assert!(ratio <= 1.08, "{ratio:.3}, {outcome:?}");
    }
}

#[test]
fn without_limits_it_fills_the_places_within_a_moment() {
    let outcome = carried_out(FREE, &steady(1_000), Some(32));
    assert!(outcome.millis <= 16_800, "{outcome:?}");
    assert_eq!(outcome.refusals, 0);
    let outcome = carried_out(FREE, &steady(1_000), None);
    assert!(outcome.millis <= 12_000, "{outcome:?}");
}

#[test]
fn a_limit_that_a_person_has_set_spaces_requests() {
    let start = Instant::now();
    let bounds = Bounds { requests_per_minute: Some(50), ..Bounds::default() };
    let mut limiter = Limiter::new(bounds, start);
    // Also after the machine has slept, which saves up no requests.
    for began in [start, start + Duration::from_hours(8)] {
        let (mut now, mut sent_at) = (began, Vec::new());
        while sent_at.len() < 4 {
            match limiter.opening(Need::default(), now) {
                Opening::Open { .. } => {
                    let flight = limiter.send(Need::default(), now);
                    limiter.ended(flight, now);
                    sent_at.push((now - began).as_millis());
                }
                Opening::At(at) => now = at,
                Opening::Full => unreachable!("nothing is under way"),
            }
        }
        assert_eq!(sent_at, [0, 1_200, 2_400, 3_600]);
    }
}

#[test]
fn waits_grow_while_a_server_keeps_failing() {
    let start = Instant::now();
    let mut limiter = Limiter::new(Bounds::default(), start);
    let flights: Vec<FlightId> = (0..8).map(|_| limiter.send(Need::default(), start)).collect();
    let outages: Vec<bool> = flights
        .into_iter()
        .map(|flight| limiter.failed(flight, RetryKind::Overloaded, "busy", start).is_some())
        .collect();
    assert_eq!(outages, [false, false, false, false, false, true, true, true]);
    let held = limiter.held(start).unwrap();
    assert_eq!((held.kind, held.left_millis), (RetryKind::Overloaded, 1_000));

    let later = start + Duration::from_secs(1);
    assert!(matches!(limiter.opening(Need::default(), later), Opening::Open { .. }));
    let probe = limiter.send(Need::default(), later);
    assert!(matches!(limiter.opening(Need::default(), later), Opening::At(_)), "one at a time finds out");
    let outage = limiter.failed(probe, RetryKind::Overloaded, "busy", later).unwrap();
    assert_eq!((outage.since, outage.is_new, limiter.held(later).unwrap().left_millis), (start, true, 2_000));
}
