//! How many requests a source takes: so many a minute, and so many at once.
//!
//! Counts in memory; a start begins with all of them free. Never waits.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::config::Rate;

/// Seconds of a minute.
const MINUTE: f64 = 60.0;

#[derive(Debug)]
struct Bucket {
    free: f64,
    at: Instant,
}

/// By source.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, Bucket>>);

impl Rates {
    /// Counts a request of `source` at `now`.
    ///
    /// # Errors
    /// It is over `rate`: the seconds after which there is room for one.
    pub fn take(&self, source: &str, rate: Rate, now: Instant) -> Result<(), u64> {
        let most = exact(rate.burst.max(1));
        let a_second = exact(rate.per_minute.max(1)) / MINUTE;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(source.to_owned()).or_insert(Bucket { free: most, at: now });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.free = (bucket.free + passed * a_second).min(most);
        bucket.at = now;
        if bucket.free >= 1.0 {
            bucket.free -= 1.0;
            return Ok(());
        }
        Err(seconds((1.0 - bucket.free) / a_second))
    }
}

/// Configured numbers are small.
fn exact(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// At most a minute: a rate is at least one a minute.
fn seconds(wait: f64) -> u64 {
    (1_u32..60).find(|seconds| f64::from(*seconds) >= wait).map_or(60, u64::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_source_takes_a_burst_and_then_its_rate() {
        let (rates, rate, start) = (Rates::default(), Rate { per_minute: 60, burst: 5 }, Instant::now());
        let at = |ms: u64| start + Duration::from_millis(ms);
        for _ in 0..5 {
            assert_eq!(rates.take("hook", rate, at(0)), Ok(()));
        }
        assert_eq!(rates.take("hook", rate, at(0)), Err(1));
        assert_eq!(rates.take("other", rate, at(0)), Ok(()));
        assert_eq!(rates.take("hook", rate, at(1001)), Ok(()));
        assert_eq!(rates.take("hook", rate, at(1001)), Err(1));
        let taken = (0..100).filter(|_| rates.take("hook", rate, at(60_000)).is_ok()).count();
        assert_eq!(taken, 5);
    }

    #[test]
    fn a_slow_rate_says_how_long_to_wait() {
        let (rates, rate, now) = (Rates::default(), Rate { per_minute: 1, burst: 1 }, Instant::now());
        assert_eq!(rates.take("hook", rate, now), Ok(()));
        assert_eq!(rates.take("hook", rate, now), Err(60));
    }
}
