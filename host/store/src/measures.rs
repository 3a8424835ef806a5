//! Measures, for metrics, how long commits take and how many commands each has.
//!
//! No decision depends on these figures.

use tocsin_core::histogram::{Distribution, Histogram};

/// Upper bounds for commits, in microseconds: from a sync of a fast disk to one that stalls.
const COMMIT_BOUNDS_US: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];
/// Upper bounds for the commands of a commit; see `Options::batch`.
const COMMANDS_BOUNDS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// The writer's counters.
#[derive(Debug)]
pub(crate) struct Measures {
    /// Microseconds of each commit of commands, from the beginning of the transaction until it is on disk.
    pub(crate) commit_us: Histogram,
    /// Commands in each commit.
    pub(crate) commands: Histogram,
}

impl Default for Measures {
    fn default() -> Self {
        Self { commit_us: Histogram::new(&COMMIT_BOUNDS_US), commands: Histogram::new(&COMMANDS_BOUNDS) }
    }
}

/// The present figures of the store, for metrics. Reading them does not need the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauges {
    /// Entries that wait for the writer.
    pub waiting: usize,
    /// Entries that may wait; see [`crate::Options::queue`].
    pub queue: usize,
    /// Microseconds of each commit of commands since the store was opened, from the beginning of the transaction until
    /// it was on disk.
    pub commit_us: Distribution,
    /// Commands in each of these commits.
    pub commands: Distribution,
    /// Bytes of the file that are the log.
    pub log_bytes: usize,
}
