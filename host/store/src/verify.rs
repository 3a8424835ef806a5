//! Whether what is stored is whole: every record can be read, the rows have the digest that is kept, and each entry of
//! the journal follows the one before it.
//!
//! Reads one snapshot once and never changes the store. Whether the state is what the journal says, `replay` finds.

use crate::error::ReadError;
use crate::read::Snapshot;
use crate::read::set_aside::SetAside;
use crate::store::Store;
use crate::tables::Definition;

mod compare;
mod difference;
mod digest;
mod quick;
mod record;
mod same;

pub(crate) use compare::compare;
pub use digest::DigestCheck;
pub(crate) use digest::check;
pub(crate) use quick::run as quick;

/// Differences that are listed; the rest are counted.
const LISTED: usize = 20;

/// What came of a check of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries of the journal that were read or replayed.
    pub entries: u64,
    /// The entry that the state was known at from which the journal was replayed: 0 for the beginning. None when
    /// nothing was replayed.
    pub replayed_after: Option<u64>,
    /// The number of the journal's first entry; above 1 when the journal was cut. 0 when there is no entry.
    pub begins: u64,
    /// The tables that were read, with how much is in them.
    pub tables: Vec<TableCount>,
    /// How many records are not what they should be.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// The records that could not be read and were set aside.
    pub set_aside: Vec<SetAside>,
    /// The digest of the state that is kept, and that of the rows: they differ when a row was changed below the store.
    pub digest: DigestCheck,
}

impl Verified {
    /// Whether nothing differs, and nothing was set aside that no operator has seen to.
    pub fn is_clean(&self) -> bool {
        self.is_right() && self.set_aside.iter().all(|row| row.dismissed)
    }

    /// Whether nothing differs.
    pub fn is_right(&self) -> bool {
        self.differing == 0 && self.digest.is_right()
    }

    /// Whether entries of the journal itself are damaged, so that the state cannot be made anew from all of it.
    pub fn is_journal_damaged(&self) -> bool {
        self.differences.iter().any(|difference| difference.table == crate::tables::JOURNAL.name)
    }

    pub(crate) fn differ(&mut self, table: Definition, key: &[u8], what: String) {
        self.differing += 1;
        if self.differences.len() < LISTED {
            self.differences.push(Difference { table: table.name, key: table.key_words(key), what });
        }
    }

    /// Counts what another part of the same check found.
    fn add(&mut self, differing: u64, differences: Vec<Difference>) {
        self.differing += differing;
        let room = LISTED.saturating_sub(self.differences.len());
        self.differences.extend(differences.into_iter().take(room));
    }
}

/// A table that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// Its name.
    pub table: &'static str,
    /// Rows that are kept.
    pub rows: u64,
}

/// A row that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table} {key}: {what}")]
pub struct Difference {
    /// In which table.
    pub table: &'static str,
    /// Which, in words.
    pub key: String,
    /// How it differs.
    pub what: String,
}

impl Store {
    /// Reads every row of every table once, with so many threads (at least one): each record must be readable, the rows
    /// must have the digest that is kept, and each entry of the journal must follow the one before. The store is read
    /// and written meanwhile; what is checked is one snapshot. Memory: the store's cache, and the longest record for
    /// each thread. `progress` is told how many rows of how many were read.
    ///
    /// # Errors
    /// The store cannot be read. A record that cannot be read is a difference.
    pub fn verify(&self, threads: usize, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, ReadError> {
        self.reading(|live| Ok(quick(&Snapshot::new(live)?, threads, progress)?))
    }
}
