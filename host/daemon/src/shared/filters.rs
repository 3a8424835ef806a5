//! Filters that failed on an incident: each is told once, with its action's name, and counted.
//!
//! Kept in memory alone: a start, or a reload that changes the action, may bring a corrected configuration. Never
//! decides what a filter that fails lets through.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::routing::FailedFilter;

/// Incidents of each filter that are remembered: one that is forgotten and fails again counts again.
const INCIDENTS_MAX: usize = 1_000;

/// How a filter failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failing {
    /// On this incident at last.
    pub incident: u64,
    /// What failed.
    pub reason: String,
    /// On how many incidents, however often it was applied to each.
    pub count: u64,
    /// On which, as far as they are remembered.
    incidents: BTreeSet<u64>,
}

/// By action.
#[derive(Debug, Default)]
pub struct Filters(Mutex<BTreeMap<String, Failing>>);

impl Filters {
    /// These failed in one entry.
    pub fn failed(&self, filters: &[FailedFilter]) {
        for FailedFilter { action, incident, reason } in filters {
            let mut known = self.lock();
            let failing = known.entry(action.to_string()).or_default();
            if failing.count == 0 {
                tracing::warn!(
                    action = action.as_str(),
                    incident,
                    reason,
                    "a filter failed, and let the incident through"
                );
            }
            failing.incident = *incident;
            failing.reason.clone_from(reason);
            if failing.incidents.insert(*incident) {
                failing.count += 1;
            }
            if failing.incidents.len() > INCIDENTS_MAX {
                failing.incidents.pop_first();
            }
        }
    }

    /// The filter of `action` has changed.
    pub fn end(&self, action: &str) {
        self.lock().remove(action);
    }

    /// The filters that failed since the start or their last change.
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
    fn a_filter_that_fails_is_counted_by_incident_with_what_failed_last() {
        let filters = Filters::default();
        let failed = |incident, reason: &str| {
            let action = "page".to_owned();
            filters.failed(&[FailedFilter { action: action.into(), incident, reason: reason.to_owned() }]);
        };
        failed(1, "first");
        failed(2, "second");
        failed(1, "when its attempt begins");
        failed(2, "when its attempt begins");
        let failing = &filters.failing()["page"];
        assert_eq!((failing.incident, failing.count), (2, 2));
        assert_eq!(failing.reason, "when its attempt begins");
    }
}
