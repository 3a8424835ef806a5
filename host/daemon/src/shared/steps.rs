//! Reports each step to watchers. Without a watcher, no step is built. A slow watcher misses the oldest steps and learns
//! how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::runtime::steps::{Step, Traced, What};

/// Steps that may wait for a slow watcher before it misses some.
const BUFFER: usize = 4096;

/// The steps of the road.
#[derive(Debug)]
pub struct Steps {
    sender: broadcast::Sender<Step>,
    /// The channel would take a lock to count them.
    watchers: Arc<AtomicUsize>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { sender: broadcast::channel(BUFFER).0, watchers: Arc::default() }
    }
}

impl Steps {
    /// Watches every step from now on.
    pub fn watch(&self) -> Watcher {
        let receiver = self.sender.subscribe();
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watcher { receiver, watchers: Arc::clone(&self.watchers) }
    }

    /// Reports a step of this trace that ended just now and took so many microseconds.
    pub fn tell(&self, traced: Option<Traced>, took_us: u64, what: impl FnOnce() -> What) {
        if self.watchers.load(Ordering::Relaxed) > 0 {
            let step = Step { ended: SystemTime::now(), took_us, traced, what: what() };
            // Without a watcher, sending is no error.
            let _ = self.sender.send(step);
        }
    }
}

impl Step {
    /// When it began.
    pub fn began(&self) -> SystemTime {
        self.ended.checked_sub(Duration::from_micros(self.took_us)).unwrap_or(self.ended)
    }
}

/// Watches steps until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    receiver: broadcast::Receiver<Step>,
    watchers: Arc<AtomicUsize>,
}

impl Watcher {
    /// The next step. May be given up at any time without loss.
    ///
    /// # Errors
    /// It missed some, or there are no more.
    pub async fn next(&mut self) -> Result<Step, RecvError> {
        self.receiver.recv().await
    }

    /// The next step, if it is there already.
    ///
    /// # Errors
    /// As [`Self::next`]; or it is not there.
    pub fn next_if_there(&mut self) -> Result<Step, TryRecvError> {
        self.receiver.try_recv()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tocsin_core::id::ReceiptId;

    use super::*;

    #[test]
    fn nothing_is_made_of_a_step_that_nobody_watches() {
        let (steps, mut made) = (Steps::default(), 0);
        let mut tell = || {
            steps.tell(None, 7, || {
                made += 1;
                What::Received { receipt: ReceiptId::from_bytes([1; 16]), source: String::new(), bytes: 0 }
            });
        };
        tell();
        let mut watcher = steps.watch();
        tell();
        let step = watcher.next_if_there().expect("it was told");
        assert_eq!(step.ended.duration_since(step.began()).expect("in order"), Duration::from_micros(7));
        assert!(watcher.next_if_there().is_err());
        drop(watcher);
        tell();
        assert_eq!(made, 1);
    }
}
