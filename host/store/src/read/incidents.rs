//! Reading incidents and their histories.

use tocsin_core::id::Id;
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::state::TimelineItem;

use super::{Newest, Snapshot, dangling, page};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::{keys, rows, tables};

/// Which incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentQuery {
    /// In one of these states; in any when empty.
    pub states: Vec<IncidentState>,
    /// Of this source. Looked for among those of the states, so a rare source takes a long look.
    pub source: Option<String>,
    /// Made before this one.
    pub before: Option<Id>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

impl Store {
    /// Incidents, newest first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incidents(&self, query: &IncidentQuery) -> Result<Vec<Incident>, ReadError> {
        self.reading(|live| Ok(incidents(&Snapshot::new(live)?, query)?))
    }

    /// The incident with this id.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incident(&self, id: Id) -> Result<Option<Incident>, ReadError> {
        self.reading(|live| Ok(incident(&Snapshot::new(live)?, id)?))
    }

    /// The incident with this number.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incident_by_number(&self, number: u64) -> Result<Option<Incident>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let key = number.to_be_bytes();
            let numbers = snapshot.table(tables::INCIDENT_NUMBERS)?;
            let Some(value) = numbers.get(key.as_slice()).map_err(Fault::from)? else { return Ok(None) };
            let id = rows::id(tables::INCIDENT_NUMBERS, &key, value.value())?;
            Ok(incident(&snapshot, id)?)
        })
    }

    /// The latest incident known under this key of this source.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incident_by_key(&self, source: &str, key: &str) -> Result<Option<Incident>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let row = keys::text_text(source, key);
            let identities = snapshot.table(tables::IDENTITIES)?;
            let Some(value) = identities.get(row.as_slice()).map_err(Fault::from)? else { return Ok(None) };
            let id = rows::id(tables::IDENTITIES, &row, value.value())?;
            Ok(incident(&snapshot, id)?)
        })
    }

    /// The latest `limit` lines of an incident's history, newest first. Empty when there is no such incident.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn timeline(&self, incident: Id, limit: usize) -> Result<Vec<TimelineItem>, ReadError> {
        self.reading(|live| Ok(timeline(&Snapshot::new(live)?, incident, limit)?))
    }
}

fn incidents(snapshot: &Snapshot, query: &IncidentQuery) -> Result<Vec<Incident>, Fault> {
    let incidents = snapshot.table(tables::INCIDENTS)?;
    let (index, prefixes) = if query.states.is_empty() {
        (tables::INCIDENTS, vec![Vec::new()])
    } else {
        let states = IncidentState::ALL.into_iter().filter(|state| query.states.contains(state));
        (tables::INCIDENTS_BY_STATE, states.map(|state| vec![keys::incident_state(state)]).collect())
    };
    page(Newest::below(snapshot, index, &prefixes, query.before)?, query.limit, |id| {
        let incident =
            rows::incident(&incidents, id)?.ok_or_else(|| dangling(tables::INCIDENTS, id, index))?;
        let matches = query.source.as_ref().is_none_or(|source| *source == incident.source);
        Ok(matches.then_some(incident))
    })
}

fn incident(snapshot: &Snapshot, id: Id) -> Result<Option<Incident>, Fault> {
    rows::incident(&snapshot.table(tables::INCIDENTS)?, id)
}

fn timeline(snapshot: &Snapshot, incident: Id, limit: usize) -> Result<Vec<TimelineItem>, Fault> {
    let rows = snapshot.table(tables::TIMELINE)?;
    let first = keys::timeline(incident, 0, 0);
    let last = keys::timeline(incident, u64::MAX, u32::MAX);
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>(first.as_slice()..=last.as_slice())?.rev() {
        if found.len() >= limit {
            break;
        }
        let (key, value) = row?;
        found.extend(snapshot.readable(rows::read(tables::TIMELINE, key.value(), value.value()))?);
    }
    Ok(found)
}
