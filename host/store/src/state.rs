//! The state of the fold, in redb: one write transaction's tables, and what is known without reading.
//!
//! Changed by `tocsin_core::fold::apply` alone; the raw requests beside it are `requests`'s. After any
//! error the transaction and this are thrown away.

use std::sync::Arc;

use redb::{Table, WriteTransaction};
use tocsin_core::fold::{Applied, ApplyError};
use tocsin_core::id::Id;
use tocsin_core::journal::Entry;
use tocsin_core::routing::Router;

use crate::damage::Place;
use crate::digest::{Digest, Running, running};
use crate::error::Fault;
use crate::record::Stored;
use crate::record::counters::Counters;
use crate::rows;
use crate::state_digest;
use crate::table::{Bytes, StateTable};
use crate::tables;

mod fold;
mod take_out;

pub(crate) use take_out::TakenOut;

/// What is known of the committed state without reading it.
#[derive(Clone)]
pub(crate) struct Head {
    /// The last entry's sequence number; 0 when there is none.
    pub(crate) sequence: u64,
    /// Numbers given out and states counted.
    pub(crate) counters: Counters,
    /// The configuration in force.
    pub(crate) router: Arc<Router>,
    /// Of the rows of the state.
    pub(crate) digest: Digest,
}

/// The state's tables within one transaction.
pub(crate) struct Tables<'t> {
    journal: Table<'t, Bytes, Bytes>,
    incidents: StateTable<'t>,
    incident_numbers: StateTable<'t>,
    incidents_by_state: StateTable<'t>,
    identities: StateTable<'t>,
    timeline: StateTable<'t>,
    receipts: StateTable<'t>,
    dead_letters: StateTable<'t>,
    ignored: StateTable<'t>,
    seen: StateTable<'t>,
    seen_by_time: StateTable<'t>,
    deliveries: StateTable<'t>,
    delivery_contents: StateTable<'t>,
    deliveries_by_state: StateTable<'t>,
    deliveries_by_incident: StateTable<'t>,
    due: StateTable<'t>,
    lanes: StateTable<'t>,
    references: StateTable<'t>,
    told: StateTable<'t>,
    timers: StateTable<'t>,
    timers_by_time: StateTable<'t>,
    pauses: StateTable<'t>,
    meta: StateTable<'t>,
    /// Of the state, as these tables changed it.
    digest: Running,
    head: Head,
    /// Lines written to histories by the entry that is being applied.
    lines: u32,
    /// The content of a delivery that this entry made, and whose it is.
    content: Option<(Id, Vec<u8>)>,
    /// Records are written here first; kept for its capacity.
    buffer: Vec<u8>,
}

/// The value of index rows.
const NOTHING: &[u8] = &[];

impl<'t> Tables<'t> {
    /// The state as `transaction` sees it, of which `head` is known.
    pub(crate) fn open(transaction: &'t WriteTransaction, head: Head) -> Result<Self, Fault> {
        let digest = running(head.digest);
        let open = |table: tables::Definition| table.open(transaction, &digest).map_err(Fault::from);
        Ok(Self {
            journal: tables::beside::JOURNAL.open(transaction)?,
            incidents: open(tables::INCIDENTS)?,
            incident_numbers: open(tables::INCIDENT_NUMBERS)?,
            incidents_by_state: open(tables::INCIDENTS_BY_STATE)?,
            identities: open(tables::IDENTITIES)?,
            timeline: open(tables::TIMELINE)?,
            receipts: open(tables::RECEIPTS)?,
            dead_letters: open(tables::DEAD_LETTERS)?,
            ignored: open(tables::IGNORED)?,
            seen: open(tables::SEEN)?,
            seen_by_time: open(tables::SEEN_BY_TIME)?,
            deliveries: open(tables::DELIVERIES)?,
            delivery_contents: open(tables::DELIVERY_CONTENTS)?,
            deliveries_by_state: open(tables::DELIVERIES_BY_STATE)?,
            deliveries_by_incident: open(tables::DELIVERIES_BY_INCIDENT)?,
            due: open(tables::DUE)?,
            lanes: open(tables::LANES)?,
            references: open(tables::REFERENCES)?,
            told: open(tables::TOLD)?,
            timers: open(tables::TIMERS)?,
            timers_by_time: open(tables::TIMERS_BY_TIME)?,
            pauses: open(tables::PAUSES)?,
            meta: open(tables::META)?,
            digest,
            head,
            lines: 0,
            content: None,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Applies `entry`, and appends `record`, which is the same entry, to the journal. A rejected entry leaves
    /// no trace.
    pub(crate) fn apply(&mut self, entry: &Entry, record: &[u8]) -> Result<Applied, ApplyError<Fault>> {
        self.lines = 0;
        self.content = None;
        let sequence = self.head.sequence + 1;
        let applied = tocsin_core::fold::apply(self, entry)?;
        let key = sequence.to_be_bytes();
        self.journal.insert(key.as_slice(), record).map_err(|error| ApplyError::State(error.into()))?;
        self.head.sequence = sequence;
        Ok(applied)
    }

    /// Has the next entry be the one with this number; returns how many are left out by that.
    pub(crate) fn skip_to(&mut self, sequence: u64) -> u64 {
        let missing = sequence.saturating_sub(1).saturating_sub(self.head.sequence);
        self.head.sequence = sequence.saturating_sub(1);
        missing
    }

    /// Writes what was counted and the digest, and returns what is known when the transaction is committed.
    pub(crate) fn finish(mut self) -> Result<Head, Fault> {
        let counters = record(tables::META, tables::META_COUNTERS, &self.head.counters, &mut self.buffer)?;
        self.meta.insert(tables::META_COUNTERS, counters)?;
        self.head.digest = self.digest.get();
        self.meta.insert(tables::META_DIGEST, &self.head.digest.to_bytes())?;
        Ok(self.head)
    }
}

impl Head {
    /// What `transaction` says, with nothing in place of what cannot be read, and where that is.
    pub(crate) fn read_in_part(transaction: &WriteTransaction) -> Result<(Self, Vec<Place>), Fault> {
        let journal = tables::JOURNAL.look_into(transaction)?;
        let meta = tables::META.look_into(transaction)?;
        let mut head = Self { sequence: rows::last_sequence(&journal)?, ..Self::empty()? };
        let mut unreadable = Vec::new();
        match rows::get(&meta, tables::META, tables::META_COUNTERS) {
            Ok(counters) => head.counters = counters.unwrap_or_default(),
            Err(Fault::Record { table, row, .. }) => unreadable.push((table, row.into_vec())),
            Err(fault) => return Err(fault),
        }
        match rows::router(&meta) {
            Ok(router) => head.router = Arc::new(router),
            Err(Fault::Record { table, row, .. }) => unreadable.push((table, row.into_vec())),
            Err(fault) => return Err(fault),
        }
        match state_digest::kept(&meta) {
            Ok(digest) => head.digest = digest,
            Err(Fault::Record { table, row, .. }) => unreadable.push((table, row.into_vec())),
            Err(fault) => return Err(fault),
        }
        Ok((head, unreadable))
    }

    /// What is known of a store in which nothing happened.
    pub(crate) fn empty() -> Result<Self, Fault> {
        Ok(Self {
            sequence: 0,
            counters: Counters::default(),
            router: Arc::new(rows::no_router()?),
            digest: Digest::default(),
        })
    }
}

/// The record of `value`, in `buffer`.
fn record<'b>(
    table: tables::Definition,
    key: &[u8],
    value: &impl Stored,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8], Fault> {
    buffer.clear();
    value.write(buffer).map_err(|problem| rows::fault(table, key, problem))?;
    Ok(buffer)
}
