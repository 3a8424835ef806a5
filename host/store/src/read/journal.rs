//! Reading the journal for people: entries of a stretch, a time, an incident or a receipt, page by page.
//!
//! A page ends after so many entries, so many bytes or so long a search, whichever comes first, and says where the next
//! begins. An entry that cannot be read is in its place, with the reason.

use std::collections::HashSet;

use tocsin_core::id::{DeliveryId, Id, IncidentId, ReceiptId};
use tocsin_core::journal::{Entry, Fact};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;

use super::Snapshot;
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::table::Rows;
use crate::{entries, journal, rows, tables};

/// Bytes that an entry, and each fact of it, takes about.
const ENTRY_BYTES: usize = 256;
/// Entries that are looked at for one page.
const SEARCHED: usize = 20_000;
/// Bytes of entries in one page, as they are kept. The entry that crosses it is the last.
const BYTES: usize = 1024 * 1024;
/// How much earlier than an id's time its entry may be, by a clock that was set. Milliseconds.
const EARLIER_MS: u64 = 60_000;

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalQuery {
    /// From the one with this number on. When nothing says where to begin, the page has the last entries.
    pub from: Option<u64>,
    /// Up to the one with this number.
    pub to: Option<u64>,
    /// From the first of this time on.
    pub since: Option<Timestamp>,
    /// With a fact about this incident or one of its deliveries.
    pub incident: Option<IncidentId>,
    /// That this request brought, or with a fact about it.
    pub receipt: Option<ReceiptId>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

/// Entries in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalPage {
    /// With their numbers; of one that cannot be read, why.
    pub entries: Vec<(u64, Result<Entry, String>)>,
    /// The number with which the next page begins; none at the end.
    pub next: Option<u64>,
    /// The numbers of the journal's first and last entry; none when there is no entry.
    pub ends: Option<(u64, u64)>,
}

impl Store {
    /// A page of the journal, the oldest entry first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn journal(&self, query: &JournalQuery) -> Result<JournalPage, ReadError> {
        self.reading(|live| Ok(page(&Snapshot::new(live)?, query)?))
    }
}

fn page(snapshot: &Snapshot, query: &JournalQuery) -> Result<JournalPage, Fault> {
    let Some((first, last)) = journal::ends(snapshot)? else { return Ok(JournalPage::default()) };
    let mut page = JournalPage { ends: Some((first, last)), ..JournalPage::default() };
    let rows = snapshot.table(tables::JOURNAL)?;
    let end = last.min(query.to.unwrap_or(last));
    let start = start(&rows, query, first, end)?;
    let mut wanted = Wanted::of(snapshot, query)?;
    if start > end || query.limit == 0 {
        return Ok(page);
    }
    let mut bytes = 0;
    for (searched, read) in entries::entries(&rows, (start, end))?.enumerate() {
        let (number, entry) = read?;
        if page.entries.len() == query.limit || bytes > BYTES || searched == SEARCHED {
            page.next = Some(number);
            break;
        }
        let entry = match entry {
            Ok(entry) if wanted.has(&entry) => Ok(entry),
            Ok(_) => continue,
            Err(problem) => Err(problem.to_string()),
        };
        // About what it takes.
        bytes += entry.as_ref().map_or(0, |entry| ENTRY_BYTES * (1 + entry.facts.len()));
        page.entries.push((number, entry));
    }
    Ok(page)
}

/// The number of the first entry that is looked at.
fn start(rows: &impl Rows, query: &JournalQuery, first: u64, end: u64) -> Result<u64, Fault> {
    let ids = query.incident.map(Id::at).into_iter().chain(query.receipt.map(Id::at));
    // An id is made in the entry that first names it.
    let made = ids.map(|at| at.minus_ms(EARLIER_MS)).max();
    let start = match query.since.into_iter().chain(made).max() {
        Some(since) => since_number(rows, since, first, end)?,
        None if query.from.is_none() => {
            (end + 1).saturating_sub(u64::try_from(query.limit).unwrap_or(u64::MAX)).max(first)
        }
        None => first,
    };
    Ok(start.max(query.from.unwrap_or(first)))
}

/// The number of the first entry of this time or later, between two numbers. Where the clock was set back, one of
/// several.
pub(super) fn since_number(rows: &impl Rows, since: Timestamp, first: u64, end: u64) -> Result<u64, Fault> {
    let (mut low, mut high) = (first, end.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match time_from(rows, middle, high)? {
            Some((number, at)) if at < since => low = number + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The first entry from `from` on and before `end` that can be read: its number and its time.
fn time_from(rows: &impl Rows, from: u64, end: u64) -> Result<Option<(u64, Timestamp)>, Fault> {
    for read in entries::entries(rows, (from, end.saturating_sub(1)))? {
        if let (number, Ok(entry)) = read? {
            return Ok(Some((number, entry.at)));
        }
    }
    Ok(None)
}

/// What entries have to be about.
struct Wanted {
    incident: Option<IncidentId>,
    /// The incident's deliveries: those that are kept, and those of this page.
    deliveries: HashSet<DeliveryId>,
    receipt: Option<ReceiptId>,
}

impl Wanted {
    fn of(snapshot: &Snapshot, query: &JournalQuery) -> Result<Self, Fault> {
        let mut deliveries = HashSet::new();
        if let Some(incident) = query.incident {
            let (index, prefix) = (tables::DELIVERIES_BY_INCIDENT, incident.to_bytes());
            deliveries.extend(rows::ids_below(&snapshot.table(index)?, index, &prefix)?);
        }
        Ok(Self { incident: query.incident, deliveries, receipt: query.receipt })
    }

    fn has(&mut self, entry: &Entry) -> bool {
        let of_receipt = |receipt| entry.cause.receipt() == Some(receipt) || names_receipt(entry, receipt);
        if !self.receipt.is_none_or(of_receipt) {
            return false;
        }
        let Some(incident) = self.incident else { return true };
        let mut has = false;
        for fact in &entry.facts {
            if let Fact::DeliveryQueued(queued) = fact
                && queued.incident == incident
            {
                self.deliveries.insert(queued.id);
            }
            has |= self.is_about(fact, incident);
        }
        has
    }

    fn is_about(&self, fact: &Fact, incident: IncidentId) -> bool {
        let of = |other: &IncidentId| *other == incident;
        let delivery = |id: &DeliveryId| self.deliveries.contains(id);
        match fact {
            Fact::IncidentOpened(opening) => of(&opening.id),
            Fact::ChangeRecorded(recorded) => of(&recorded.incident),
            Fact::DeliveryQueued(queued) => of(&queued.incident),
            Fact::IncidentChanged { incident, .. }
            | Fact::StateChanged { incident, .. }
            | Fact::EventLate { incident, .. }
            | Fact::KeysBound { incident, .. }
            | Fact::ReferencesSet { incident, .. }
            | Fact::IncidentHeard { incident } => of(incident),
            Fact::IncidentsForgotten { incidents } => incidents.iter().any(of),
            Fact::ReceiptRecorded(receipted) => {
                receipted.effects.iter().any(|effect| effect.incident.is_some_and(|(id, _)| id == incident))
            }
            Fact::DeliverySettled(settled) => delivery(&settled.delivery),
            Fact::DeliveryHeld { delivery: id, .. }
            | Fact::DeliveryReleased { delivery: id, .. }
            | Fact::DeliveryClaimed { delivery: id, .. }
            | Fact::DeliveryDropped { delivery: id, .. }
            | Fact::DeliveryRetried { delivery: id, .. }
            | Fact::AttemptLost { delivery: id, .. } => delivery(id),
            Fact::TimerSet { timer, .. } => match timer {
                Timer::Steady(id) | Timer::Repeat { incident: id, .. } | Timer::AutoResolve(id) => of(id),
                Timer::Held(id) => delivery(id),
                Timer::Silence(_) => false,
            },
            Fact::ReceiptsDiscarded { .. }
            | Fact::IdentitiesSeen { .. }
            | Fact::IdentitiesForgotten { .. }
            | Fact::ConnectionPaused { .. }
            | Fact::ConnectionResumed { .. }
            | Fact::ReceiptsForgotten { .. } => false,
        }
    }
}

fn names_receipt(entry: &Entry, receipt: ReceiptId) -> bool {
    entry.facts.iter().any(|fact| match fact {
        Fact::ReceiptRecorded(receipted) => receipted.receipt == receipt,
        Fact::ReceiptsDiscarded { receipts, .. } | Fact::ReceiptsForgotten { receipts } => {
            receipts.contains(&receipt)
        }
        Fact::IdentitiesSeen { receipt: first, .. } => *first == receipt,
        _ => false,
    })
}
