//! What an alert costs the relay when it has few incidents, and when it has many.

use std::time::Duration;

use super::paced;
use super::peer::Peer;

/// Alerts over which it is measured.
const MEASURED: u64 = 20_000;
/// Incidents that the relay has, the first time.
const FEW: u64 = 10_000;

/// Prints it for ten times as many incidents each time, up to `most`.
pub(crate) fn run(most: u64) {
    let peer = Peer::of_sources_alone();
    let (mut there, mut size) = (0, FEW);
    let mut first = None;
    while size <= most {
        let filled = paced::at_once(&peer, there, size.saturating_sub(there));
        there = there.max(size);
        let (computed, load) = (peer.computed(), paced::at_once(&peer, there, MEASURED));
        there += MEASURED;
        let cost = peer.computed().saturating_sub(computed).div_f64(MEASURED as f64);
        let first = *first.get_or_insert(cost);
        println!(
            "{size} incidents: {:.0} accepted/s ({} not), p99 {:.1?}; {:.0} µs of processor an alert, {:.2} times; {} MB of \
             memory; {} MB of file; made at {:.0}/s",
            load.rate(),
            load.failed,
            load.p99,
            cost.as_secs_f64() * 1e6,
            ratio(cost, first),
            peer.memory(),
            peer.stored() / 1_000_000,
            filled.rate(),
        );
        size *= 10;
    }
}

fn ratio(cost: Duration, first: Duration) -> f64 {
    cost.as_secs_f64() / first.as_secs_f64()
}
