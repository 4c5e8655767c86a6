//! The memory budget of all decoding in progress. Memory is reserved before anything is allocated: a picture that
//! exceeds the whole budget is refused, and one that exceeds the free part waits. The remaining address space under
//! `ulimit -v` counts as well.
//!
//! Waiting pictures are served in order, so that small ones do not starve a large one. Holders of memory never wait,
//! which prevents deadlocks.

use crate::machine;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Percentage of the machine's memory for all decoding in progress, unless set otherwise.
const SHARE_TOGETHER: u64 = 25;
/// The same for a picture that is decoded alone.
const SHARE_ALONE: u64 = 60;
/// Enough for any camera's photo.
const LEAST: u64 = 64_000_000;

/// Address space left for threads and everything else, because a failed allocation aborts the process.
const ADDRESS_SPACE_SPARED: u64 = 128_000_000;
/// Pictures that need no more than this are decoded however little address space is left.
const ALWAYS_TRIED: u64 = 32_000_000;

/// A budget in bytes, shared by clones.
#[derive(Debug, Clone)]
pub struct DecodingMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    freed: Condvar,
    /// Remaining address space; `None` if unlimited.
    address_space_left: fn() -> Option<u64>,
}

#[derive(Debug)]
struct State {
    limit: MemoryLimit,
    used: u64,
    /// Waiting requests, in order.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// Limits of decoding, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit {
    /// All pictures in progress together.
    together: u64,
    /// A picture that is decoded alone; at least as much.
    alone: u64,
}

impl MemoryLimit {
    /// `bytes` for one picture as well as for many.
    #[must_use]
    pub fn of(bytes: u64) -> Self {
        Self { together: bytes, alone: bytes }
    }
}

impl Default for MemoryLimit {
    /// A quarter of the memory that this process may use, and 60 % for a picture alone.
    fn default() -> Self {
        let usable = machine::usable_memory();
        let share = |percent: u64| (usable / 100 * percent).max(LEAST);
        Self { together: share(SHARE_TOGETHER), alone: share(SHARE_ALONE) }
    }
}

/// Reserved memory, released on drop.
#[derive(Debug)]
pub struct MemoryReservation {
    memory: DecodingMemory,
    bytes: u64,
}

/// More is needed than the whole budget, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    OverLimit { needed: u64, limit: u64 },
    OverAddressSpace { needed: u64, left: u64 },
}

impl Default for DecodingMemory {
    fn default() -> Self {
        Self::within(MemoryLimit::default(), machine::address_space_left)
    }
}

impl DecodingMemory {
    #[must_use]
    pub fn of(bytes: u64) -> Self {
        Self::within(MemoryLimit::of(bytes), machine::address_space_left)
    }

    fn within(limit: MemoryLimit, address_space_left: fn() -> Option<u64>) -> Self {
        let state = State { limit, used: 0, waiting: VecDeque::new(), next_ticket: 0 };
        Self(Arc::new(Shared { state: Mutex::new(state), freed: Condvar::new(), address_space_left }))
    }

    /// Applies to new reservations.
    pub fn set_limit(&self, limit: MemoryLimit) {
        self.state().limit = limit;
        self.0.freed.notify_all();
    }

    /// Waits until `bytes` are free.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<MemoryReservation, TooMuch> {
        let mut state = self.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push_back(ticket);
        let result = loop {
            // The limit may have been lowered meanwhile.
            if bytes > state.limit.alone {
                break Err(TooMuch::OverLimit { needed: bytes, limit: state.limit.alone });
            }
            if state.waiting.front() == Some(&ticket) && state.has_room(0, bytes) {
                let left = self.address_space_for(bytes);
                if state.used.saturating_add(bytes) <= left {
                    state.used += bytes;
                    break Ok(MemoryReservation { memory: self.clone(), bytes });
                }
                // Waiting would not help.
                if state.used == 0 {
                    break Err(TooMuch::OverAddressSpace { needed: bytes, left });
                }
            }
            state = self.0.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.waiting.retain(|&other| other != ticket);
        drop(state);
        // There may be room for the next one too.
        self.0.freed.notify_all();
        result
    }

    /// Address space needed for `bytes` plus reserved memory. A part of the latter is in use already and counts twice,
    /// which only makes others wait longer.
    fn address_space_for(&self, bytes: u64) -> u64 {
        if bytes <= ALWAYS_TRIED {
            return u64::MAX;
        }
        (self.0.address_space_left)().map_or(u64::MAX, |left| left.saturating_sub(ADDRESS_SPACE_SPARED))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a picture with `held` reserved bytes may reserve `bytes` more.
    fn has_room(&self, held: u64, bytes: u64) -> bool {
        let limit = if self.used == held { self.limit.alone } else { self.limit.together };
        self.used.checked_add(bytes).is_some_and(|used| used <= limit)
    }
}

impl MemoryReservation {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves `bytes` more if they are free now; returns whether they were.
    pub(crate) fn try_grow(&mut self, bytes: u64) -> bool {
        let mut state = self.memory.state();
        let address_space = self.memory.address_space_for(bytes);
        let has_room = state.has_room(self.bytes, bytes) && state.used.saturating_add(bytes) <= address_space;
        if has_room {
            state.used += bytes;
            self.bytes += bytes;
        }
        has_room
    }

    /// Releases all but `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.bytes -= surplus;
        self.memory.state().used -= surplus;
        self.memory.0.freed.notify_all();
    }
}

impl Drop for MemoryReservation {
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

    /// Reserves `bytes` on a thread of its own; reports when done, and releases them when the answer is dropped. Returns once
    /// they are reserved or waited for.
    fn waiting(memory: &DecodingMemory, bytes: u64) -> Receiver<Result<MemoryReservation, TooMuch>> {
        let (send, receive) = mpsc::channel();
        let before = memory.state().next_ticket;
        let its = memory.clone();
        thread::spawn(move || send.send(its.reserve(bytes)));
        while memory.state().next_ticket == before {
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
        let waiting_count = memory.state().waiting.len();
        assert_eq!((waiting_count, memory.state().used), (2, 60));
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
        assert_eq!(memory.reserve(101).unwrap_err(), TooMuch::OverLimit { needed: 101, limit: 100 });
        assert_eq!(memory.reserve(u64::MAX).unwrap_err(), TooMuch::OverLimit { needed: u64::MAX, limit: 100 });
        let first = memory.reserve(60).unwrap();
        let (second, third) = (waiting(&memory, 80), waiting(&memory, 20));
        memory.set_limit(MemoryLimit::of(79));
        assert_eq!(second.recv_timeout(SOON).unwrap().unwrap_err(), TooMuch::OverLimit { needed: 80, limit: 79 });
        assert!(third.try_recv().is_err());
        memory.set_limit(MemoryLimit::of(80));
        drop(third.recv_timeout(SOON).unwrap().unwrap());
        drop(first);
        assert!(memory.state().waiting.is_empty());
    }

    #[test]
    fn what_the_address_space_has_no_room_for_waits_for_others_and_is_refused_alone() {
        const PART: u64 = ALWAYS_TRIED + 1;
        let memory = DecodingMemory::within(MemoryLimit::of(10 * PART), || Some(ADDRESS_SPACE_SPARED + 3 * PART));
        let too_much = TooMuch::OverAddressSpace { needed: 4 * PART, left: 3 * PART };
        assert_eq!(memory.reserve(4 * PART).unwrap_err(), too_much);
        let mut first = memory.reserve(PART).unwrap();
        assert!(!first.try_grow(3 * PART) && first.try_grow(PART));
        let second = waiting(&memory, 2 * PART);
        assert!(second.try_recv().is_err());
        drop(first);
        let mut second = second.recv_timeout(SOON).unwrap().unwrap();
        assert!(second.try_grow(ALWAYS_TRIED) && second.try_grow(ALWAYS_TRIED), "small things are tried");
        assert_eq!(second.bytes(), 2 * PART + 2 * ALWAYS_TRIED);
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
    fn a_picture_alone_may_have_more_than_many_together() {
        let memory = DecodingMemory::within(MemoryLimit { together: 100, alone: 200 }, || None);
        assert_eq!(memory.reserve(201).unwrap_err(), TooMuch::OverLimit { needed: 201, limit: 200 });
        let mut first = memory.reserve(150).unwrap();
        assert!(first.try_grow(50) && !first.try_grow(1));
        let second = waiting(&memory, 10);
        assert!(second.try_recv().is_err());
        first.shrink_to(90);
        let mut second = second.recv_timeout(SOON).unwrap().unwrap();
        // Together they have used up the budget for many.
        assert!(!first.try_grow(1) && !second.try_grow(1));
        let third = waiting(&memory, 150);
        drop(first);
        assert!(third.try_recv().is_err() && second.try_grow(100));
        drop(second);
        assert_eq!(third.recv_timeout(SOON).unwrap().unwrap().bytes(), 150);
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
