//! When paused connections are tried again: after half a minute, then less and less often, up to every quarter of
//! an hour.
//!
//! Kept in memory alone: a start has every connection go on. Never tries anything by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::id::DeliveryId;
use tocsin_core::time::Timestamp;

/// The wait before the first trial, in milliseconds.
const FIRST_MS: u64 = 30 * 1000;
/// The longest wait between two trials, in milliseconds.
const LONGEST_MS: u64 = 15 * 60 * 1000;

/// What showed that a connection does not work, and has to show that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The connection's own probe, or its settings.
    ByProbe,
    /// Deliveries of two incidents.
    ByDeliveries,
}

#[derive(Debug)]
struct Trial {
    shown: Shown,
    /// Trials that were made.
    made: u32,
    next_at: Timestamp,
    /// Whether a delivery is to show it, as soon as one is due.
    open: bool,
    /// The delivery that was sent to show it.
    sent: Option<DeliveryId>,
}

/// By connection.
#[derive(Debug, Default)]
pub struct Trials(Mutex<BTreeMap<String, Trial>>);

/// The wait after so many trials, in milliseconds: no longer than `longest_ms`, the connection's longest wait.
fn wait_ms(made: u32, longest_ms: u64) -> u64 {
    FIRST_MS.saturating_mul(1 << made.min(16)).min(LONGEST_MS).min(longest_ms)
}

impl Trials {
    /// `connection` was found not to work at `now`.
    pub fn begin(&self, connection: &str, shown: Shown, now: Timestamp, longest_ms: u64) {
        let mut trials = self.lock();
        let next_at = now.plus_ms(wait_ms(0, longest_ms));
        let trial = Trial { shown, made: 0, next_at, open: false, sent: None };
        // One that waits already goes on waiting as it does.
        trials.entry(connection.to_owned()).or_insert(trial).shown = shown;
    }

    /// Whether it is known when `connection` is tried.
    pub fn knows(&self, connection: &str) -> bool {
        self.lock().contains_key(connection)
    }

    /// From now on the next delivery that is due over `connection` is to show whether it works.
    pub fn open(&self, connection: &str) {
        if let Some(trial) = self.lock().get_mut(connection) {
            trial.open = true;
        }
    }

    /// Whether a delivery is to show it.
    pub fn is_open(&self, connection: &str) -> bool {
        self.lock().get(connection).is_some_and(|trial| trial.open)
    }

    /// This delivery is sent to show it.
    pub fn sent(&self, connection: &str, delivery: DeliveryId) {
        if let Some(trial) = self.lock().get_mut(connection) {
            (trial.open, trial.sent) = (false, Some(delivery));
        }
    }

    /// Whether this delivery was sent to show it.
    pub fn was_sent(&self, connection: &str, delivery: DeliveryId) -> bool {
        self.lock().get(connection).is_some_and(|trial| trial.sent == Some(delivery))
    }

    /// When `connection` is tried next, if it is to be tried.
    pub fn next_at(&self, connection: &str) -> Option<Timestamp> {
        self.lock().get(connection).map(|trial| trial.next_at)
    }

    /// Takes the trial that is due at `now`: what has to show that the connection works. The next one comes later.
    pub fn take(&self, connection: &str, now: Timestamp, longest_ms: u64) -> Option<Shown> {
        let mut trials = self.lock();
        let trial = trials.get_mut(connection).filter(|trial| trial.next_at <= now && !trial.open)?;
        trial.made = trial.made.saturating_add(1);
        trial.next_at = now.plus_ms(wait_ms(trial.made, longest_ms));
        Some(trial.shown)
    }

    /// `connection` is not paused any more.
    pub fn end(&self, connection: &str) {
        self.lock().remove(connection);
    }

    /// Only these connections are paused.
    pub fn retain(&self, is_paused: impl Fn(&str) -> bool) {
        self.lock().retain(|connection, _| is_paused(connection));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Trial>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 60 * 60 * 1000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_paused_connection_is_tried_after_half_a_minute_and_then_less_and_less_often() {
        let (trials, mut now) = (Trials::default(), at(0));
        trials.begin("chat", Shown::ByProbe, now, HOUR_MS);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let next = trials.next_at("chat").expect("it is to be tried");
            assert_eq!(trials.take("chat", now, HOUR_MS), None, "not before its time");
            waits.push(next.ms_since(now) / 1000);
            now = next;
            assert_eq!(trials.take("chat", now, HOUR_MS), Some(Shown::ByProbe));
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn a_connection_is_tried_no_later_than_its_longest_wait() {
        let trials = Trials::default();
        trials.begin("chat", Shown::ByDeliveries, at(0), 5_000);
        assert_eq!(trials.next_at("chat"), Some(at(5)));
    }

    #[test]
    fn while_a_delivery_is_awaited_that_shows_it_no_other_trial_is_made() {
        let (trials, delivery) = (Trials::default(), DeliveryId::new(at(0), 1));
        trials.begin("chat", Shown::ByDeliveries, at(0), HOUR_MS);
        assert!(trials.take("chat", at(30), HOUR_MS).is_some());
        trials.open("chat");
        assert_eq!(trials.take("chat", at(1000), HOUR_MS), None);
        trials.sent("chat", delivery);
        assert!(trials.was_sent("chat", delivery) && !trials.is_open("chat"));
        assert!(trials.take("chat", at(1000), HOUR_MS).is_some());
    }

    #[test]
    fn one_that_is_found_not_to_work_again_keeps_its_place() {
        let trials = Trials::default();
        trials.begin("chat", Shown::ByProbe, at(0), HOUR_MS);
        assert!(trials.take("chat", at(30), HOUR_MS).is_some());
        trials.begin("chat", Shown::ByDeliveries, at(31), HOUR_MS);
        assert_eq!(trials.next_at("chat"), Some(at(90)));
        trials.end("chat");
        assert_eq!(trials.next_at("chat"), None);
    }
}
