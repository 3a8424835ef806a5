//! Connections whose peer asked to be left alone, each until its time: a limit that one message met is met by
//! every other, and a peer that is asked on may lock the sender out.
//!
//! Kept in memory alone: after a start the peer is asked again, and says again how long.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::time::Timestamp;

/// Until when a connection waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Nothing is sent before.
    pub until: Timestamp,
    /// What the peer said.
    pub reason: String,
}

/// The connections that wait.
#[derive(Debug, Default)]
pub struct Backoffs(Mutex<BTreeMap<String, Backoff>>);

impl Backoffs {
    /// Has `connection` wait until `until`, or as long as it waits already if that is longer.
    pub fn back_off(&self, connection: &str, until: Timestamp, reason: &str) {
        let mut backoffs = self.lock();
        if backoffs.get(connection).is_none_or(|known| known.until < until) {
            tracing::warn!(connection, %until, reason, "nothing more is sent until then: the peer asks for it");
            backoffs.insert(connection.to_owned(), Backoff { until, reason: reason.to_owned() });
        }
    }

    /// Until when `connection` waits; none when it does not wait at `now`.
    pub fn of(&self, connection: &str, now: Timestamp) -> Option<Backoff> {
        let mut backoffs = self.lock();
        let backoff = backoffs.get(connection)?.clone();
        if backoff.until <= now {
            backoffs.remove(connection);
            return None;
        }
        Some(backoff)
    }

    /// Has `connection` go on at once: an operator wants it, or the connection is another than before.
    pub fn release(&self, connection: &str) {
        self.lock().remove(connection);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Backoff>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_connection_waits_for_the_longest_that_its_peer_asked_for_and_no_longer() {
        let backoffs = Backoffs::default();
        backoffs.back_off("chat", at(20), "slow down");
        backoffs.back_off("chat", at(10), "sooner");
        assert_eq!(backoffs.of("other", at(1)), None);
        let backoff = backoffs.of("chat", at(19)).expect("it waits");
        assert_eq!((backoff.until, backoff.reason.as_str()), (at(20), "slow down"));
        assert_eq!(backoffs.of("chat", at(20)), None);
    }

    #[test]
    fn an_operator_has_a_connection_go_on_at_once() {
        let backoffs = Backoffs::default();
        backoffs.back_off("chat", at(20), "slow down");
        backoffs.release("chat");
        assert_eq!(backoffs.of("chat", at(1)), None);
    }
}
