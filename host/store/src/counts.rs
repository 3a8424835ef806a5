//! What came in at each source, counted beside the journal: an answer that keeps nothing has no entry.
//!
//! Knows neither what a code means nor how anything is counted: the caller brings whole rows, and the writer puts
//! them in with the next commit.

use std::collections::BTreeMap;

use redb::{ReadableTable, WriteTransaction};
use tocsin_core::time::Timestamp;

use crate::error::{Fault, Problem, ReadError};
use crate::read::Snapshot;
use crate::store::Store;
use crate::{rows, tables};

/// What came in at one source since it was first heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Requests whose events were applied, replays among them.
    pub accepted: u64,
    /// Requests that were recognised and meant nothing.
    pub ignored: u64,
    /// Requests of which some elements were applied and others could not be read.
    pub partly_refused: u64,
    /// Requests that were kept because their plugin failed.
    pub failed: u64,
    /// Requests that only asked whether the source is there.
    pub probes: u64,
    /// When the last request came that was kept.
    pub last_heard: Option<Timestamp>,
    /// When the last request was rejected.
    pub last_rejected: Option<Timestamp>,
    /// Rejected requests, by code; at most one row for each code and `kept`.
    pub rejections: Vec<Rejections>,
    /// Names that requests asked for, the newest last, where the row is about more than one.
    pub names: Vec<String>,
    /// When a confirmation was last asked for, and what came of it.
    pub confirmation: Option<(Timestamp, String)>,
}

/// Requests that were rejected with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejections {
    /// The caller's code.
    pub code: u16,
    /// Whether the requests were kept all the same.
    pub kept: bool,
    /// How many there were.
    pub count: u64,
    /// When the last one came.
    pub last: Timestamp,
    /// Why the last one was rejected.
    pub reason: String,
    /// How many there were lately, by the beginning of a span of time, oldest first.
    pub recent: Vec<(Timestamp, u64)>,
}

/// Records by the name of their source.
pub(crate) type CountRows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Puts `counts` in place of what is kept of the same sources.
pub(crate) fn put(transaction: &WriteTransaction, counts: &CountRows) -> Result<(), Fault> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(tables::SOURCE_COUNTS.redb())?;
    for (name, record) in counts {
        table.insert(name.as_slice(), record.as_slice())?;
    }
    Ok(())
}

impl Store {
    /// What is kept of what came in, by source.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn source_counts(&self) -> Result<BTreeMap<String, SourceCounts>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let table = snapshot.table(tables::SOURCE_COUNTS)?;
            let mut found = BTreeMap::new();
            for row in table.iter().map_err(Fault::from)? {
                let (key, value) = row.map_err(Fault::from)?;
                let name = String::from_utf8(key.value().to_vec()).map_err(|_| {
                    let problem = Problem::Body("its key is not a name".to_owned());
                    rows::fault(tables::SOURCE_COUNTS, key.value(), problem)
                });
                let counts = || rows::read(tables::SOURCE_COUNTS, key.value(), value.value());
                found.extend(snapshot.readable(name.and_then(|name| Ok((name, counts()?))))?);
            }
            Ok(found)
        })
    }
}
