//! Whose turn it is to be compiled: one file at a time, of those that wait the smallest. A file that has waited for
//! [`PATIENCE`] gets every second turn, so that a stream of small files never keeps a large one waiting for ever.
//!
//! Never interrupts a compilation: a large file takes its own wall time and no more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// A file that has waited for so long goes before smaller ones.
const PATIENCE: Duration = Duration::from_secs(60);

/// The files that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    /// By size, then by when they came.
    waiting: BTreeMap<(usize, u64), Queued>,
    came: u64,
    /// Whether the last turn went to a file because of how long it had waited.
    was_for_age: bool,
}

#[derive(Debug)]
struct Queued {
    since: Instant,
    turn: oneshot::Sender<Turn>,
}

impl State {
    /// Takes the next file out: the one that has waited for longest, if that is longer than [`PATIENCE`] and the
    /// last turn was not such a file's; else the smallest.
    fn next(&mut self, now: Instant) -> Option<Queued> {
        let oldest = self.waiting.iter().min_by_key(|((_, came), _)| *came);
        let aged = oldest
            .filter(|(_, waiting)| now.saturating_duration_since(waiting.since) >= PATIENCE)
            .map(|(key, _)| *key)
            .filter(|_| !self.was_for_age);
        self.was_for_age = aged.is_some();
        match aged {
            Some(key) => self.waiting.remove(&key),
            None => self.waiting.pop_first().map(|(_, waiting)| waiting),
        }
    }
}

/// The turn of one file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Queue>);

impl Queue {
    /// Waits until a file of `size` bytes has its turn.
    pub(crate) async fn turn(self: &Arc<Self>, size: usize) -> Turn {
        let waiting = {
            let mut state = self.lock();
            if !state.is_taken {
                state.is_taken = true;
                return Turn(Arc::clone(self));
            }
            let (sender, receiver) = oneshot::channel();
            let came = state.came;
            state.came += 1;
            state.waiting.insert((size, came), Queued { since: Instant::now(), turn: sender });
            receiver
        };
        waiting.await.expect("a sender stays in the queue until it has sent")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let next = state.next(Instant::now());
            state.is_taken = next.is_some();
            next
        };
        if let Some(next) = next {
            // When the next one waits no more, this turn comes back and is dropped in its turn.
            drop(next.turn.send(Self(Arc::clone(&self.0))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// A file that waits, with its size.
    type WaitsForTurn = std::pin::Pin<Box<dyn Future<Output = Turn>>>;

    async fn waits(queue: &Arc<Queue>, size: usize) -> WaitsForTurn {
        let queue = Arc::clone(queue);
        let mut waiting: WaitsForTurn = Box::pin(async move { queue.turn(size).await });
        let polled = std::future::poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "another one has its turn");
        waiting
    }

    #[tokio::test]
    async fn the_smallest_file_that_waits_is_next_and_equal_ones_come_in_order() {
        let queue = Arc::default();
        let first = Queue::turn(&queue, 100).await;
        let large = waits(&queue, 50).await;
        let small = waits(&queue, 1).await;
        let also_small = waits(&queue, 1).await;
        drop(first);
        drop(small.await);
        drop(also_small.await);
        drop(large.await);
        assert!(!queue.lock().is_taken);
    }

    #[tokio::test]
    async fn a_file_that_waits_no_more_is_passed_over() {
        let queue = Arc::default();
        let first = Queue::turn(&queue, 1).await;
        let gone = waits(&queue, 2).await;
        let stays = waits(&queue, 3).await;
        drop(gone);
        drop(first);
        drop(stays.await);
        assert!(!queue.lock().is_taken);
    }

    #[test]
    fn a_large_file_behind_a_stream_of_small_ones_is_next_when_it_has_waited_for_long() {
        let (mut state, start) = (State::default(), Instant::now());
        let comes = |state: &mut State, size: usize, since: Instant| {
            state.came += 1;
            state.waiting.insert((size, state.came), Queued { since, turn: oneshot::channel().0 });
        };
        comes(&mut state, 32 << 20, start);
        comes(&mut state, 16 << 20, start);
        // A small file comes every second, and one is compiled every second.
        let mut large = Vec::new();
        for second in 0..200 {
            let now = start + Duration::from_secs(second);
            comes(&mut state, 1000, now);
            let next = state.next(now).expect("one waits");
            if next.since == start && second > 0 {
                large.push(second);
            }
        }
        // The second one after another small file: many large files do not keep a small one waiting either.
        assert_eq!(large, [60, 62]);
    }
}
