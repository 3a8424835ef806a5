//! Kinds of incidents: source, state and severity, which `incidents_by_kind` is ordered by.
//!
//! A source has 15 kinds at most, so that a list can be merged from all kinds that it asks for.

use tocsin_core::event::Severity;
use tocsin_core::id::IncidentId;
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
        Self { source: &incident.source, state: incident.state(), severity: incident.severity }
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
    pub(crate) fn key(self, id: IncidentId) -> Vec<u8> {
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

    /// What the keys of its incidents begin with.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        prefix(&self.source, self.state, self.severity)
    }
}

/// The kinds that have incidents, in the order of their keys. Skips from each to the next, and over those that are not
/// wanted.
pub(crate) struct Kinds<'r, R> {
    index: &'r R,
    next: Option<Vec<u8>>,
    end: Option<Vec<u8>>,
    /// The bytes of states and severities that are wanted, in order.
    wanted: Vec<[u8; 2]>,
}

impl<'r, R: Rows> Kinds<'r, R> {
    /// All of them.
    pub(crate) fn all(index: &'r R) -> Self {
        Self::wanted(index, None, &[], &[])
    }

    /// Those of this source, in one of these states and of one of these severities; an empty list is any.
    pub(crate) fn wanted(
        index: &'r R,
        source: Option<&str>,
        states: &[IncidentState],
        severities: &[Severity],
    ) -> Self {
        let is_wanted = |state, severity| {
            (states.is_empty() || states.contains(&state))
                && (severities.is_empty() || severities.contains(&severity))
        };
        let bytes = IncidentState::ALL.into_iter().flat_map(|state| {
            let severities = Severity::ALL.into_iter().filter(move |severity| is_wanted(state, *severity));
            severities.map(move |severity| [keys::incident_state(state), keys::severity(severity)])
        });
        let mut wanted: Vec<[u8; 2]> = bytes.collect();
        wanted.sort_unstable();
        let first = source.map(keys::text).unwrap_or_default();
        Self { index, end: keys::after(&first), next: Some(first), wanted }
    }

    /// The next one. After a key that is none, the next call goes on behind it.
    pub(crate) fn next(&mut self) -> Result<Option<OwnedKind>, Fault> {
        while let Some(from) = self.next.take() {
            let Some(row) = self.index.range::<&[u8]>(from.as_slice()..)?.next() else { break };
            let (key, _) = row?;
            let key = key.value();
            if self.end.as_deref().is_some_and(|end| key >= end) {
                break;
            }
            let kind = OwnedKind::read(key).inspect_err(|_| self.next = Some([key, &[0]].concat()))?;
            let at = [keys::incident_state(kind.state), keys::severity(kind.severity)];
            let source = keys::text(&kind.source);
            self.next = match self.wanted.iter().find(|wanted| **wanted > at) {
                Some(next) => Some([source.as_slice(), next].concat()),
                None => keys::after(&source),
            };
            if self.wanted.contains(&at) {
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }
}
