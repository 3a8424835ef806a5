//! How fast a peer may be asked: as its plugin says.
//!
//! Never sleeps; it says how many requests may begin now and when more may.

use std::collections::VecDeque;
use std::time::Duration;

use tocsin_core::plugin::Rate;
use tokio::time::Instant;

/// Requests that are remembered, also of a peer whose plugin names no rate: the next one may.
const BEGAN_MAX: usize = 4096;

/// The requests of the last moments to one connection.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rate: Option<Rate>,
    began: VecDeque<Instant>,
}

impl Pace {
    /// Keeps to `rate` from now on, with the requests that began before.
    pub(super) fn keep_to(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// How many of `wanted` requests may begin at `now`, and, when that is not all, when the next may.
    pub(super) fn allows(&mut self, now: Instant, wanted: usize) -> (usize, Option<Instant>) {
        let Some(rate) = self.rate else { return (wanted, None) };
        let window = Duration::from_millis(rate.per_ms.into());
        while self.began.front().is_some_and(|began| *began + window <= now) {
            self.began.pop_front();
        }
        let free = (rate.requests.max(1) as usize).saturating_sub(self.began.len());
        let first = self.began.front().copied().unwrap_or(now);
        (wanted.min(free), (free < wanted).then_some(first + window))
    }

    /// Counts a request that did begin.
    pub(super) fn took(&mut self, now: Instant) {
        if self.began.len() >= BEGAN_MAX {
            self.began.pop_front();
        }
        self.began.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        let mut pace = Pace::default();
        pace.keep_to(Some(Rate { requests: 2, per_ms: 1000 }));
        pace
    }

    #[test]
    fn no_more_begin_in_a_window_than_the_peer_bears() {
        let (mut pace, start) = (pace(), Instant::now());
        let next = start + Duration::from_millis(1000);
        assert_eq!(pace.allows(start, 2), (2, None));
        assert_eq!(pace.allows(start, 5), (2, Some(next)), "once these have begun");
        pace.took(start);
        pace.took(start);
        assert_eq!(pace.allows(start, 5), (0, Some(next)));
    }

    #[test]
    fn more_may_begin_when_the_window_has_passed() {
        let (mut pace, start) = (pace(), Instant::now());
        pace.took(start);
        pace.took(start + Duration::from_millis(600));
        let later = start + Duration::from_millis(1000);
        assert_eq!(pace.allows(later, 2), (1, Some(start + Duration::from_millis(1600))));
    }

    #[test]
    fn another_rate_counts_from_the_moment_on_and_knows_what_began_before() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.took(start);
        pace.keep_to(Some(Rate { requests: 1, per_ms: 1000 }));
        assert_eq!(pace.allows(start, 5), (0, Some(start + Duration::from_millis(1000))));
        pace.keep_to(Some(Rate { requests: 3, per_ms: 1000 }));
        assert_eq!(pace.allows(start, 5), (2, Some(start + Duration::from_millis(1000))));
    }

    #[test]
    fn a_peer_without_a_rate_bears_everything() {
        let mut pace = Pace::default();
        pace.took(Instant::now());
        assert_eq!(pace.allows(Instant::now(), 64), (64, None));
    }
}
