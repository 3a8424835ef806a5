//! How much room each table takes in the file.

use redb::ReadableTableMetadata;

use super::Snapshot;
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::tables;

/// The room that a table takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub stored_bytes: u64,
    /// Bytes that find the rows.
    pub metadata_bytes: u64,
    /// Bytes of its pages that are free.
    pub fragmented_bytes: u64,
}

impl Store {
    /// How much room each table takes, in the order of `README.md`. Reads every page of the file.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn sizes(&self) -> Result<Vec<TableSize>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let mut sizes = Vec::with_capacity(tables::ALL.len());
            for table in tables::ALL {
                let rows = snapshot.table(table)?;
                let stats = rows.stats().map_err(Fault::from)?;
                sizes.push(TableSize {
                    table: table.name,
                    rows: rows.len().map_err(Fault::from)?,
                    stored_bytes: stats.stored_bytes(),
                    metadata_bytes: stats.metadata_bytes(),
                    fragmented_bytes: stats.fragmented_bytes(),
                });
            }
            Ok(sizes)
        })
    }
}
