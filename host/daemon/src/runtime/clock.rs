//! The only place that reads the clock and draws random numbers.
//!
//! The relay's clock is the system's, but never runs backwards: times that were set before the system's clock was
//! set back would be hours away after it. It then runs slower until the system's clock has caught up.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tocsin_core::id::{Id, Kind};
use tocsin_core::time::Timestamp;

/// How fast the relay's clock runs while it is ahead of the system's: a wait takes a third longer at most.
const SLOWER: (u32, u32) = (3, 4);

static CLOCK: Mutex<SteadyClock> = Mutex::new(SteadyClock { last: None });

/// A clock that follows another one forwards, and never backwards.
#[derive(Debug)]
struct SteadyClock {
    /// What it showed when it last agreed with the other, and when that was.
    last: Option<(Timestamp, Instant)>,
}

impl SteadyClock {
    /// What it shows when the other shows `system`, at `moment` of a clock that cannot be set.
    fn read(&mut self, system: Timestamp, moment: Instant) -> Timestamp {
        if let Some((last, since)) = self.last {
            let passed = moment.saturating_duration_since(since) * SLOWER.0 / SLOWER.1;
            let least = plus(last, passed);
            if system < least {
                return least;
            }
        }
        self.last = Some((system, moment));
        system
    }

    /// Has it show `at` at least from `moment` on.
    fn not_before(&mut self, at: Timestamp, moment: Instant) {
        if self.last.is_none_or(|(last, since)| plus(last, moment.saturating_duration_since(since)) < at) {
            self.last = Some((at, moment));
        }
    }
}

fn plus(at: Timestamp, duration: Duration) -> Timestamp {
    let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.micros().saturating_add(micros))
}

/// Nothing behind this mutex can be left half changed.
fn clock() -> MutexGuard<'static, SteadyClock> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's time, which may have been set.
fn system() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    plus(Timestamp::from_micros(0), since)
}

/// Now, by the relay's clock: the system's time, as long as that was not set back.
pub fn now() -> Timestamp {
    let mut clock = clock();
    clock.read(system(), Instant::now())
}

/// Has the relay's clock go on from `at`, the time of the last thing that the store knows, if the system's clock is
/// behind it.
pub fn go_on_from(at: Timestamp) {
    clock().not_before(at, Instant::now());
}

/// How many milliseconds the relay's clock is ahead of the system's, because that was set back.
pub fn ahead_ms() -> u64 {
    now().ms_since(system())
}

/// A new id, made at `at`.
///
/// # Errors
/// The operating system gives no random numbers.
pub fn new_id<K: Kind>(at: Timestamp) -> Result<Id<K>, getrandom::Error> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Id::new(at, u128::from_be_bytes(bytes)))
}

/// A random number, for jitter; 0 when the operating system gives none, which costs nothing but spread.
pub fn jitter() -> u64 {
    getrandom::u64().unwrap_or(0)
}

/// Microseconds since `started`, by the clock that nothing sets.
pub fn micros_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60;

    fn at(seconds: u64) -> Timestamp {
        plus(Timestamp::from_micros(0), Duration::from_secs(seconds))
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stretch_a_wait_by_more_than_a_third() {
        let mut clock = SteadyClock { last: None };
        let start = Instant::now();
        let moment = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(clock.read(at(10 * HOUR), moment(0)), at(10 * HOUR));
        // Something waits for ten minutes; then the system's clock is set back by two hours.
        let due = at(10 * HOUR + 600);
        assert_eq!(clock.read(at(8 * HOUR), moment(0)), at(10 * HOUR));
        assert!(clock.read(at(8 * HOUR + 799), moment(799)) < due);
        assert_eq!(clock.read(at(8 * HOUR + 800), moment(800)), due);
        // Eight hours later they agree, and do so from then on.
        assert_eq!(clock.read(at(16 * HOUR), moment(8 * HOUR)), at(16 * HOUR));
        assert_eq!(clock.read(at(17 * HOUR), moment(9 * HOUR)), at(17 * HOUR));
    }

    #[test]
    fn it_follows_a_clock_that_is_set_forward_or_runs_a_little_slower() {
        let mut clock = SteadyClock { last: None };
        let start = Instant::now();
        assert_eq!(clock.read(at(100), start), at(100));
        assert_eq!(clock.read(at(5000), start), at(5000));
        assert_eq!(clock.read(at(5999), start + Duration::from_secs(1000)), at(5999));
    }

    #[test]
    fn after_a_start_with_a_clock_that_was_set_back_time_goes_on_from_the_last_entry() {
        let mut clock = SteadyClock { last: None };
        let start = Instant::now();
        clock.not_before(at(10 * HOUR), start);
        assert_eq!(clock.read(at(8 * HOUR), start), at(10 * HOUR));
        // A clock that is right is believed.
        let mut clock = SteadyClock { last: None };
        clock.not_before(at(10 * HOUR), start);
        assert_eq!(clock.read(at(11 * HOUR), start), at(11 * HOUR));
    }
}
