//! Counts attempts by connection, and spans of traces, only for metrics.
//!
//! Counts since the start. Counting takes a lookup and some atomics, no allocation. Metrics take the counts of other
//! parts, such as `intake`, from these.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use strum::IntoStaticStr;
use tocsin_core::command::Verdict;
use tocsin_core::histogram::{Distribution, Histogram};
use tocsin_core::time::Timestamp;

/// Upper bounds for attempts, in microseconds: from a peer on the same machine to the longest usual `timeout`.
const ATTEMPT_BOUNDS_US: [u64; 12] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    30_000_000,
];

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum AttemptOutcome {
    /// The message arrived.
    Delivered,
    /// The peer accepted the message, and does not report whether it arrived.
    Accepted,
    /// There was nothing to send.
    Skipped,
    /// The relay tries again later.
    Retried,
    /// The peer or the plugin refused the message: a dead letter.
    Rejected,
    /// The time for attempts ran out: a dead letter.
    Expired,
    /// The connection does not work and was paused; the delivery waits.
    Paused,
}

impl AttemptOutcome {
    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Accepted,
        Self::Skipped,
        Self::Retried,
        Self::Rejected,
        Self::Expired,
        Self::Paused,
    ];

    /// The label value in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl From<&Verdict> for AttemptOutcome {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Delivered(_) => Self::Delivered,
            Verdict::Accepted(_) => Self::Accepted,
            Verdict::Skipped(_) => Self::Skipped,
            Verdict::Retry { .. } => Self::Retried,
            Verdict::Rejected(_) => Self::Rejected,
            Verdict::Expired { .. } => Self::Expired,
            Verdict::Misconfigured(_) => Self::Paused,
        }
    }
}

/// The counters.
#[derive(Debug)]
pub struct Measures {
    /// When the relay started.
    pub started_at: Timestamp,
    /// The spans of traces.
    pub traces: Spans,
    attempts: RwLock<BTreeMap<String, Counts>>,
}

/// What became of the spans of traces.
#[derive(Debug, Default)]
pub struct Spans {
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Spans {
    /// Counts spans that the collector took.
    pub fn exported(&self, count: usize) {
        self.exported.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts spans that were dropped.
    pub fn dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// How many the collector took, and how many were dropped.
    pub fn counts(&self) -> (u64, u64) {
        (self.exported.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }
}

/// The attempts over one connection.
#[derive(Debug)]
struct Counts {
    /// In the order of [`AttemptOutcome::ALL`].
    outcomes: [AtomicU64; AttemptOutcome::ALL.len()],
    took_us: Histogram,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            outcomes: AttemptOutcome::ALL.map(|_| AtomicU64::new(0)),
            took_us: Histogram::new(&ATTEMPT_BOUNDS_US),
        }
    }
}

/// The attempts over one connection since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// The count of every outcome.
    pub outcomes: [(AttemptOutcome, u64); AttemptOutcome::ALL.len()],
    /// Microseconds of each, from the first call of the plugin to the verdict.
    pub took_us: Distribution,
}

impl Measures {
    /// Counts from `now` on.
    pub fn new(now: Timestamp) -> Self {
        Self { started_at: now, traces: Spans::default(), attempts: RwLock::default() }
    }

    /// Counts attempts over these connections as well.
    pub fn know<'a>(&self, connections: impl Iterator<Item = &'a String>) {
        let mut attempts = self.attempts.write().unwrap_or_else(PoisonError::into_inner);
        for name in connections {
            attempts.entry(name.clone()).or_default();
        }
    }

    /// Counts an attempt over `connection`, if the configuration has that connection.
    pub fn attempted(&self, connection: &str, outcome: AttemptOutcome, took_us: u64) {
        let attempts = self.attempts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = attempts.get(connection)
            && let Some(index) = AttemptOutcome::ALL.iter().position(|known| *known == outcome)
        {
            counts.outcomes[index].fetch_add(1, Ordering::Relaxed);
            counts.took_us.observe(took_us);
        }
    }

    /// The attempts over `connection`; none for a connection that the configuration never had.
    pub fn attempts(&self, connection: &str) -> Option<Attempts> {
        let attempts = self.attempts.read().unwrap_or_else(PoisonError::into_inner);
        let counts = attempts.get(connection)?;
        let mut outcomes = AttemptOutcome::ALL.map(|outcome| (outcome, 0));
        for ((_, count), counted) in outcomes.iter_mut().zip(&counts.outcomes) {
            *count = counted.load(Ordering::Relaxed);
        }
        Some(Attempts { outcomes, took_us: counts.took_us.read() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_count_for_the_connections_of_the_configuration_alone() {
        let measures = Measures::new(Timestamp::default());
        measures.know([&"chat".to_owned()].into_iter());
        measures.attempted("chat", AttemptOutcome::Retried, 20_000);
        measures.attempted("elsewhere", AttemptOutcome::Retried, 20_000);
        // Knowing a connection again, as after a reload, loses nothing.
        measures.know([&"chat".to_owned()].into_iter());
        let chat = measures.attempts("chat").expect("it is known");
        let counted: Vec<_> = chat.outcomes.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(AttemptOutcome::Retried, 1)]);
        assert_eq!((chat.took_us.count, chat.took_us.sum), (1, 20_000));
        assert_eq!(measures.attempts("elsewhere"), None);
    }
}
