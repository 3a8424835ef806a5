//! The state in redb: one write transaction's tables, and what is known without reading.
//!
//! Changed by `tocsin_core::evolve` alone; the raw requests beside it are `requests`'s. After any
//! error the transaction and this are thrown away.

use redb::{ReadableTable, Table, WriteTransaction};
use tocsin_core::command::Issued;
use tocsin_core::decide::{Applied, DecideError, decide};
use tocsin_core::evolve::evolve;
use tocsin_core::journal::Entry;
use tocsin_core::routing::Router;
use tocsin_core::state::Position;

use crate::audit;
use crate::block::{Block, Link, Records, Tail};
use crate::damage::Place;
use crate::digest::{Digest, Running, running};
use crate::entries;
use crate::error::{Fault, RecordProblem};
use crate::record::Stored;
use crate::record::counters::Counters;
use crate::rows::{self, DeliveryTables};
use crate::state_digest;
use crate::table::{Bytes, StateTable};
use crate::tables;

mod forget;
mod keep;
mod take_out;
mod view;

pub(crate) use take_out::TakenOut;

/// What is known of the committed state without reading it.
#[derive(Clone, Default)]
pub(crate) struct Head {
    /// The journal's end.
    pub(crate) position: Position,
    /// The digest of the entries up to there.
    pub(crate) chain: u128,
    /// Numbers given out and states counted.
    pub(crate) counters: Counters,
    /// Of the rows of the state.
    pub(crate) digest: Digest,
}

/// The state's tables within one transaction.
pub(crate) struct Tables<'t> {
    journal: Table<'t, Bytes, Bytes>,
    audit: Table<'t, Bytes, Bytes>,
    incidents: StateTable<'t>,
    incident_numbers: StateTable<'t>,
    incidents_by_kind: StateTable<'t>,
    resolved_by_time: StateTable<'t>,
    identities: StateTable<'t>,
    keys_by_incident: StateTable<'t>,
    timeline: StateTable<'t>,
    receipts: StateTable<'t>,
    dead_letters: StateTable<'t>,
    ignored: StateTable<'t>,
    seen: StateTable<'t>,
    seen_by_time: StateTable<'t>,
    deliveries: StateTable<'t>,
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
    /// Records are written here first; kept for its capacity.
    buffer: Vec<u8>,
    /// The entries that were appended.
    appended: Records,
    /// The last row of the journal, once an entry was appended.
    tail: Option<Tail>,
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
            audit: tables::beside::AUDIT.open(transaction)?,
            incidents: open(tables::INCIDENTS)?,
            incident_numbers: open(tables::INCIDENT_NUMBERS)?,
            incidents_by_kind: open(tables::INCIDENTS_BY_KIND)?,
            resolved_by_time: open(tables::RESOLVED_BY_TIME)?,
            identities: open(tables::IDENTITIES)?,
            keys_by_incident: open(tables::KEYS_BY_INCIDENT)?,
            timeline: open(tables::TIMELINE)?,
            receipts: open(tables::RECEIPTS)?,
            dead_letters: open(tables::DEAD_LETTERS)?,
            ignored: open(tables::IGNORED)?,
            seen: open(tables::SEEN)?,
            seen_by_time: open(tables::SEEN_BY_TIME)?,
            deliveries: open(tables::DELIVERIES)?,
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
            buffer: Vec::with_capacity(4096),
            appended: Records::default(),
            tail: None,
        })
    }

    /// Decides what follows from a command, has the state follow, and appends what was recorded to the journal. A
    /// command that is rejected, or that nothing follows from, leaves no trace.
    pub(crate) fn decide(&mut self, policy: &Router, issued: &Issued) -> Result<Applied, DecideError<Fault>> {
        let (entry, applied) = decide(self, policy, issued)?;
        if !entry.is_void() {
            self.append_entry(&entry).map_err(DecideError::State)?;
        }
        Ok(applied)
    }

    /// Has the state follow from an entry that was read with the digest `chain` of the entries up to it.
    pub(crate) fn follow(&mut self, number: u64, chain: u128, entry: &Entry) -> Result<(), Fault> {
        self.head.position.entry = number.saturating_sub(1);
        evolve(self, entry)?;
        self.at_end(number, chain, entry);
        Ok(())
    }

    /// The journal ends with this entry. One of an older term changed nothing, the term included.
    fn at_end(&mut self, number: u64, chain: u128, entry: &Entry) {
        let epoch = entry.epoch.max(self.head.position.epoch);
        self.head.chain = chain;
        self.head.position = Position { entry: number, policy: entry.policy, epoch };
    }

    /// Has the state follow from an entry that nothing decided, and appends it.
    #[cfg(test)]
    pub(crate) fn record(&mut self, entry: &Entry) -> Result<(), Fault> {
        evolve(self, entry)?;
        self.append_entry(entry)
    }

    fn append_entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        let key = self.head.next().to_be_bytes();
        let record = record(tables::JOURNAL, &key, entry, &mut self.buffer)?;
        self.appended.push(record);
        let chain = put_entry(&mut self.journal, &mut self.tail, &self.head, record)?;
        audit::put(&mut self.audit, self.head.next(), entry)?;
        self.at_end(self.head.next(), chain, entry);
        Ok(())
    }

    /// Has the state follow from the record of an entry that was decided earlier, and appends it.
    pub(crate) fn append(&mut self, record: &[u8]) -> Result<(), Fault> {
        let entry: Entry = rows::read(tables::JOURNAL, &self.head.next().to_be_bytes(), record)?;
        evolve(self, &entry)?;
        self.appended.push(record);
        let chain = put_entry(&mut self.journal, &mut self.tail, &self.head, record)?;
        audit::put(&mut self.audit, self.head.next(), &entry)?;
        self.at_end(self.head.next(), chain, &entry);
        Ok(())
    }

    /// The tables that deliveries are read from.
    fn delivery_tables(&self) -> DeliveryTables<'_, StateTable<'t>> {
        let Self { deliveries, incidents, timeline, .. } = self;
        DeliveryTables { deliveries, incidents, timeline }
    }

    /// Writes what was counted and the digest, and returns what is known when the transaction is committed, and the
    /// entries that were appended.
    pub(crate) fn finish(mut self) -> Result<(Head, Records), Fault> {
        let counters = record(tables::META, tables::META_COUNTERS, &self.head.counters, &mut self.buffer)?;
        self.meta.insert(tables::META_COUNTERS, counters)?;
        self.head.digest = self.digest.get();
        self.meta.insert(tables::META_DIGEST, &self.head.digest.to_bytes())?;
        if let Some(tail) = &mut self.tail {
            let rows = tail.rows().map_err(|problem| self.head.fault(problem))?;
            rows.into_iter().try_for_each(|row| put_row(&mut self.journal, Some(row)))?;
        }
        Ok((self.head, self.appended))
    }
}

/// Appends the record of the next entry to the journal's last row; returns the digest of the entries up to it.
fn put_entry(
    journal: &mut Table<'_, Bytes, Bytes>,
    tail: &mut Option<Tail>,
    head: &Head,
    record: &[u8],
) -> Result<u128, Fault> {
    let tail = match tail {
        Some(tail) => tail,
        None => tail.insert(last_row(journal, head.link())?),
    };
    let chain = rows::chained(head.chain, record);
    let full = tail.push(chain, record).map_err(|problem| head.fault(problem))?;
    put_row(journal, full)?;
    Ok(chain)
}

/// The journal's last row, which ends with the entry at `end`; a new one where that cannot be gone on with.
fn last_row(journal: &Table<'_, Bytes, Bytes>, end: Link) -> Result<Tail, Fault> {
    let Some((key, row)) = journal.last()? else { return Ok(Tail::new(end)) };
    let block = Block::read(rows::sequence(key.value())?, row.value());
    Ok(block
        .ok()
        .filter(|block| block.end == end)
        .map_or_else(|| Tail::new(end), |block| Tail::of(block, row.value().len())))
}

fn put_row(journal: &mut Table<'_, Bytes, Bytes>, row: Option<(u64, Vec<u8>)>) -> Result<(), Fault> {
    if let Some((first, row)) = row {
        journal.insert(first.to_be_bytes().as_slice(), row.as_slice())?;
    }
    Ok(())
}

impl Head {
    /// The journal's end: what the next entry has to follow.
    pub(crate) const fn link(&self) -> Link {
        Link { number: self.position.entry, chain: self.chain }
    }

    /// The number of the next entry.
    const fn next(&self) -> u64 {
        self.position.entry + 1
    }

    /// The fault of the next entry.
    fn fault(&self, problem: RecordProblem) -> Fault {
        rows::fault(tables::JOURNAL, &self.next().to_be_bytes(), problem)
    }

    /// At the journal's end, whose last row is `row`. One that cannot be read is `verify`'s to report: what comes now
    /// only needs its digest.
    pub(crate) fn at_row(&mut self, end: Link, (first, row): (u64, &[u8])) {
        (self.position.entry, self.chain) = (end.number, end.chain);
        let last = Block::read(first, row).ok().and_then(|block| block.last()?.ok());
        if let Some(entry) = last {
            self.position = Position { policy: entry.policy, epoch: entry.epoch, ..self.position };
        }
    }

    /// What `transaction` says, with nothing in place of what cannot be read, and where that is.
    pub(crate) fn read_in_part(transaction: &WriteTransaction) -> Result<(Self, Vec<Place>), Fault> {
        let journal = tables::JOURNAL.look_into(transaction)?;
        let meta = tables::META.look_into(transaction)?;
        let mut head = Self::default();
        if let Some((key, row)) = journal.last()? {
            head.at_row(entries::end(&journal)?, (rows::sequence(key.value())?, row.value()));
        }
        let mut unreadable = Vec::new();
        match rows::get(&meta, tables::META, tables::META_COUNTERS) {
            Ok(counters) => head.counters = counters.unwrap_or_default(),
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
