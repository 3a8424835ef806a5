//! For how long things are kept, and how much of them: what may be changed while the store is open.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// For how long, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// For how long raw requests are kept that were decoded. Milliseconds.
    pub requests_ms: u64,
    /// For how long raw requests are kept that could not be decoded. Milliseconds.
    pub dead_letters_ms: u64,
    /// Bytes of raw requests that are kept of each source.
    pub bytes: Quota,
    /// For how long entries of the journal are kept. Milliseconds.
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

/// Bytes of requests that each source may have kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of a source that has none of its own.
    pub usual: u64,
    /// By source.
    pub by_source: BTreeMap<String, u64>,
}

impl Quota {
    pub(crate) fn of(&self, source: &str) -> u64 {
        self.by_source.get(source).copied().unwrap_or(self.usual)
    }
}

/// What holds now, for the writer and whoever changes it.
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
