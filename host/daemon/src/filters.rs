//! Filters that failed on an incident: each is told once, with its action's name, and counted.
//!
//! Kept in memory alone: a start comes with a configuration that may be mended. Never decides what a filter that
//! fails lets through.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::routing::FailedFilter;

/// How a filter failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// On this incident at last.
    pub incident: u64,
    /// What failed.
    pub reason: String,
    /// How many entries it failed in.
    pub count: u64,
}

/// By action.
#[derive(Debug, Default)]
pub struct Filters(Mutex<BTreeMap<String, Failing>>);

impl Filters {
    /// These failed in one entry.
    pub fn failed(&self, filters: &[FailedFilter]) {
        for FailedFilter { action, incident, reason } in filters {
            let mut known = self.lock();
            let count = known.get(action).map_or(0, |failing| failing.count) + 1;
            if count == 1 {
                tracing::warn!(action, incident, reason, "a filter failed, and let the incident through");
            }
            known.insert(action.clone(), Failing { incident: *incident, reason: reason.clone(), count });
        }
    }

    /// Those that failed since the start.
    pub fn failing(&self) -> BTreeMap<String, Failing> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Failing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_fails_is_counted_with_what_failed_last() {
        let filters = Filters::default();
        let failed = |incident, reason: &str| {
            let action = "page".to_owned();
            filters.failed(&[FailedFilter { action, incident, reason: reason.to_owned() }]);
        };
        failed(1, "first");
        failed(2, "second");
        let expected = Failing { incident: 2, reason: "second".to_owned(), count: 2 };
        assert_eq!(filters.failing()["page"], expected);
    }
}
