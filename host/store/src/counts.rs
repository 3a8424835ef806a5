//! What came in at each source, counted beside the journal: an answer that keeps nothing has no entry.
//!
//! Knows neither what a code means nor how anything is counted: the caller brings whole rows, and the writer puts
//! them in with the next commit.

use std::collections::BTreeMap;

use redb::WriteTransaction;

use crate::error::Fault;
use crate::tables;

/// Records by the name of their source.
pub(crate) type CountRows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Puts `counts` in place of what is kept of the same sources.
pub(crate) fn put(transaction: &WriteTransaction, counts: &CountRows) -> Result<(), Fault> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut table = tables::beside::SOURCE_COUNTS.open(transaction)?;
    for (name, record) in counts {
        table.insert(name.as_slice(), record.as_slice())?;
    }
    Ok(())
}
