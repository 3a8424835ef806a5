//! What came in at each source, as it is kept beside the journal.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::Snapshot;
use crate::error::{Fault, ReadError, RecordProblem};
use crate::record::source_counts::SourceCounts;
use crate::store::Store;
use crate::{rows, tables};

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
                    let problem = RecordProblem::Body("its key is not a name".to_owned());
                    rows::fault(tables::SOURCE_COUNTS, key.value(), problem)
                });
                let counts = || rows::read(tables::SOURCE_COUNTS, key.value(), value.value());
                found.extend(snapshot.readable(name.and_then(|name| Ok((name, counts()?))))?);
            }
            Ok(found)
        })
    }
}
