//! How many there are of what. Reads kept counters and table lengths; never scans.

use std::collections::BTreeMap;

use redb::{ReadableTable, ReadableTableMetadata};
use tocsin_core::delivery::DeliveryState;
use tocsin_core::incident::IncidentState;

use super::Snapshot;
use crate::error::{Fault, ReadError};
use crate::kept::KeptBytes;
use crate::live::Live;
use crate::record::counters::Counters;
use crate::store::Store;
use crate::tables::Definition;
use crate::{journal, rows, tables};

/// How many there are of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Incidents in each state, in the order of [`IncidentState::ALL`].
    pub incidents: [(IncidentState, u64); IncidentState::ALL.len()],
    /// Deliveries in each state, in the order of [`DeliveryState::ALL`].
    pub deliveries: [(DeliveryState, u64); DeliveryState::ALL.len()],
    /// Receipts, dead letters included.
    pub receipts: u64,
    /// Receipts that were refused, also in part, or failed.
    pub dead_letters: u64,
    /// Receipts that were ignored.
    pub ignored: u64,
    /// Raw requests that are kept.
    pub requests: u64,
    /// Entries of the journal.
    pub entries: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

impl Counts {
    /// Incidents in `state`.
    pub fn incidents_in(&self, state: IncidentState) -> u64 {
        self.incidents.iter().filter(|(other, _)| *other == state).map(|(_, count)| count).sum()
    }

    /// Deliveries in `state`.
    pub fn deliveries_in(&self, state: DeliveryState) -> u64 {
        self.deliveries.iter().filter(|(other, _)| *other == state).map(|(_, count)| count).sum()
    }
}

impl Store {
    /// How many there are of what. Takes the same time however many there are.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn counts(&self) -> Result<Counts, ReadError> {
        self.reading(|live| counts(live, &Snapshot::new(live)?).map_err(ReadError::from))
    }
}

impl Store {
    /// What is kept of each source's raw requests, and how many dead letters went for want of room.
    ///
    /// # Errors
    /// As [`Store::counts`].
    pub fn kept_bytes(&self) -> Result<BTreeMap<String, KeptBytes>, ReadError> {
        self.reading(|live| kept_bytes(&Snapshot::new(live)?).map_err(ReadError::from))
    }
}

fn kept_bytes(snapshot: &Snapshot) -> Result<BTreeMap<String, KeptBytes>, Fault> {
    let mut kept = BTreeMap::new();
    for row in snapshot.table(tables::KEPT_TOTALS)?.iter()? {
        let (source, total) = row?;
        let source = String::from_utf8_lossy(source.value()).into_owned();
        kept.insert(source, KeptBytes::from_bytes(total.value()).unwrap_or_default());
    }
    Ok(kept)
}

fn counts(live: &Live, snapshot: &Snapshot) -> Result<Counts, Fault> {
    let length = |table: Definition| -> Result<u64, Fault> { Ok(snapshot.table(table)?.len()?) };
    let meta = snapshot.table(tables::META)?;
    let counters: Counters = rows::get(&meta, tables::META, tables::META_COUNTERS)?.unwrap_or_default();
    Ok(Counts {
        incidents: IncidentState::ALL.map(|state| (state, counters.incidents(state))),
        deliveries: DeliveryState::ALL.map(|state| (state, counters.deliveries(state))),
        receipts: length(tables::RECEIPTS)?,
        dead_letters: length(tables::DEAD_LETTERS)?,
        ignored: length(tables::IGNORED)?,
        requests: length(tables::REQUESTS)? + length(tables::REQUESTS_DEAD)?,
        entries: journal::ends(snapshot)?.map_or(0, |(first, last)| last - first + 1),
        file_bytes: live.file_bytes()?,
    })
}
