//! Rows that could not be read, remembered until the writer has set them aside.
//!
//! In memory alone: a row that is still unreadable is met again. Never changes a row.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Fault, RecordProblem};

/// A row: the name of its table, and its key.
pub(crate) type Place = (&'static str, Vec<u8>);

/// The rows that readers could not read, with the problems.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    rows: Mutex<BTreeMap<Place, RecordProblem>>,
    /// Whether a row was added since the writer was last sent for it.
    is_news: AtomicBool,
}

impl Damage {
    /// Remembers the row that `fault` is about. Does nothing for a fault of the storage.
    pub(crate) fn report(&self, fault: &Fault) {
        let Fault::Record { table, row, problem, .. } = fault else { return };
        if self.rows().insert((table, row.to_vec()), problem.clone()).is_none() {
            self.is_news.store(true, Ordering::Release);
        }
    }

    /// Whether a row was added since this was last asked.
    pub(crate) fn take_news(&self) -> bool {
        self.is_news.load(Ordering::Acquire) && self.is_news.swap(false, Ordering::AcqRel)
    }

    /// The rows, in the order of their tables' names and keys.
    pub(crate) fn places(&self) -> Vec<(Place, RecordProblem)> {
        self.rows().iter().map(|(place, problem)| (place.clone(), problem.clone())).collect()
    }

    /// Whether no row waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// Forgets rows that were seen to.
    pub(crate) fn forget(&self, places: &[Place]) {
        let mut rows = self.rows();
        places.iter().for_each(|place| drop(rows.remove(place)));
    }

    /// Nothing behind this mutex can be left half changed.
    fn rows(&self) -> MutexGuard<'_, BTreeMap<Place, RecordProblem>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
