//! A running digest of the state: the sum of a hash of each row of the state's tables.
//!
//! The sum does not depend on the order of the rows, and a change of one row costs two hashes: that of the row before
//! is subtracted, that of the row after is added. [`StateTable`] is the only way to write a row of the state, so that
//! no row is written past the digest. Never looks into a row: keys and values are bytes.

use std::cell::Cell;
use std::fmt;
use std::ops::RangeBounds;
use std::rc::Rc;

use redb::{
    AccessGuard, Range, ReadableTable, ReadableTableMetadata, StorageError, Table, TableStats,
    WriteTransaction,
};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128, xxh3_128_with_seed};

use crate::error::Fault;
use crate::read::Snapshot;
use crate::rows::{self, Rows};
use crate::tables::{self, Bytes, Definition};

/// Bytes of a digest.
pub(crate) const BYTES: usize = 32;
/// What the two halves of a row's hash begin with. Fixed for ever, as the hash is.
const SEEDS: [u64; 2] = [0x746f_6373_696e_2031, 0x746f_6373_696e_2032];

/// A digest of all rows of the state: two sums of 128 bits each, which wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u128; 2]);

impl Digest {
    /// As it is kept.
    pub(crate) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (first, second) = bytes.split_at_mut(BYTES / 2);
        first.copy_from_slice(&self.0[0].to_be_bytes());
        second.copy_from_slice(&self.0[1].to_be_bytes());
        bytes
    }

    /// Reads what [`Digest::to_bytes`] made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (first, second) = bytes.split_first_chunk()?;
        Some(Self([u128::from_be_bytes(*first), u128::from_be_bytes(second.try_into().ok()?)]))
    }

    /// Reads the 64 hexadecimal digits that it is shown as.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, second) = text.split_at_checked(BYTES)?;
        let is_whole = second.len() == BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let half = |half| u128::from_str_radix(half, 16).ok();
        is_whole.then_some(Self([half(first)?, half(second)?]))
    }

    /// Adds the row `key` of `table`, if the digest covers it.
    pub(crate) fn add_row(&mut self, table: Definition, key: &[u8], value: &[u8]) {
        if table.is_digested(key) {
            self.add(Self::of(seed(table), key, value));
        }
    }

    /// The digest of one row. The table's name is in `seed`.
    fn of(seed: u64, key: &[u8], value: &[u8]) -> Self {
        let mut parts = [0; BYTES];
        let (first, second) = parts.split_at_mut(BYTES / 2);
        first.copy_from_slice(&xxh3_128_with_seed(key, seed).to_be_bytes());
        second.copy_from_slice(&xxh3_128(value).to_be_bytes());
        Self(SEEDS.map(|seed| xxh3_128_with_seed(&parts, seed)))
    }

    fn add(&mut self, row: Self) {
        self.0 = [self.0[0].wrapping_add(row.0[0]), self.0[1].wrapping_add(row.0[1])];
    }

    fn subtract(&mut self, row: Self) {
        self.0 = [self.0[0].wrapping_sub(row.0[0]), self.0[1].wrapping_sub(row.0[1])];
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}{:032x}", self.0[0], self.0[1])
    }
}

/// What a table's name adds to the hash of each of its keys.
fn seed(table: Definition) -> u64 {
    xxh3_64(table.name.as_bytes())
}

/// The digest as the tables of one transaction change it.
pub(crate) type Running = Rc<Cell<Digest>>;

/// A digest that the tables of a transaction go on from.
pub(crate) fn running(digest: Digest) -> Running {
    Rc::new(Cell::new(digest))
}

/// A table of the state within a write transaction. What it writes, it counts.
pub(crate) struct StateTable<'t> {
    rows: Table<'t, Bytes, Bytes>,
    table: Definition,
    seed: u64,
    digest: Running,
}

impl<'t> StateTable<'t> {
    /// Counts what is written into `rows` in `digest`. Called by [`Definition::open`] alone.
    pub(crate) fn new(rows: Table<'t, Bytes, Bytes>, table: Definition, digest: &Running) -> Self {
        Self { rows, table, seed: seed(table), digest: Rc::clone(digest) }
    }

    /// Puts a row; returns the value that it had.
    pub(crate) fn insert(
        &mut self,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<AccessGuard<'_, Bytes>>, StorageError> {
        let before = self.rows.insert(key, value)?;
        if self.table.is_digested(key) {
            let mut digest = self.digest.get();
            if let Some(before) = &before {
                digest.subtract(Digest::of(self.seed, key, before.value()));
            }
            digest.add(Digest::of(self.seed, key, value));
            self.digest.set(digest);
        }
        Ok(before)
    }

    /// Removes a row; returns the value that it had.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<Option<AccessGuard<'_, Bytes>>, StorageError> {
        let before = self.rows.remove(key)?;
        if let Some(before) = before.as_ref().filter(|_| self.table.is_digested(key)) {
            let mut digest = self.digest.get();
            digest.subtract(Digest::of(self.seed, key, before.value()));
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

/// The digest that is kept.
pub(crate) fn kept(meta: &impl Rows) -> Result<Digest, Fault> {
    let wrong = || rows::not(tables::META, tables::META_DIGEST, "a digest of 32 bytes");
    let kept = meta.get(tables::META_DIGEST)?.ok_or_else(wrong)?;
    Digest::from_bytes(kept.value()).ok_or_else(wrong)
}

/// Counts the digest anew from the rows that `transaction` sees, and keeps it. For when what is kept may be wrong: a
/// row that was damaged below the store was not subtracted as it had been added.
pub(crate) fn recount(transaction: &WriteTransaction) -> Result<Digest, Fault> {
    let mut digest = Digest::default();
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        add_rows(&mut digest, table, &table.look_into(transaction)?)?;
    }
    tables::META.open(transaction, &running(digest))?.insert(tables::META_DIGEST, &digest.to_bytes())?;
    Ok(digest)
}

/// The digest that is kept, beside that of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigestCheck {
    /// The one that is kept; none if it cannot be read.
    pub kept: Option<Digest>,
    /// The one of the rows that are there.
    pub rows: Digest,
}

impl DigestCheck {
    /// Whether both are the same.
    pub fn is_right(&self) -> bool {
        self.kept == Some(self.rows)
    }
}

/// Reads every row of the state in `snapshot` once.
pub(crate) fn check(snapshot: &Snapshot) -> Result<DigestCheck, Fault> {
    let mut digest = Digest::default();
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        add_rows(&mut digest, table, &snapshot.table(table)?)?;
    }
    let kept = match kept(&snapshot.table(tables::META)?) {
        Ok(kept) => Some(kept),
        Err(Fault::Record { .. }) => None,
        Err(fault) => return Err(fault),
    };
    Ok(DigestCheck { kept, rows: digest })
}

fn add_rows(digest: &mut Digest, table: Definition, rows: &impl Rows) -> Result<(), Fault> {
    for row in rows.iter()? {
        let (key, value) = row?;
        digest.add_row(table, key.value(), value.value());
    }
    Ok(())
}
