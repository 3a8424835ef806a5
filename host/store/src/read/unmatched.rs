//! The incidents that no action took, of those that opened lately.
//!
//! Walks back in time from the newest incident, and never further than asked for.

use tocsin_core::id::OfIncident;
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;

use super::Snapshot;
use super::page::{Newest, Period, Span};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::{rows, tables};

/// The incidents looked at for one answer, at most: an alert storm must not make the answer slow.
const LOOKED_AT_MAX: usize = 10_000;

/// Incidents that no action took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// How many there are.
    pub count: u64,
    /// The numbers of the latest, newest first.
    pub latest: Vec<u64>,
    /// Whether there may be more: only the newest 10,000 incidents were looked at.
    pub is_cut: bool,
}

impl Store {
    /// The incidents since `since` that no enabled action took, with the numbers of the latest `shown`.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn unmatched(&self, since: Timestamp, shown: usize) -> Result<Unmatched, ReadError> {
        self.reading(|live| Ok(unmatched(&Snapshot::new(live)?, since, shown)?))
    }
}

fn unmatched(snapshot: &Snapshot, since: Timestamp, shown: usize) -> Result<Unmatched, Fault> {
    let incidents = snapshot.table(tables::INCIDENTS)?;
    let mut newest = Newest::below(
        snapshot,
        tables::INCIDENTS,
        &[Vec::new()],
        Span::<OfIncident>::new(Period::default(), None),
    )?;
    let mut found = Unmatched::default();
    for _ in 0..LOOKED_AT_MAX {
        // An id's time is in milliseconds, so it is never later than the incident's own.
        let Some(id) = newest.next()?.filter(|id| id.at().plus_ms(1) > since) else { return Ok(found) };
        let incident: Option<Incident> = rows::get(&incidents, tables::INCIDENTS, &id.to_bytes())?;
        if let Some(incident) = incident.filter(|incident| incident.unmatched) {
            found.count += 1;
            if found.latest.len() < shown {
                found.latest.push(incident.number);
            }
        }
    }
    found.is_cut = newest.next()?.is_some_and(|id| id.at() >= since);
    Ok(found)
}
