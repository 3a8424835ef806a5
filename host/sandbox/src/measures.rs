//! Measures how long calls and compilations take, and why calls fail.
//!
//! Uses only atomic counters: counting takes no lock and no allocation. No decision depends on them.

use std::sync::atomic::{AtomicU64, Ordering};

use tocsin_core::histogram::{Distribution, Histogram};

use crate::error::{CallErrorKind, Phase};

/// Upper bounds for calls, in microseconds: from a small decoder in Rust to the longest time that a call may take.
const CALL_BOUNDS_US: [u64; 13] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 8_000_000];
/// Upper bounds for compiling, in microseconds: a plugin in Rust takes 0.3 s, one in Python 7 s, a busy machine longer.
const COMPILE_BOUNDS_US: [u64; 9] =
    [100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 120_000_000];

/// The calls that are measured: those of every request and every delivery.
const MEASURED: [Phase; 3] = [Phase::Decode, Phase::Encode, Phase::Resume];

/// How long compiling takes; see [`Measures`] for calls.
pub(crate) fn compile_times() -> Histogram {
    Histogram::new(&COMPILE_BOUNDS_US)
}

/// The counters of one plugin.
#[derive(Debug)]
pub(crate) struct Measures {
    /// In the order of [`MEASURED`].
    calls: [Histogram; MEASURED.len()],
    /// In the order of [`CallErrorKind::ALL`].
    failures: [AtomicU64; CallErrorKind::ALL.len()],
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            calls: MEASURED.map(|_| Histogram::new(&CALL_BOUNDS_US)),
            failures: CallErrorKind::ALL.map(|_| AtomicU64::new(0)),
        }
    }
}

impl Measures {
    /// Counts a call that ended, with any answer.
    pub(crate) fn called(&self, phase: Phase, took_us: u64) {
        if let Some(index) = MEASURED.iter().position(|measured| *measured == phase) {
            self.calls[index].observe(took_us);
        }
    }

    /// Counts a call that gave no answer.
    pub(crate) fn failed(&self, kind: CallErrorKind) {
        if let Some(index) = CallErrorKind::ALL.iter().position(|known| *known == kind) {
            self.failures[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Calls {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Calls {
            took_us: MEASURED.into_iter().zip(self.calls.iter().map(Histogram::read)).collect(),
            failures: CallErrorKind::ALL.into_iter().zip(self.failures.iter().map(count)).collect(),
        }
    }
}

/// The calls of one plugin since it was loaded, for metrics. The calls that tried the plugin while it was loaded do not
/// count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Microseconds of each decode, encode and resume, without the wait for a slot.
    pub took_us: Vec<(Phase, Distribution)>,
    /// Calls of any phase that gave no answer, with a count for every reason.
    pub failures: Vec<(CallErrorKind, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_by_phase_and_failures_by_reason() {
        let measures = Measures::default();
        measures.called(Phase::Encode, 300);
        measures.called(Phase::Check, 300);
        measures.failed(CallErrorKind::Trap);
        let calls = measures.read();
        let counts: Vec<_> = calls.took_us.iter().map(|(phase, took)| (phase.as_str(), took.count)).collect();
        assert_eq!(counts, [("decode", 0), ("encode", 1), ("resume", 0)]);
        let failed: Vec<_> = calls.failures.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(failed, [(CallErrorKind::Trap, 1)]);
    }
}
