//! The limiter's cost per request: check, send, accept and end, with other requests in flight. Time is passed in, so the
//! benchmark never waits.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use engine::limiter::{Bounds, FlightId, Limiter, Need, Opening};
use providers::rate_limits::{RateLimits, Window};
use tokio::time::Instant;

const NEED: Need = Need { input_tokens: 2_400.0, output_tokens: 600.0, output_limit: 8_192.0 };
/// Interval between two events of a run.
const MOMENT: Duration = Duration::from_millis(5);

/// An endpoint that is always at the user's concurrency limit.
struct FullEndpoint {
    limiter: Limiter,
    under_way: VecDeque<FlightId>,
    limits: RateLimits,
    now: Instant,
}

impl FullEndpoint {
    /// `limits` are the headers of every response.
    fn new(concurrency: u32, limits: RateLimits) -> Self {
        let now = Instant::now();
        let limiter = Limiter::new(Bounds { concurrency: Some(concurrency), ..Bounds::default() }, now);
        let mut endpoint = Self { limiter, under_way: VecDeque::new(), limits, now };
        for _ in 0..concurrency {
            endpoint.send();
        }
        endpoint
    }

    fn send(&mut self) {
        let flight = self.limiter.send(NEED, self.now);
        self.now += MOMENT;
        self.limiter.accepted(flight, &self.limits, self.now);
        self.under_way.push_back(flight);
    }

    /// Ends the oldest request and sends another.
    fn replace_oldest(&mut self) -> Opening {
        if let Some(oldest) = self.under_way.pop_front() {
            self.limiter.ended(oldest, self.now);
        }
        self.now += MOMENT;
        let opening = self.limiter.opening(NEED, self.now);
        self.send();
        opening
    }
}

/// Announced limits far above the usage.
fn announced() -> RateLimits {
    let window = |limit| Some(Window { limit, remaining: limit, resets_at: None });
    RateLimits {
        requests: window(1_000_000),
        input_tokens: window(10_000_000_000),
        output_tokens: window(10_000_000_000),
        ..RateLimits::default()
    }
}

fn limiter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limiter");
    for concurrency in [8, 64] {
        for (name, limits) in [("a request", RateLimits::default()), ("a request, limits announced", announced())] {
            group.bench_function(BenchmarkId::new(name, concurrency), |bencher| {
                let mut endpoint = FullEndpoint::new(concurrency, limits);
                bencher.iter(|| black_box(endpoint.replace_oldest()));
            });
        }
        group.bench_function(BenchmarkId::new("asking a full endpoint", concurrency), |bencher| {
            let mut endpoint = FullEndpoint::new(concurrency, RateLimits::default());
            bencher.iter(|| black_box(endpoint.limiter.opening(NEED, endpoint.now)));
        });
    }
    group.finish();
}

criterion_group!(benches, limiter);
criterion_main!(benches);
