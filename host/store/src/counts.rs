//! What came in at each source, counted beside the journal: an answer that keeps nothing has no entry.
//!
//! Knows neither what a code means nor how anything is counted: the caller brings whole rows, and the writer puts
//! them in with the next commit.

use redb::WriteTransaction;

use crate::error::Fault;
use crate::log::Count;
use crate::tables;

/// Puts `counts` in place of what is kept of the same sources.
pub(crate) fn put(transaction: &WriteTransaction, counts: &[Count]) -> Result<(), Fault> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut table = tables::beside::SOURCE_COUNTS.open(transaction)?;
    for Count { source, record } in counts {
        table.insert(source.as_slice(), record.as_slice())?;
    }
    Ok(())
}
