//! Reading: each question is answered from one snapshot, while the writer goes on. Never changes anything.
//!
//! Lists come newest first, in pages (`page`).

use std::sync::Arc;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};
use tocsin_core::id::{Id, Kind};
use tocsin_core::journal::Entry;
use tocsin_core::name::ConnectionName;
use tocsin_core::state::Pause;
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;

use crate::block::Block;
use crate::damage::Damage;
use crate::error::{Fault, ReadError};
use crate::live::Live;
use crate::store::Store;
use crate::table::Bytes;
use crate::tables::{self, Definition};
use crate::{entries, keys, rows};

mod audit;
mod counts;
mod deliveries;
mod due;
mod incidents;
mod journal;
mod page;
mod past;
mod queues;
mod receipts;
pub(crate) mod set_aside;
mod sizes;
mod source_counts;
mod sources;
mod text;
mod unmatched;

pub use audit::{AuditPage, AuditQuery};
pub use counts::Counts;
pub use deliveries::DeliveryQuery;
pub use incidents::IncidentQuery;
pub use journal::{JournalPage, JournalQuery};
pub use page::{Page, Period};
pub use past::{KeptSince, Past, Reached};
pub use queues::Queue;
pub use receipts::{ReceiptQuery, Receipts};
pub use set_aside::SetAside;
pub use sizes::TableSize;
pub use unmatched::Unmatched;

/// One state of the store, as it was when the snapshot was taken.
pub(crate) struct Snapshot {
    transaction: ReadTransaction,
    damage: Arc<Damage>,
}

impl Snapshot {
    pub(crate) fn new(live: &Live) -> Result<Self, ReadError> {
        Ok(Self { transaction: live.begin_read()?, damage: Arc::clone(live.damage()) })
    }

    /// Of a copy, in which no record is expected to be unreadable.
    pub(crate) fn of_copy(transaction: ReadTransaction) -> Self {
        Self { transaction, damage: Arc::default() }
    }

    pub(crate) fn table(&self, table: Definition) -> Result<ReadOnlyTable<Bytes, Bytes>, Fault> {
        table.read(&self.transaction).map_err(Fault::from)
    }

    /// A table that an older store does not have.
    pub(crate) fn table_if_there(
        &self,
        table: Definition,
    ) -> Result<Option<ReadOnlyTable<Bytes, Bytes>>, Fault> {
        match table.read(&self.transaction) {
            Ok(table) => Ok(Some(table)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What was read; nothing for a record that cannot be read, which is remembered for the writer to set it aside.
    /// A list goes on without it.
    pub(crate) fn readable<T>(&self, read: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match read {
            Err(fault @ Fault::Record { .. }) => {
                self.damage.report(&fault);
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

/// The fault of an index that points at nothing.
pub(crate) fn dangling<K: Kind>(table: Definition, id: Id<K>, index: Definition) -> Fault {
    rows::fault(table, &id.to_bytes(), crate::error::RecordProblem::Missing(index.name))
}

impl Store {
    /// The paused connections with the reasons, in the order of their names.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn pauses(&self) -> Result<Vec<(ConnectionName, Pause)>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let mut found = Vec::new();
            for row in snapshot.table(tables::PAUSES)?.iter().map_err(Fault::from)? {
                let (key, value) = row.map_err(Fault::from)?;
                found.extend(snapshot.readable(rows::named_pause(key.value(), value.value()))?);
            }
            Ok(found)
        })
    }

    /// When the next timer is due, if one is set.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn next_timer(&self) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            for row in snapshot.table(tables::TIMERS_BY_TIME)?.iter().map_err(Fault::from)? {
                let (key, _) = row.map_err(Fault::from)?;
                let time = key.value().first_chunk::<{ keys::TIME }>();
                let wrong = || rows::not(tables::TIMERS_BY_TIME, key.value(), "a time and a timer");
                if let Some(time) = snapshot.readable(time.ok_or_else(wrong))? {
                    return Ok(Some(keys::read_time(*time)));
                }
            }
            Ok(None)
        })
    }

    /// When `timer` is due, if it is set: when a held delivery is looked at, when an action tells again.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| {
            let timers = Snapshot::new(live)?.table(tables::TIMERS)?;
            let key = timer.to_string();
            let Some(value) = timers.get(key.as_bytes()).map_err(Fault::from)? else { return Ok(None) };
            Ok(Some(rows::timer(key.as_bytes(), value.value())?))
        })
    }

    /// When the journal's last entry was written; none before the first, or when it cannot be read.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn last_entry_at(&self) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| {
            let journal = Snapshot::new(live)?.table(tables::JOURNAL)?;
            let last = entries::row_of(&journal, u64::MAX)?;
            let block = last.and_then(|(first, row)| Block::read(first, &row).ok());
            Ok(block.and_then(|block| block.last()?.ok()).map(|entry| entry.at))
        })
    }

    /// Up to `limit` entries of the journal from the one with the number `from` on, each with its number. An entry that
    /// cannot be read is an error.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<(u64, Entry)>, ReadError> {
        self.reading(|live| {
            let journal = Snapshot::new(live)?.table(tables::JOURNAL)?;
            let mut found = Vec::new();
            for read in entries::entries(&journal, (from, u64::MAX))?.take(limit) {
                let (number, entry) = read?;
                let fault = |problem| rows::fault(tables::JOURNAL, &number.to_be_bytes(), problem);
                found.push((number, entry.map_err(fault)?));
            }
            Ok(found)
        })
    }
}
