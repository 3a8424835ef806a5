//! Reading incidents and their timelines.

use tocsin_core::event::Severity;
use tocsin_core::id::{IncidentId, OfIncident};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::name::SourceName;
use tocsin_core::state::TimelineItem;

use super::page::{Looked, Newest, Page, Period, Span, page};
use super::text::Words;
use super::{Snapshot, dangling};
use crate::error::{Fault, ReadError};
use crate::kinds::{Kind, Kinds};
use crate::store::Store;
use crate::{keys, rows, tables};

/// Kinds that a list is merged from, at most. With more, which only hundreds of sources have, all incidents are looked at.
const KINDS_MAX: usize = 2000;

/// Bytes of a message that take as long to read as an incident without one.
const HEAVY_BYTES: usize = 4096;

/// Which incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentQuery {
    /// In one of these states; in any when empty.
    pub states: Vec<IncidentState>,
    /// Of one of these severities; of any when empty.
    pub severities: Vec<Severity>,
    /// Of this source.
    pub source: Option<SourceName>,
    /// Opened then.
    pub opened: Period,
    /// With each of these words somewhere in the title, the key or a label, written `name=value`; in any case. No index
    /// has words: each page looks at the newest of those that the rest of the query leaves.
    pub text: Option<String>,
    /// Made before this one.
    pub before: Option<IncidentId>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

impl IncidentQuery {
    fn has(&self, kind: Kind<'_>) -> bool {
        kind.is_of(self.source.as_deref(), &self.states, &self.severities)
    }
}

impl Store {
    /// A page of incidents, newest first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incidents(&self, query: &IncidentQuery) -> Result<Page<Incident, OfIncident>, ReadError> {
        self.reading(|live| Ok(incidents(&Snapshot::new(live)?, query)?))
    }

    /// The incident with this id.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, ReadError> {
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

    /// The latest `limit` lines of an incident's timeline, newest first. Empty when there is no such incident.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn timeline(&self, incident: IncidentId, limit: usize) -> Result<Vec<TimelineItem>, ReadError> {
        self.reading(|live| Ok(timeline(&Snapshot::new(live)?, incident, limit)?))
    }
}

fn incidents(snapshot: &Snapshot, query: &IncidentQuery) -> Result<Page<Incident, OfIncident>, Fault> {
    let incidents = snapshot.table(tables::INCIDENTS)?;
    let (index, prefixes) = match kinds(snapshot, query)? {
        Some(kinds) => (tables::INCIDENTS_BY_KIND, kinds),
        None => (tables::INCIDENTS, vec![Vec::new()]),
    };
    let words = query.text.as_deref().map(Words::new);
    let ids = Newest::below(snapshot, index, &prefixes, Span::of_arrivals(query.opened, query.before))?;
    page(ids, query.limit, |id| {
        let incident =
            rows::incident(&incidents, id)?.ok_or_else(|| dangling(tables::INCIDENTS, id, index))?;
        let matches = query.has(Kind::of(&incident))
            && query.opened.has(incident.opened_at)
            && words.as_ref().is_none_or(|words| words.are_in(&incident));
        let weight = 1 + incident.message.len() / HEAVY_BYTES;
        Ok(Looked::matched(matches, incident, weight))
    })
}

/// The beginnings of the keys of all kinds that `query` asks for; none when it asks for all, or for too many.
fn kinds(snapshot: &Snapshot, query: &IncidentQuery) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    if query.source.is_none() && query.states.is_empty() && query.severities.is_empty() {
        return Ok(None);
    }
    let index = snapshot.table(tables::INCIDENTS_BY_KIND)?;
    let mut kinds = Kinds::wanted(&index, query.source.as_deref(), &query.states, &query.severities);
    let mut found = Vec::new();
    while found.len() <= KINDS_MAX {
        match snapshot.readable(kinds.next())? {
            Some(Some(kind)) => found.push(kind.prefix()),
            Some(None) => return Ok(Some(found)),
            None => {}
        }
    }
    Ok(None)
}

fn incident(snapshot: &Snapshot, id: IncidentId) -> Result<Option<Incident>, Fault> {
    rows::incident(&snapshot.table(tables::INCIDENTS)?, id)
}

fn timeline(snapshot: &Snapshot, incident: IncidentId, limit: usize) -> Result<Vec<TimelineItem>, Fault> {
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
