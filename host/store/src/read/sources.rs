//! Whether anything is kept of a source, which the configuration may no longer have.

use super::{ReceiptQuery, Snapshot};
use crate::error::{Fault, ReadError};
use crate::kinds::Kinds;
use crate::store::Store;
use crate::tables;

impl Store {
    /// Whether anything is kept of this source: an incident, a count, or one of the latest receipts. Takes the same time
    /// however much is kept.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn knows_source(&self, source: &str) -> Result<bool, ReadError> {
        let has_rows = self.reading(|live| Ok(has_rows(&Snapshot::new(live)?, source)?))?;
        if has_rows {
            return Ok(true);
        }
        let query = ReceiptQuery { source: Some(source.into()), limit: 1, ..ReceiptQuery::default() };
        Ok(!self.receipts(&query)?.items.is_empty())
    }
}

fn has_rows(snapshot: &Snapshot, source: &str) -> Result<bool, Fault> {
    for table in [tables::SOURCE_COUNTS, tables::KEPT_TOTALS] {
        if snapshot.table(table)?.get(source.as_bytes())?.is_some() {
            return Ok(true);
        }
    }
    let index = snapshot.table(tables::INCIDENTS_BY_KIND)?;
    let kind = snapshot.readable(Kinds::wanted(&index, Some(source), &[], &[]).next())?;
    Ok(kind.flatten().is_some())
}
