//! Whose turn it is to be compiled: one file at a time, of those that wait the smallest.
//!
//! Never interrupts a compilation: a large file takes its own wall time and no more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The files that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    /// By size, then by when they came.
    waiting: BTreeMap<(usize, u64), oneshot::Sender<Turn>>,
    came: u64,
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
            state.waiting.insert((size, came), sender);
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
            let next = state.waiting.pop_first();
            state.is_taken = next.is_some();
            next
        };
        if let Some((_, next)) = next {
            // When the next one waits no more, this turn comes back and is dropped in its turn.
            drop(next.send(Self(Arc::clone(&self.0))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// A file that waits, with its size.
    type Waiting = std::pin::Pin<Box<dyn Future<Output = Turn>>>;

    async fn waits(queue: &Arc<Queue>, size: usize) -> Waiting {
        let queue = Arc::clone(queue);
        let mut waiting: Waiting = Box::pin(async move { queue.turn(size).await });
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
}
