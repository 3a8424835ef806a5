//! A table of bytes: read in either kind of transaction, and, when it is one of the state, written with its digest.
//!
//! [`StateTable`] is the only way to write a row of the state, so that no row is written past the digest.

use std::ops::RangeBounds;
use std::rc::Rc;

use redb::{AccessGuard, Range, ReadableTable, ReadableTableMetadata, StorageError, Table, TableStats};

use crate::digest::{Digest, Running};
use crate::record::packed;

/// Keys and values are bytes: `keys` and `record` know what is in them.
pub(crate) type Bytes = &'static [u8];

/// A table of either kind of transaction.
pub(crate) trait Rows: ReadableTable<Bytes, Bytes> {}

impl<T: ReadableTable<Bytes, Bytes>> Rows for T {}

/// Which rows of a table the digest covers.
#[derive(Clone, Copy)]
pub(crate) struct Covered {
    /// What the table's name adds to the hash of each of its keys.
    pub(crate) seed: u64,
    /// Whether it covers any: those of a table of the state.
    pub(crate) is_state: bool,
    /// The rows that it leaves out all the same.
    pub(crate) except: &'static [&'static [u8]],
    /// Whether its values may be compressed: the digest is of what they were before.
    pub(crate) is_packed: bool,
}

impl Covered {
    /// Whether the digest covers the row `key`.
    pub(crate) fn has(self, key: &[u8]) -> bool {
        self.is_state && !self.except.contains(&key)
    }

    /// The digest of a row.
    pub(crate) fn digest(self, key: &[u8], value: &[u8]) -> Digest {
        // What cannot be read has a digest all the same: it is another one than that of what was written.
        let value = if self.is_packed { packed::plain(value).unwrap_or(value.into()) } else { value.into() };
        Digest::of(self.seed, key, &value)
    }
}

/// A table of the state within a write transaction. What it writes, it counts.
pub(crate) struct StateTable<'t> {
    rows: Table<'t, Bytes, Bytes>,
    covered: Covered,
    digest: Running,
}

impl<'t> StateTable<'t> {
    /// Counts what is written into `rows` in `digest`, as far as it is `covered`. Called by
    /// `tables::Definition::open` alone.
    pub(crate) fn new(rows: Table<'t, Bytes, Bytes>, covered: Covered, digest: &Running) -> Self {
        Self { rows, covered, digest: Rc::clone(digest) }
    }

    /// Puts a row; returns the value that it had.
    pub(crate) fn insert(
        &mut self,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<AccessGuard<'_, Bytes>>, StorageError> {
        let before = self.rows.insert(key, value)?;
        if self.covered.has(key) {
            let mut digest = self.digest.get();
            if let Some(before) = &before {
                digest.subtract(self.covered.digest(key, before.value()));
            }
            digest.add(self.covered.digest(key, value));
            self.digest.set(digest);
        }
        Ok(before)
    }

    /// Removes a row; returns the value that it had.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<Option<AccessGuard<'_, Bytes>>, StorageError> {
        let before = self.rows.remove(key)?;
        if let Some(before) = before.as_ref().filter(|_| self.covered.has(key)) {
            let mut digest = self.digest.get();
            digest.subtract(self.covered.digest(key, before.value()));
            self.digest.set(digest);
        }
        Ok(before)
    }
}

impl ReadableTableMetadata for StateTable<'_> {
    fn stats(&self) -> Result<TableStats, StorageError> {
        self.rows.stats()
    }

    fn len(&self) -> Result<u64, StorageError> {
        self.rows.len()
    }
}

/// A row as redb gives it.
type Row<'a> = (AccessGuard<'a, Bytes>, AccessGuard<'a, Bytes>);

impl ReadableTable<Bytes, Bytes> for StateTable<'_> {
    fn get<'a>(
        &self,
        key: impl std::borrow::Borrow<&'a [u8]>,
    ) -> Result<Option<AccessGuard<'_, Bytes>>, StorageError> {
        self.rows.get(key)
    }

    fn range<'a, KR>(&self, range: impl RangeBounds<KR> + 'a) -> Result<Range<'_, Bytes, Bytes>, StorageError>
    where
        KR: std::borrow::Borrow<&'a [u8]> + 'a,
    {
        self.rows.range(range)
    }

    fn first(&self) -> Result<Option<Row<'_>>, StorageError> {
        self.rows.first()
    }

    fn last(&self) -> Result<Option<Row<'_>>, StorageError> {
        self.rows.last()
    }
}
