//! How fast a peer may be asked: as its plugin says.
//!
//! Never sleeps; it says how many requests may begin now and when more may.

use std::collections::VecDeque;
use std::time::Duration;

use tocsin_core::plugin::Rate;
use tokio::time::Instant;

/// The requests of the last moments to one connection.
pub(super) struct Pace {
    rate: Option<Rate>,
    began: VecDeque<Instant>,
}

impl Pace {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { rate, began: VecDeque::new() }
    }

    /// How many of `wanted` requests may begin at `now`, and, when that is not all, when the next may.
    pub(super) fn allows(&mut self, now: Instant, wanted: usize) -> (usize, Option<Instant>) {
        let Some(rate) = self.rate else { return (wanted, None) };
        let window = Duration::from_millis(rate.per_ms.into());
        while self.began.front().is_some_and(|began| *began + window <= now) {
            self.began.pop_front();
        }
        let free = (rate.requests.max(1) as usize).saturating_sub(self.began.len());
        let next = if free < wanted { self.began.front().map(|began| *began + window) } else { None };
        (wanted.min(free), next)
    }

    /// Counts the requests that did begin.
    pub(super) fn took(&mut self, now: Instant, requests: usize) {
        if self.rate.is_some() {
            self.began.extend(std::iter::repeat_n(now, requests));
        }
    }
}
