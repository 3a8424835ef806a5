//! The retention limits, which may change while the store is open.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The retention limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How long decoded raw requests are kept, in milliseconds.
    pub requests_ms: u64,
    /// How long raw requests that could not be decoded are kept, in milliseconds.
    pub dead_letters_ms: u64,
    /// How many bytes of raw requests are kept for each source.
    pub bytes: Quota,
    /// How long entries of the journal are kept, in milliseconds.
    pub journal_ms: u64,
}

impl Default for Keep {
    /// A week, 90 days, 1 GiB for each source, 30 days for every entry of the journal.
    fn default() -> Self {
        Self {
            requests_ms: 7 * DAY_MS,
            dead_letters_ms: 90 * DAY_MS,
            bytes: Quota { usual: 1024 * 1024 * 1024, by_source: BTreeMap::new() },
            journal_ms: 30 * DAY_MS,
        }
    }
}

/// The limit of kept requests for each source, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The default.
    pub usual: u64,
    /// The limits of single sources.
    pub by_source: BTreeMap<String, u64>,
}

impl Quota {
    pub(crate) fn of(&self, source: &str) -> u64 {
        self.by_source.get(source).copied().unwrap_or(self.usual)
    }
}

/// The limits in force, shared by the writer and the code that changes them.
#[derive(Debug)]
pub(crate) struct Current(RwLock<Arc<Keep>>);

impl Current {
    pub(crate) fn new(keep: Keep) -> Self {
        Self(RwLock::new(Arc::new(keep)))
    }

    pub(crate) fn get(&self) -> Arc<Keep> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, keep: Keep) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keep);
    }
}
