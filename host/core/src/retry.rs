//! When a delivery is tried again: exponential, with jitter, for days, and never sooner than the peer asked.
//!
//! Never reads a clock or draws a random number.

use crate::time::Timestamp;

/// The times at which a delivery is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The wait after the first attempt, in milliseconds.
    pub first_ms: u64,
    /// The longest wait, in milliseconds, also of those that a peer asks for: a mistaken header parks nothing
    /// for years.
    pub longest_ms: u64,
    /// For how long, in milliseconds since it was owed.
    pub give_up_after_ms: u64,
}

impl Default for Schedule {
    /// 5 s, 10 s, 20 s, … up to an hour, for three days: long enough for a weekend.
    fn default() -> Self {
        Self { first_ms: 5_000, longest_ms: 60 * 60 * 1000, give_up_after_ms: 3 * 24 * 60 * 60 * 1000 }
    }
}

impl Schedule {
    /// What a peer gets of the time, in milliseconds, that it asks to be left alone. One rule for the delivery
    /// that it answers and for the connection.
    pub fn granted(&self, asked_ms: u64) -> u64 {
        asked_ms.min(self.longest_ms)
    }

    /// When to try again after `attempts` attempts, or none when the time is over.
    ///
    /// A time after which it would be over is none either: the last attempt is within the schedule.
    ///
    /// The wait doubles with each attempt and is spread by ±20 %, as `jitter` says (any number; 0 is the
    /// shortest). What the peer `asked` for, in milliseconds, is kept to, up to the longest wait: see
    /// [`Schedule::granted`].
    pub fn next_attempt(
        &self,
        attempts: u32,
        owed_since: Timestamp,
        now: Timestamp,
        asked: Option<u64>,
        jitter: u64,
    ) -> Option<Timestamp> {
        let doublings = attempts.saturating_sub(1).min(32);
        let wait = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms);
        let spread = wait / 5;
        let wait = (wait - spread).saturating_add(jitter % (2 * spread + 1));
        let asked = self.granted(asked.unwrap_or(0));
        let next = now.plus_ms(wait.max(asked));
        (next < owed_since.plus_ms(self.give_up_after_ms)).then_some(next)
    }
}
