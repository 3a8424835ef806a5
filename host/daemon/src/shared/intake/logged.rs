//! What is logged of rejections: the first of a kind, then a count every five minutes, and once that there are no more.

use std::time::Instant;

use super::STRANGERS;
use crate::runtime::trouble::REMINDER;

/// When rejections of one kind were last logged, and how many there were.
pub(super) struct Logged {
    at: Instant,
    count: u64,
    /// How many came since they were logged.
    unlogged: u64,
    reason: String,
}

/// What is to be logged of rejections of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// So many came since they were last logged.
    Rejected(u64),
    /// None came for a while; so many had come.
    NoLonger(u64),
}

impl Logged {
    /// The first of its kind, which is logged at once.
    pub(super) const fn first(reason: String, now: Instant) -> Self {
        Self { at: now, count: 1, unlogged: 0, reason }
    }

    /// Another one.
    pub(super) fn add(&mut self, reason: String) {
        self.count += 1;
        self.unlogged += 1;
        self.reason = reason;
    }

    /// Why the last one was rejected.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// What is to be logged now. [`Line::NoLonger`] comes last.
    pub(super) fn due(&mut self, now: Instant) -> Option<Line> {
        if now.saturating_duration_since(self.at) < REMINDER {
            return None;
        }
        self.at = now;
        match std::mem::take(&mut self.unlogged) {
            0 => Some(Line::NoLonger(self.count)),
            unlogged => Some(Line::Rejected(unlogged)),
        }
    }
}

pub(super) fn log(label: &str, status: u16, line: &Line, reason: &str) {
    let is_stranger = label == STRANGERS;
    match line {
        Line::Rejected(count) if is_stranger => {
            tracing::warn!(status, count, reason, "rejected: there is no such source");
        }
        Line::Rejected(count) => tracing::warn!(source = label, status, count, reason, "rejected"),
        // It was said with the rejection itself that there was one.
        Line::NoLonger(1) => {}
        Line::NoLonger(times) => tracing::info!(source = label, status, count = times, "no longer rejected"),
    }
}
