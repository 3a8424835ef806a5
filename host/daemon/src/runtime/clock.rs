//! The relay's clock and its random numbers: of ids, of jitter, and of whatever is decided about requests, incidents and
//! deliveries. They are handed in, so that a test can have its own. The listener's connections, the log and what only
//! measures have the machine's clock.
//!
//! The relay's clock is the system's, but never runs backwards: times that were set before the system's clock was
//! set back would be hours away after it. It then runs slower until the system's clock has caught up.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tocsin_core::id::{Id, Kind};
use tocsin_core::time::Timestamp;
use tokio::time::Instant;

/// How fast the relay's clock runs while it is ahead of the system's: a wait takes a third longer at most.
const SLOWER: (u32, u32) = (3, 4);

/// Where times and random numbers come from.
pub trait Source: fmt::Debug + Send + Sync {
    /// The time of day, which may have been set.
    fn time(&self) -> Timestamp;

    /// The time of a clock that nothing sets: tokio's, by which whoever waits until then sleeps.
    fn instant(&self) -> Instant;

    /// A random number.
    ///
    /// # Errors
    /// There is none.
    fn random(&self) -> Result<u128, getrandom::Error>;
}

/// The machine's clocks and random numbers.
#[derive(Debug)]
struct Machine;

impl Source for Machine {
    fn time(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        plus(Timestamp::from_micros(0), since)
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn random(&self) -> Result<u128, getrandom::Error> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(u128::from_be_bytes(bytes))
    }
}

/// One moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By the relay's clock.
    pub time: Timestamp,
    /// By the clock that nothing sets.
    pub instant: Instant,
}

impl Now {
    /// When the relay's clock will show `at`; never less than a moment ahead, since its grain is finer than a timer's.
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        self.instant + Duration::from_millis(at.ms_since(self.time) + 1)
    }
}

/// The relay's clock: one, however often it is cloned.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Arc<dyn Source>,
    steady: Arc<Mutex<SteadyClock>>,
}

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

impl Default for Clock {
    /// One that follows the machine's.
    fn default() -> Self {
        Self::of(Arc::new(Machine))
    }
}

impl Clock {
    /// One that follows `source`.
    pub fn of(source: Arc<dyn Source>) -> Self {
        Self { source, steady: Arc::new(Mutex::new(SteadyClock { last: None })) }
    }

    /// Now: the time of day, as long as that was not set back.
    pub fn now(&self) -> Timestamp {
        self.moment().time
    }

    /// Now, by both clocks.
    pub fn moment(&self) -> Now {
        let mut steady = self.steady();
        let instant = self.source.instant();
        Now { time: steady.read(self.source.time(), instant), instant }
    }

    /// Has it go on from `at`, the time of the last thing that the store knows, if the time of day is before that.
    pub fn go_on_from(&self, at: Timestamp) {
        self.steady().not_before(at, self.source.instant());
    }

    /// How many milliseconds it is ahead of the time of day, because that was set back.
    pub fn ahead_ms(&self) -> u64 {
        self.now().ms_since(self.source.time())
    }

    /// A new id, made at `at`.
    ///
    /// # Errors
    /// There is no random number.
    pub fn new_id<K: Kind>(&self, at: Timestamp) -> Result<Id<K>, getrandom::Error> {
        Ok(Id::new(at, self.source.random()?))
    }

    /// A random number, for jitter; 0 when there is none, which costs nothing but spread.
    #[expect(clippy::cast_possible_truncation, reason = "half of its bits are as random")]
    pub fn jitter(&self) -> u64 {
        self.source.random().unwrap_or(0) as u64
    }

    /// Nothing behind this mutex can be left half changed.
    fn steady(&self) -> MutexGuard<'_, SteadyClock> {
        self.steady.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machine's time of day, for commands that work without a relay.
pub fn time_of_day() -> Timestamp {
    Machine.time()
}

/// Microseconds since `started`, by the clock that nothing sets.
pub fn micros_since(started: std::time::Instant) -> u64 {
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
