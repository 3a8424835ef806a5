//! Sources with requests that were kept because their plugin was not in force, and that can be decoded by now.
//!
//! Only remembers them: [`crate::plugins`] decodes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tocsin_core::receipt::{ReceiptRecord, ReceiptStatus};
use tokio::sync::Notify;

/// How long sources wait whose requests could not be decoded.
const LATER: Duration = Duration::from_secs(10);

/// Sources with requests that can be decoded by now.
#[derive(Debug, Default)]
pub struct Backlog {
    sources: Mutex<BTreeSet<String>>,
    added: Notify,
}

impl Backlog {
    /// Has the kept requests of a source decoded.
    pub fn add(&self, source: &str) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned());
        self.added.notify_one();
    }

    /// Has them decoded some time later.
    pub fn add_for_later(&self, source: &str) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned());
    }

    /// Waits until there are sources, or until it is time to look for those that were left for later.
    pub async fn added(&self) {
        // Either way there may be some.
        let _ = tokio::time::timeout(LATER, self.added.notified()).await;
    }

    /// The sources, which are the caller's from now on.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.sources.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a request was kept because no plugin was there to decode it.
pub fn lacks_plugin(record: &ReceiptRecord) -> bool {
    matches!(record.status, ReceiptStatus::Failed(_)) && record.plugin.is_empty()
}
