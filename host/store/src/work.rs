//! Measures how long the writer has been working.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the present work began, if any.
#[derive(Debug, Default)]
pub(crate) struct Work(Mutex<Option<Instant>>);

impl Work {
    pub(crate) fn begins(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(crate) fn ends(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn for_so_long(&self) -> Duration {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
