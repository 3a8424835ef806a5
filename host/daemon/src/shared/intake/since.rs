//! The counts since the start, for metrics. The counts themselves survive a restart, and after a crash begin slightly
//! lower than before, which a monitoring system would treat as a reset.

use std::collections::BTreeMap;

use tocsin_core::time::Timestamp;
use tocsin_store::SourceCounts;

/// The counts of a source since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests whose events were applied, replays among them.
    pub accepted: u64,
    /// Requests that a plugin ignored.
    pub ignored: u64,
    /// Requests with some elements that could not be read.
    pub partly_refused: u64,
    /// Requests that the relay kept because their plugin failed.
    pub failed: u64,
    /// Requests that only probed the source.
    pub probes: u64,
    /// Events that repeated messages of this relay.
    pub echoes: u64,
    /// Rejected requests by HTTP status.
    pub rejected: BTreeMap<u16, u64>,
    /// The time of the last kept request, possibly before the start.
    pub last_heard: Option<Timestamp>,
}

impl Counted {
    /// The increase from `kept` to `counts`.
    pub(super) fn between(kept: &SourceCounts, counts: &SourceCounts) -> Self {
        let since = |count: fn(&SourceCounts) -> u64| count(counts).saturating_sub(count(kept));
        let mut rejected = rejections(counts);
        for (code, before) in rejections(kept) {
            if let Some(count) = rejected.get_mut(&code) {
                *count = count.saturating_sub(before);
            }
        }
        Self {
            accepted: since(|counts| counts.accepted),
            ignored: since(|counts| counts.ignored),
            partly_refused: since(|counts| counts.partly_refused),
            failed: since(|counts| counts.failed),
            probes: since(|counts| counts.probes),
            echoes: since(|counts| counts.echoes),
            rejected,
            last_heard: counts.last_heard,
        }
    }
}

/// Rejections by status, kept or not.
fn rejections(counts: &SourceCounts) -> BTreeMap<u16, u64> {
    let mut by_code = BTreeMap::new();
    for row in &counts.rejections {
        *by_code.entry(row.code).or_insert(0) += row.count;
    }
    by_code
}
