//! The least time in which anybody could have had all answers: a scheduler that knows the limits and is told at once, on
//! the very draws that the requests met.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use simulator::{Fate, Fault};

/// What a server allows.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// Requests a second, and how many may be saved up.
    pub rate: Option<(f64, f64)>,
    pub concurrency: usize,
}

/// Milliseconds until `count` requests are answered; `beyond` is what an answer takes after its first byte.
pub fn optimum_millis(count: usize, allowed: Allowed, mut fates: impl Iterator<Item = Fate>, beyond: u64) -> u64 {
    let (mut waiting, mut now, mut end) = (count, 0_u64, 0);
    let mut level = allowed.rate.map_or(f64::INFINITY, |(_, burst)| burst);
    // When each request under way ends, and whether it has to be made again.
    let mut under_way = BinaryHeap::new();
    while waiting > 0 || !under_way.is_empty() {
        while let Some(&Reverse((at, is_again))) = under_way.peek()
            && at <= now
        {
            under_way.pop();
            waiting += usize::from(is_again);
            end = now;
        }
        while waiting > 0 && level >= 1.0 && under_way.len() < allowed.concurrency {
            let Some(fate) = fates.next() else { return end };
            let first_byte = u64::try_from(fate.first_byte.as_millis()).unwrap_or(u64::MAX);
            let (takes, is_again) = match fate.fault {
                None => (first_byte + beyond, false),
                Some(Fault::Overloaded | Fault::Reset) => (1, true),
                Some(_) => (first_byte, true),
            };
            under_way.push(Reverse((now + takes, is_again)));
            waiting -= 1;
            level -= 1.0;
        }
        now += 1;
        if let Some((per_second, burst)) = allowed.rate {
            level = (level + per_second / 1_000.0).min(burst);
        }
    }
    end
}
