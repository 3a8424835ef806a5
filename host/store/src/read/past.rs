//! What was kept for long enough to be forgotten, the oldest first, a few at a time.
//!
//! Finds it alone: the decision to forget looks at each of them again.

use std::ops::Bound;

use redb::ReadableTable;
use tocsin_core::command::Forget;
use tocsin_core::id::{DeliveryId, IncidentId, ReceiptId};
use tocsin_core::time::Timestamp;

use super::{Snapshot, dangling};
use crate::cut::{self, JournalCut};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::table::Rows;
use crate::{entries, keys, rows, tables};

/// Incidents and receipts that one look passes by at most.
const LOOKED_AT: usize = 10_000;

/// How old something must be to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When an incident must have been resolved before.
    pub resolved_before: Timestamp,
    /// When a request must have come before.
    pub came_before: Timestamp,
    /// When a request that is a dead letter must have come before, in addition.
    pub dead_letters_came_before: Timestamp,
    /// When it is: the journal is kept for as long as [`crate::Options`] say.
    pub now: Timestamp,
    /// So many receipts, and so many incidents and deliveries together, at most.
    pub most: usize,
}

/// How far looking has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The key of `resolved_by_time` that was looked at last.
    incident: Option<Vec<u8>>,
    /// The receipt that was looked at last.
    receipt: Option<Vec<u8>>,
    /// Whether nothing was left behind these.
    pub is_end: bool,
}

/// How far back what is forgotten after a time is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSince {
    /// When the oldest of the resolved incidents was resolved.
    pub resolved: Option<Timestamp>,
    /// When the request of the oldest receipt came.
    pub receipt: Option<Timestamp>,
    /// Where the journal was cut.
    pub journal_cut: Option<JournalCut>,
}

impl Store {
    /// Where the journal was cut; none while it has every entry from the first on.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn journal_cut(&self) -> Result<Option<JournalCut>, ReadError> {
        self.reading(|live| Ok(cut::kept(&Snapshot::new(live)?.table(tables::META)?)?))
    }

    /// How far back what is forgotten after a time is still there.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn kept_since(&self) -> Result<KeptSince, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let first =
                |table| Ok::<_, Fault>(snapshot.table(table)?.first()?.map(|(key, _)| key.value().to_vec()));
            let resolved = first(tables::RESOLVED_BY_TIME)?;
            let resolved = resolved.and_then(|key| key.first_chunk().copied()).map(keys::read_time);
            let receipt = first(tables::RECEIPTS)?.and_then(|key| keys::last_id(&key)).map(ReceiptId::at);
            Ok(KeptSince { resolved, receipt, journal_cut: cut::kept(&snapshot.table(tables::META)?)? })
        })
    }

    /// What is past its time behind what `reached` says was looked at, which then says more. Nothing, if nothing is.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn past(&self, past: &Past, reached: &mut Reached) -> Result<Option<Forget>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            reached.is_end = true;
            let (incidents, receipts) =
                (incidents(&snapshot, past, reached)?, receipts(&snapshot, past, reached)?);
            // An entry is dropped with any commit; where none comes, this one is for that.
            let is_any =
                !incidents.is_empty() || !receipts.is_empty() || self.may_cut(&snapshot, past.now)?;
            Ok(is_any.then_some(Forget {
                incidents,
                resolved_before: past.resolved_before,
                receipts,
                came_before: past.came_before,
                dead_letters_came_before: past.dead_letters_came_before,
            }))
        })
    }

    /// Whether the oldest entry of the journal may be dropped at `now`.
    fn may_cut(&self, snapshot: &Snapshot, now: Timestamp) -> Result<bool, Fault> {
        let journal = snapshot.table(tables::JOURNAL)?;
        let first = entries::entries(&journal, (0, u64::MAX))?.next().transpose()?;
        let Some((number, Ok(entry))) = first else { return Ok(false) };
        let is_last = number == entries::end(&journal)?.number;
        Ok(!is_last && self.may_drop((number, entry.at), now))
    }
}

/// The bound behind the key that was looked at last.
fn behind(reached: Option<&Vec<u8>>) -> Bound<&[u8]> {
    reached.map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()))
}

/// Resolved incidents that are past their time and have nothing to be sent.
fn incidents(snapshot: &Snapshot, past: &Past, reached: &mut Reached) -> Result<Vec<IncidentId>, Fault> {
    let end = keys::time(past.resolved_before);
    let from = reached.incident.clone();
    let resolved = snapshot.table(tables::RESOLVED_BY_TIME)?;
    let range = (behind(from.as_ref()), Bound::Excluded(end.as_slice()));
    let (mut found, mut weight) = (Vec::new(), 0);
    if from.as_deref().is_some_and(|from| from >= end.as_slice()) {
        return Ok(found);
    }
    let incidents = snapshot.table(tables::INCIDENTS)?;
    let (deliveries, by_incident) =
        (snapshot.table(tables::DELIVERIES)?, snapshot.table(tables::DELIVERIES_BY_INCIDENT)?);
    let look = |key: &[u8]| {
        let id = rows::key_id(tables::RESOLVED_BY_TIME, key)?;
        rows::check_resolved_by_time(key, rows::incident(&incidents, id)?.as_ref())?;
        Ok(settled(&deliveries, &by_incident, id)?.map(|deliveries| (id, 1 + deliveries)))
    };
    for (looked_at, row) in resolved.range::<&[u8]>(range)?.enumerate() {
        if weight >= past.most || looked_at >= LOOKED_AT {
            reached.is_end = false;
            break;
        }
        let (key, _) = row?;
        let key = key.value();
        reached.incident = Some(key.to_vec());
        if let Some(Some((id, rows))) = snapshot.readable(look(key))? {
            found.push(id);
            weight += rows;
        }
    }
    Ok(found)
}

/// How many deliveries an incident has; none if one of them is not settled.
fn settled(deliveries: &impl Rows, by_incident: &impl Rows, id: IncidentId) -> Result<Option<usize>, Fault> {
    let its: Vec<DeliveryId> = rows::ids_below(by_incident, tables::DELIVERIES_BY_INCIDENT, &id.to_bytes())?;
    for delivery in &its {
        let row: Option<crate::record::delivery::DeliveryRow> =
            rows::get(deliveries, tables::DELIVERIES, &delivery.to_bytes())?;
        let missing = || dangling(tables::DELIVERIES, *delivery, tables::DELIVERIES_BY_INCIDENT);
        if !row.ok_or_else(missing)?.state.is_settled() {
            return Ok(None);
        }
    }
    Ok(Some(its.len()))
}

/// Receipts that are past their time.
fn receipts(snapshot: &Snapshot, past: &Past, reached: &mut Reached) -> Result<Vec<ReceiptId>, Fault> {
    // An id begins with its time: the first one of that millisecond.
    let first_of = |time| ReceiptId::new(time, 0).to_bytes();
    let (end, dead_end) = (first_of(past.came_before), first_of(past.dead_letters_came_before));
    let from = reached.receipt.clone();
    let (receipts, dead) = (snapshot.table(tables::RECEIPTS)?, snapshot.table(tables::DEAD_LETTERS)?);
    let range = (behind(from.as_ref()), Bound::Excluded(end.as_slice()));
    let mut found = Vec::new();
    if from.as_deref().is_some_and(|from| from >= end.as_slice()) {
        return Ok(found);
    }
    for (looked_at, row) in receipts.range::<&[u8]>(range)?.enumerate() {
        if found.len() >= past.most || looked_at >= LOOKED_AT {
            reached.is_end = false;
            break;
        }
        let (key, _) = row?;
        let key = key.value();
        reached.receipt = Some(key.to_vec());
        if key >= dead_end.as_slice() && dead.get(key)?.is_some() {
            continue;
        }
        found.extend(snapshot.readable(rows::key_id(tables::RECEIPTS, key))?);
    }
    Ok(found)
}
