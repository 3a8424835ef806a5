//! The pulse of an endless task: the task beats once a round, and a watcher reads the time since the last beat.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pulse of a task.
#[derive(Debug)]
pub struct Pulse(Mutex<Instant>);

impl Default for Pulse {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Pulse {
    /// A round begins.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long ago the last round began.
    pub fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_is_as_old_as_the_last_beat() {
        let pulse =
            Pulse(Mutex::new(Instant::now().checked_sub(Duration::from_secs(9)).expect("a moment before")));
        assert!(pulse.age() >= Duration::from_secs(9));
        pulse.beat();
        assert!(pulse.age() < Duration::from_secs(9));
    }
}
