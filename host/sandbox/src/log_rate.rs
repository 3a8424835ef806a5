//! How much one plugin may write to the log in a minute: the rest is counted, and said once.
//!
//! Knows no plugin and writes nothing itself; a plugin's own budget goes with it, so that none takes another's.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::LOG_BYTES_PER_MINUTE;

/// What the rate counts over.
const WINDOW: Duration = Duration::from_secs(60);
/// What a line costs beside its text: time, level, plugin, version, phase, request and source stand beside it.
const LINE_BYTES: usize = 180;

/// One plugin's budget.
#[derive(Debug)]
pub(crate) struct LogRate(Mutex<Window>);

#[derive(Debug)]
struct Window {
    since: Instant,
    used: usize,
    dropped: u64,
    /// Whether a line was dropped: then all others are, since a log with holes reads like a whole one.
    is_full: bool,
    /// Whether the log says already that lines are dropped.
    is_told: bool,
}

/// What to do with the lines of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Write it.
    Write,
    /// Drop it.
    Drop,
}

impl LogRate {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Window::new(Instant::now())))
    }

    /// Bytes that were dropped in the window before, once that is over.
    pub(crate) fn begin(&self, now: Instant) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.since) < WINDOW {
            return None;
        }
        let dropped = window.dropped;
        *window = Window::new(now);
        (dropped > 0).then_some(dropped)
    }

    /// Whether a line of this many bytes may be written.
    pub(crate) fn line(&self, bytes: usize) -> Grant {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = bytes.saturating_add(LINE_BYTES);
        if window.is_full || window.used.saturating_add(cost) > LOG_BYTES_PER_MINUTE {
            window.is_full = true;
            window.dropped = window.dropped.saturating_add(bytes as u64);
            return Grant::Drop;
        }
        window.used += cost;
        Grant::Write
    }

    /// Counts bytes that a call dropped by itself.
    pub(crate) fn dropped(&self, bytes: u64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.dropped = window.dropped.saturating_add(bytes);
    }

    /// Whether the log has yet to say that this plugin's lines are dropped; bytes so far. Once in a window.
    pub(crate) fn untold(&self) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.dropped == 0 || window.is_told {
            return None;
        }
        window.is_told = true;
        Some(window.dropped)
    }
}

impl Window {
    fn new(since: Instant) -> Self {
        Self { since, used: 0, dropped: 0, is_full: false, is_told: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_bytes_are_written_the_rest_is_counted_and_said_once() {
        let rate = LogRate::new();
        let line = 1000;
        let written = (0..1000).filter(|_| rate.line(line) == Grant::Write).count();
        assert_eq!(written, LOG_BYTES_PER_MINUTE / (line + LINE_BYTES));
        let dropped = ((1000 - written) * line) as u64;
        assert_eq!((rate.untold(), rate.untold()), (Some(dropped), None));
        let later = Instant::now() + WINDOW;
        assert_eq!((rate.begin(later), rate.begin(later)), (Some(dropped), None));
        assert_eq!((rate.line(line), rate.untold()), (Grant::Write, None));
    }

    #[test]
    fn short_lines_count_with_what_stands_before_them() {
        let rate = LogRate::new();
        let written = (0..100_000).filter(|_| rate.line(1) == Grant::Write).count();
        assert_eq!(written, LOG_BYTES_PER_MINUTE / (LINE_BYTES + 1));
    }
}
