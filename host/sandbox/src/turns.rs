//! Who may call next: so many calls and so many bytes of guests' memory at the same time, shared by key (a source,
//! or a plugin that sends).
//!
//! A key may have as many calls under way as places are free. So one key alone takes half of them, two take a third
//! each, and however many of them stall, there is room for the next key. Those who wait are served by key in turn.
//! Never runs anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tocsin_core::fair::FairQueue;
use tokio::sync::oneshot;

/// How often smaller calls may pass one that does not fit into the memory that is free, before they wait for it.
const PASSED_MAX: u32 = 32;

/// The places.
#[derive(Debug)]
pub(crate) struct Turns {
    calls: usize,
    bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: Taken,
    by_key: HashMap<Arc<str>, Taken>,
    waiting: FairQueue<Waiter>,
    /// How often the call whose turn it is was passed for want of room.
    passed: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    calls: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Waiter {
    key: Arc<str>,
    bytes: usize,
    turn: oneshot::Sender<Turn>,
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    key: Arc<str>,
    bytes: usize,
}

impl Turns {
    /// Places for `calls` at the same time, with `bytes` of memory together.
    pub(crate) fn new(calls: usize, bytes: usize) -> Arc<Self> {
        Arc::new(Self { calls, bytes, state: Mutex::default() })
    }

    /// Waits for a place for `key` and takes it. More `bytes` than there are count as all of them.
    pub(crate) async fn take(self: &Arc<Self>, key: &Arc<str>, bytes: usize) -> Turn {
        let (turn, granted) = oneshot::channel();
        let waiter = Waiter { key: Arc::clone(key), bytes: bytes.min(self.bytes), turn };
        self.lock().waiting.push(key, 1, waiter);
        self.grant();
        let mut place = Place { turns: self, key, granted };
        let turn = (&mut place.granted).await;
        turn.expect("a waiter is taken out only when it is granted its turn or its future is dropped")
    }

    /// Gives free places to those who wait.
    fn grant(self: &Arc<Self>) {
        loop {
            let Some(waiter) = self.next() else { return };
            let Waiter { key, bytes, turn } = waiter;
            // Who went away meanwhile gives it back at once, by dropping it.
            drop(turn.send(Turn { turns: Arc::clone(self), key, bytes }));
        }
    }

    /// The waiter whose turn it is, with its place taken.
    fn next(&self) -> Option<Waiter> {
        let mut state = self.lock();
        let State { taken, by_key, waiting, passed } = &mut *state;
        let free = Taken { calls: self.calls - taken.calls, bytes: self.bytes - taken.bytes };
        if free.calls == 0 {
            return None;
        }
        let is_fair = |key: &str, waiter: &Waiter| {
            let own = by_key.get(key).copied().unwrap_or_default();
            let bytes = own.bytes.saturating_add(waiter.bytes);
            own.calls == 0 || (own.calls < free.calls && bytes <= free.bytes)
        };
        let fits = |waiter: &Waiter| waiter.bytes <= free.bytes;
        let is_passed = waiting.peek_if(is_fair).is_some_and(|waiter| !fits(waiter));
        if is_passed && *passed >= PASSED_MAX {
            return None;
        }
        let waiter = waiting.pop_if(|key, waiter| is_fair(key, waiter) && fits(waiter))?;
        *passed = if is_passed { *passed + 1 } else { 0 };
        for count in [taken, by_key.entry(Arc::clone(&waiter.key)).or_default()] {
            count.calls += 1;
            count.bytes += waiter.bytes;
        }
        Some(waiter)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts are right between any two lines that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls that wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Calls that have a place.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        self.lock().taken.calls
    }
}

/// A place in the queue. Whoever gives up waiting leaves it.
struct Place<'t> {
    turns: &'t Arc<Turns>,
    key: &'t Arc<str>,
    granted: oneshot::Receiver<Turn>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.granted.is_terminated() {
            return;
        }
        self.granted.close();
        self.turns.lock().waiting.retain(self.key, |waiter| !waiter.turn.is_closed());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.turns.lock();
            state.taken.calls -= 1;
            state.taken.bytes -= self.bytes;
            if let Some(own) = state.by_key.get_mut(&self.key) {
                own.calls -= 1;
                own.bytes -= self.bytes;
                if own.calls == 0 {
                    state.by_key.remove(&self.key);
                }
            }
        }
        self.turns.grant();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    const MIB: usize = 1 << 20;

    fn key(name: &str) -> Arc<str> {
        Arc::from(name)
    }

    /// The turn, if it is there at once.
    async fn at_once(turns: &Arc<Turns>, name: &str, bytes: usize) -> Option<Turn> {
        let key = key(name);
        let mut taking = Box::pin(turns.take(&key, bytes));
        let polled = std::future::poll_fn(|context| Poll::Ready(taking.as_mut().poll(context))).await;
        match polled {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    async fn all(turns: &Arc<Turns>, name: &str, bytes: usize) -> Vec<Turn> {
        let mut taken = Vec::new();
        while let Some(turn) = at_once(turns, name, bytes).await {
            taken.push(turn);
        }
        taken
    }

    #[tokio::test]
    async fn keys_that_stall_leave_room_for_the_next_one() {
        let turns = Turns::new(64, usize::MAX);
        let stalled: Vec<Vec<Turn>> =
            [all(&turns, "a", 1).await, all(&turns, "b", 1).await, all(&turns, "c", 1).await].into();
        assert_eq!(stalled.iter().map(Vec::len).collect::<Vec<_>>(), [32, 16, 8]);
        assert!(at_once(&turns, "honest", 1).await.is_some());
        drop(stalled);
        assert_eq!(turns.running(), 0);
        assert_eq!(all(&turns, "a", 1).await.len(), 32);
    }

    #[tokio::test]
    async fn one_place_is_enough_for_everybody_in_turn() {
        let turns = Turns::new(1, MIB);
        let first = at_once(&turns, "a", 2 * MIB).await.expect("it is free");
        let (a, b) = (key("a"), key("b"));
        let mut again = Box::pin(turns.take(&a, 1));
        let mut other = Box::pin(turns.take(&b, 1));
        assert!(at_hand(&mut again).await.is_none() && at_hand(&mut other).await.is_none());
        drop(first);
        let again = at_hand(&mut again).await.expect("its turn");
        assert!(at_hand(&mut other).await.is_none());
        drop(again);
        assert!(at_hand(&mut other).await.is_some());
    }

    async fn at_hand<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> Option<F::Output> {
        let polled = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled { Some(output) } else { None }
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_leaves_the_queue() {
        let turns = Turns::new(1, MIB);
        let first = at_once(&turns, "a", 1).await.expect("it is free");
        for _ in 0..100 {
            assert!(at_once(&turns, "b", 1).await.is_none());
        }
        assert!(turns.lock().waiting.is_empty());
        drop(first);
        assert_eq!(turns.running(), 0);
    }

    #[tokio::test]
    async fn small_calls_do_not_keep_a_large_one_waiting_for_ever() {
        let turns = Turns::new(8, 4 * MIB);
        let mut small = vec![at_once(&turns, "small", MIB).await.expect("it is free")];
        let large = key("large");
        let mut waiting = Box::pin(turns.take(&large, 4 * MIB));
        assert!(at_hand(&mut waiting).await.is_none());
        let mut passed = 0;
        while let Some(next) = at_once(&turns, "small", MIB).await {
            small = vec![next];
            passed += 1;
        }
        assert!(passed <= PASSED_MAX + 1, "{passed}");
        drop(small);
        assert!(at_hand(&mut waiting).await.is_some());
    }
}
