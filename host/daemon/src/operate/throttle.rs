//! How often one key may be used in a time: a link of a message, or an address that sends wrong tokens.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are remembered before those with a whole share are forgotten.
const KEYS_KEPT: usize = 4096;
/// Keys that are remembered at all. A new one has no share while as many have used theirs.
const KEYS_MAX: usize = 64 * 1024;

/// What each key has used of its share.
#[derive(Debug)]
pub struct Throttle<K> {
    /// How much of the time one use costs.
    cost: Duration,
    /// In which a share is whole again.
    period: Duration,
    /// When the share of each key is whole again: each use moves that by what it costs.
    whole_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Every key may be used so often at once; so many uses come back in `period`.
    pub fn new(burst: u32, period: Duration) -> Self {
        Self { cost: period / burst, period, whole_at: Mutex::default() }
    }

    /// Takes one use from the share of `key`; else how long to wait for the next.
    ///
    /// # Errors
    /// The share is used up.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut keys = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = keys.get(&key).map_or(now, |whole_at| (*whole_at).max(now));
        let ahead = whole_at.duration_since(now) + self.cost;
        if ahead > self.period {
            return Err(ahead - self.period);
        }
        if keys.len() >= KEYS_KEPT {
            keys.retain(|_, whole_at| *whole_at > now);
        }
        if keys.len() >= KEYS_MAX && !keys.contains_key(&key) {
            return Err(self.period);
        }
        keys.insert(key, whole_at + self.cost);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_share_that_comes_back_and_is_no_other_keys() {
        let throttle = Throttle::new(60, Duration::from_secs(60));
        let now = Instant::now();
        for _ in 0..60 {
            assert_eq!(throttle.take("a", now), Ok(()));
        }
        assert_eq!(throttle.take("a", now), Err(Duration::from_secs(1)));
        assert_eq!(throttle.take("b", now), Ok(()));
        let later = now + Duration::from_secs(1);
        assert_eq!(throttle.take("a", later), Ok(()));
        assert!(throttle.take("a", later).is_err());
        assert_eq!(throttle.take("a", now + Duration::from_secs(120)), Ok(()));
    }

    #[test]
    fn keys_with_a_whole_share_are_forgotten() {
        let throttle = Throttle::new(60, Duration::from_secs(60));
        let now = Instant::now();
        for key in 0..KEYS_KEPT {
            assert_eq!(throttle.take(key, now), Ok(()));
        }
        assert_eq!(throttle.take(KEYS_KEPT, now + Duration::from_secs(60)), Ok(()));
        assert_eq!(throttle.whole_at.lock().expect("no panic").len(), 1);
    }

    #[test]
    fn no_more_keys_are_remembered_than_there_is_room_for() {
        let throttle = Throttle::new(60, Duration::from_secs(60));
        let now = Instant::now();
        for key in 0..KEYS_MAX {
            assert_eq!(throttle.take(key, now), Ok(()));
        }
        assert!(throttle.take(KEYS_MAX, now).is_err());
        assert_eq!(throttle.take(0, now), Ok(()));
    }
}
