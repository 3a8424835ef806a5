//! Wakes a worker: rung by whoever makes work, as often as it likes; heard once.
//!
//! Never lets what was rung for go unheard: whoever hears it looks for work after it has fallen silent, and finds
//! all that was there when it was rung.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A bell with one listener.
#[derive(Debug, Default)]
pub struct Bell {
    /// Whether it rings, so that ringing it again costs its ringer, the store's one writer, next to nothing.
    rings: AtomicBool,
    notify: Notify,
}

impl Bell {
    /// Rings, unless it rings already.
    pub fn ring(&self) {
        if !self.rings.swap(true, Ordering::AcqRel) {
            self.notify.notify_one();
        }
    }

    /// Waits until it rings, and silences it. Given up half-way, it goes on ringing.
    pub async fn heard(&self) {
        self.notify.notified().await;
        self.rings.swap(false, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    async fn rings(bell: &Bell) -> bool {
        let mut heard = Box::pin(bell.heard());
        std::future::poll_fn(|context| Poll::Ready(heard.as_mut().poll(context).is_ready())).await
    }

    #[tokio::test]
    async fn what_is_rung_often_is_heard_once_and_again_when_it_is_rung_again() {
        let bell = Bell::default();
        assert!(!rings(&bell).await);
        for _ in 0..2 {
            bell.ring();
            bell.ring();
            assert!(rings(&bell).await);
            assert!(!rings(&bell).await);
        }
    }

    #[tokio::test]
    async fn a_listener_that_went_away_leaves_it_ringing() {
        let bell = Bell::default();
        let mut waiting = Box::pin(bell.heard());
        std::future::poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_ready())).await;
        bell.ring();
        drop(waiting);
        assert!(rings(&bell).await);
    }
}
