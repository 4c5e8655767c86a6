//! The memory that decoding may take, of all pictures in progress together. It is set aside before anything is allocated: a
//! picture that needs more than there is at all is refused, and one that needs more than is free now waits.
//!
//! Those that wait are served in the order in which they came, so that a large picture is not passed over by small ones for
//! ever. Nobody waits while holding a part: then two could wait for each other.

use crate::machine;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The share of the machine's memory that decoding may take, unless a setting says otherwise: one part of so many.
const SHARE: u64 = 4;
/// Enough for a photo of a camera on any machine.
const LEAST: u64 = 64_000_000;

/// A budget in bytes. Clones share it.
#[derive(Debug, Clone)]
pub struct DecodingMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    limit: u64,
    used: u64,
    /// Those that wait, the first first.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// Memory that is set aside until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: DecodingMemory,
    bytes: u64,
}

/// More than the whole budget is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverLimit {
    pub(crate) needed: u64,
    pub(crate) limit: u64,
}

impl Default for DecodingMemory {
    /// A quarter of the memory that this process may use.
    fn default() -> Self {
        Self::of(Self::default_limit())
    }
}

impl DecodingMemory {
    #[must_use]
    pub fn of(limit: u64) -> Self {
        let state = State { limit, used: 0, waiting: VecDeque::new(), next_ticket: 0 };
        Self(Arc::new(Shared { state: Mutex::new(state), freed: Condvar::new() }))
    }

    /// In bytes.
    #[must_use]
    pub fn default_limit() -> u64 {
        (machine::usable_memory() / SHARE).max(LEAST)
    }

    /// Takes effect for what is not set aside yet.
    pub fn set_limit(&self, limit: u64) {
        self.state().limit = limit;
        self.0.freed.notify_all();
    }

    /// Waits until `bytes` are free.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reservation, OverLimit> {
        let mut state = self.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push_back(ticket);
        let result = loop {
            // The limit may have been lowered meanwhile.
            if bytes > state.limit {
                break Err(OverLimit { needed: bytes, limit: state.limit });
            }
            if state.waiting.front() == Some(&ticket) && state.has_room(bytes) {
                state.used += bytes;
                break Ok(Reservation { memory: self.clone(), bytes });
            }
            state = self.0.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.waiting.retain(|&other| other != ticket);
        drop(state);
        // There may be room for the next one as well.
        self.0.freed.notify_all();
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self, bytes: u64) -> bool {
        self.used.checked_add(bytes).is_some_and(|used| used <= self.limit)
    }
}

impl Reservation {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sets aside `bytes` more if they are free right now, and says whether they were.
    pub(crate) fn try_grow(&mut self, bytes: u64) -> bool {
        let mut state = self.memory.state();
        let has_room = state.has_room(bytes);
        if has_room {
            state.used += bytes;
            self.bytes += bytes;
        }
        has_room
    }

    /// Gives back all but `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.bytes -= surplus;
        self.memory.state().used -= surplus;
        self.memory.0.freed.notify_all();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::Duration;

    /// Waits for `bytes` on a thread of its own; says when it has them, and keeps them until the answer is dropped.
    fn waiting(memory: &DecodingMemory, bytes: u64) -> Receiver<Result<Reservation, OverLimit>> {
        let (send, receive) = mpsc::channel();
        let before = memory.state().waiting.len();
        let its = memory.clone();
        thread::spawn(move || send.send(its.reserve(bytes)));
        while memory.state().waiting.len() == before {
            thread::yield_now();
        }
        receive
    }

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn what_is_too_much_together_waits_and_large_ones_are_not_passed_over() {
        let memory = DecodingMemory::of(100);
        let first = memory.reserve(60).unwrap();
        let large = waiting(&memory, 80);
        // It would fit beside the first, but the large one came before.
        let small = waiting(&memory, 10);
        assert!(small.try_recv().is_err() && large.try_recv().is_err());
        drop(first);
        let large = large.recv_timeout(SOON).unwrap().unwrap();
        let small = small.recv_timeout(SOON).unwrap().unwrap();
        assert_eq!((large.bytes(), small.bytes(), memory.state().used), (80, 10, 90));
        drop((large, small));
        assert_eq!(memory.state().used, 0);
    }

    #[test]
    fn what_is_too_much_alone_is_refused_even_while_it_waits() {
        let memory = DecodingMemory::of(100);
        assert_eq!(memory.reserve(101).unwrap_err(), OverLimit { needed: 101, limit: 100 });
        assert_eq!(memory.reserve(u64::MAX).unwrap_err().needed, u64::MAX);
        let first = memory.reserve(60).unwrap();
        let (second, third) = (waiting(&memory, 80), waiting(&memory, 20));
        memory.set_limit(79);
        assert_eq!(second.recv_timeout(SOON).unwrap().unwrap_err(), OverLimit { needed: 80, limit: 79 });
        assert!(third.try_recv().is_err());
        memory.set_limit(80);
        drop(third.recv_timeout(SOON).unwrap().unwrap());
        drop(first);
        assert!(memory.state().waiting.is_empty());
    }

    #[test]
    fn a_reservation_grows_only_into_free_memory() {
        let memory = DecodingMemory::of(100);
        let mut first = memory.reserve(50).unwrap();
        let second = memory.reserve(30).unwrap();
        assert!(!first.try_grow(21));
        assert!(first.try_grow(20));
        drop(second);
        assert_eq!(memory.state().used, 70);
        first.shrink_to(20);
        assert_eq!((first.bytes(), memory.state().used), (20, 20));
        drop(first);
        assert_eq!(memory.state().used, 0);
    }

    #[test]
    fn a_panic_gives_back_what_was_set_aside() {
        let memory = DecodingMemory::of(100);
        let its = memory.clone();
        let _panicked = thread::spawn(move || {
            let _reservation = its.reserve(100).unwrap();
            panic!("a decoder gave up");
        })
        .join();
        assert_eq!(memory.reserve(100).unwrap().bytes(), 100);
    }

    #[test]
    fn many_that_wait_all_get_their_turn() {
        let memory = DecodingMemory::of(100);
        let threads: Vec<_> = (1..=40)
            .map(|number| {
                let memory = memory.clone();
                thread::spawn(move || {
                    for step in 0..50 {
                        let mut reservation = memory.reserve((number * step) % 100 + 1).unwrap();
                        if !reservation.try_grow(number) {
                            drop(reservation);
                            drop(memory.reserve(100).unwrap());
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(memory.state().used, 0);
    }
}
