//! Kinds of incidents: source, state and severity, which `incidents_by_kind` is ordered by.
//!
//! A source has 15 kinds at most, so that a list can be merged from all kinds that it asks for.

use tocsin_core::event::Severity;
use tocsin_core::id::Id;
use tocsin_core::incident::{Incident, IncidentState};

use crate::error::Fault;
use crate::table::Rows;
use crate::{keys, rows, tables};

/// A kind of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind<'i> {
    source: &'i str,
    state: IncidentState,
    severity: Severity,
}

impl<'i> Kind<'i> {
    /// The kind of this incident.
    pub(crate) fn of(incident: &'i Incident) -> Self {
        Self { source: &incident.source, state: incident.state, severity: incident.severity }
    }

    /// Whether it is of this source, of one of these states and of one of these severities; an empty list is any.
    pub(crate) fn is_of(
        self,
        source: Option<&str>,
        states: &[IncidentState],
        severities: &[Severity],
    ) -> bool {
        source.is_none_or(|source| source == self.source)
            && (states.is_empty() || states.contains(&self.state))
            && (severities.is_empty() || severities.contains(&self.severity))
    }

    /// The key of the incident `id` in the index.
    pub(crate) fn key(self, id: Id) -> Vec<u8> {
        let mut key = prefix(self.source, self.state, self.severity);
        key.extend_from_slice(&id.to_bytes());
        key
    }
}

fn prefix(source: &str, state: IncidentState, severity: Severity) -> Vec<u8> {
    let mut prefix = keys::text(source);
    prefix.extend_from_slice(&[keys::incident_state(state), keys::severity(severity)]);
    prefix
}

/// A kind, as a key of the index says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnedKind {
    pub(crate) source: String,
    pub(crate) state: IncidentState,
    pub(crate) severity: Severity,
}

impl OwnedKind {
    /// The kind that a key of the index begins with.
    pub(crate) fn read(key: &[u8]) -> Result<Self, Fault> {
        let kind = keys::split_text(key).and_then(|(source, rest)| {
            let (&[state, severity], _) = rest.split_first_chunk().filter(|(_, id)| id.len() == keys::ID)?;
            let state = IncidentState::ALL.into_iter().find(|known| keys::incident_state(*known) == state)?;
            let severity = Severity::ALL.into_iter().find(|known| keys::severity(*known) == severity)?;
            Some(Self { source: source.to_owned(), state, severity })
        });
        let what = "a source, a state, a severity and an incident";
        kind.ok_or_else(|| rows::not(tables::INCIDENTS_BY_KIND, key, what))
    }

    /// The same, borrowed.
    pub(crate) fn borrowed(&self) -> Kind<'_> {
        Kind { source: &self.source, state: self.state, severity: self.severity }
    }

    /// What the keys of its incidents begin with.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        prefix(&self.source, self.state, self.severity)
    }
}

/// The kinds that have incidents, in the order of their keys. Skips from each to the next.
pub(crate) struct Kinds<'r, R> {
    index: &'r R,
    next: Option<Vec<u8>>,
    end: Option<Vec<u8>>,
}

impl<'r, R: Rows> Kinds<'r, R> {
    /// Those of every source.
    pub(crate) fn all(index: &'r R) -> Self {
        Self { index, next: Some(Vec::new()), end: None }
    }

    /// Those of this source.
    pub(crate) fn of_source(index: &'r R, source: &str) -> Self {
        let first = keys::text(source);
        Self { index, end: keys::after(&first), next: Some(first) }
    }

    /// The next one. After a key that is none, the next call goes on behind it.
    pub(crate) fn next(&mut self) -> Result<Option<OwnedKind>, Fault> {
        let Some(from) = self.next.take() else { return Ok(None) };
        let Some(row) = self.index.range::<&[u8]>(from.as_slice()..)?.next() else { return Ok(None) };
        let (key, _) = row?;
        let key = key.value();
        if self.end.as_deref().is_some_and(|end| key >= end) {
            return Ok(None);
        }
        let kind = OwnedKind::read(key);
        self.next = match &kind {
            Ok(kind) => keys::after(&kind.prefix()),
            Err(_) => Some([key, &[0]].concat()),
        };
        kind.map(Some)
    }
}
