//! Reading: each question is answered from one snapshot, while the writer goes on. Never changes anything.
//!
//! Lists come newest first and are paged with `before`: the last id of a page asks for the next.

use redb::{Range, ReadOnlyTable, ReadTransaction, ReadableTable};
use tocsin_core::fold::{Pause, Timer};
use tocsin_core::id::Id;
use tocsin_core::routing::Routing;
use tocsin_core::time::Timestamp;

use crate::error::{Fault, ReadError};
use crate::live::Live;
use crate::store::Store;
use crate::tables::{self, Bytes, Definition};
use crate::{keys, rows};

mod counts;
mod deliveries;
mod incidents;
mod receipts;
mod unmatched;

pub use counts::Counts;
pub use deliveries::DeliveryQuery;
pub use incidents::IncidentQuery;
pub use receipts::{ReceiptQuery, Receipts};
pub use unmatched::Unmatched;

/// One state of the store, as it was when the snapshot was taken.
pub(crate) struct Snapshot(pub(crate) ReadTransaction);

impl Snapshot {
    pub(crate) fn new(live: &Live) -> Result<Self, ReadError> {
        live.begin_read().map(Self)
    }

    pub(crate) fn table(&self, table: Definition) -> Result<ReadOnlyTable<Bytes, Bytes>, Fault> {
        self.0.open_table(table.redb()).map_err(Fault::from)
    }
}

/// The ids that the keys of an index end with, newest first: of all keys that begin with one of `prefixes`,
/// merged.
pub(crate) struct Newest {
    table: Definition,
    ranges: Vec<(Range<'static, Bytes, Bytes>, Option<Id>)>,
}

impl Newest {
    /// Ids under `prefixes`, before `before`.
    pub(crate) fn below(
        snapshot: &Snapshot,
        table: Definition,
        prefixes: &[Vec<u8>],
        before: Option<Id>,
    ) -> Result<Self, Fault> {
        let rows = snapshot.table(table)?;
        let mut newest = Self { table, ranges: Vec::with_capacity(prefixes.len()) };
        for prefix in prefixes {
            let end = match before {
                Some(before) => Some([prefix.as_slice(), &before.to_bytes()].concat()),
                None => keys::after(prefix),
            };
            let range = match &end {
                Some(end) => rows.range::<&[u8]>(prefix.as_slice()..end.as_slice())?,
                None => rows.range::<&[u8]>(prefix.as_slice()..)?,
            };
            newest.ranges.push((range, None));
        }
        for index in 0..newest.ranges.len() {
            newest.advance(index)?;
        }
        Ok(newest)
    }

    fn advance(&mut self, index: usize) -> Result<(), Fault> {
        let (range, next) = &mut self.ranges[index];
        *next = match range.next_back().transpose()? {
            Some((key, _)) => Some(rows::key_id(self.table, key.value())?),
            None => None,
        };
        Ok(())
    }

    /// The next id.
    pub(crate) fn next(&mut self) -> Result<Option<Id>, Fault> {
        let newest = self.ranges.iter().enumerate().max_by_key(|(_, (_, id))| *id);
        let Some((index, (_, Some(id)))) = newest else { return Ok(None) };
        let id = *id;
        self.advance(index)?;
        Ok(Some(id))
    }
}

/// Asks `look` about each id until it has answered with `limit` things.
pub(crate) fn page<T>(
    mut ids: Newest,
    limit: usize,
    mut look: impl FnMut(Id) -> Result<Option<T>, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(id) = ids.next()?
    {
        found.extend(look(id)?);
    }
    Ok(found)
}

/// The fault of an index that points at nothing.
pub(crate) fn dangling(table: Definition, id: Id, index: Definition) -> Fault {
    rows::fault(table, &id.to_bytes(), crate::error::Problem::Missing(index.name))
}

impl Store {
    /// The paused connections with the reasons, in the order of their names.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn pauses(&self) -> Result<Vec<(String, Pause)>, ReadError> {
        self.reading(|live| Ok(rows::pauses(&Snapshot::new(live)?.table(tables::PAUSES)?)?))
    }

    /// When the next timer is due, if one is set.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn next_timer(&self) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| {
            let timers = Snapshot::new(live)?.table(tables::TIMERS_BY_TIME)?;
            let Some((key, _)) = timers.first().map_err(Fault::from)? else { return Ok(None) };
            let time = key.value().first_chunk::<{ keys::TIME }>();
            let wrong = || rows::not(tables::TIMERS_BY_TIME, key.value(), "a time and a timer");
            Ok(Some(keys::read_time(*time.ok_or_else(wrong)?)))
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

    /// The configuration in force; empty before the first [`Started`](tocsin_core::journal::Fact::Started).
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn routing(&self) -> Result<Routing, ReadError> {
        self.reading(|live| {
            let meta = Snapshot::new(live)?.table(tables::META)?;
            Ok(rows::get(&meta, tables::META, tables::META_ROUTING)?.unwrap_or_default())
        })
    }
}
