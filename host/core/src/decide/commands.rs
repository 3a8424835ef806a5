//! Operators' commands, the relay's start and a new configuration.

use super::{Decided, Kept, Rejection, Step};
use crate::delivery::{Change, ChangeKind};
use crate::event::{Severity, TITLE_CHARS_MAX, cut_bytes, single_line};
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentState};
use crate::journal::{Fact, Recorded};
use crate::name::{ConnectionName, SourceName};
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::{Commanded, IncidentCommand, on_command};

/// Bytes of an operator's note.
const NOTE_BYTES_MAX: usize = 16 * 1024;

impl<S: State> Step<'_, S> {
    pub(super) fn start(&mut self) -> Decided<(), S> {
        if self.state.position().policy != self.policy.digest() {
            self.repeat_anew()?;
        }
        for id in self.state.sending().kept()? {
            if let Some(delivery) = self.state.delivery(id).kept()? {
                // The relay stopped before its answer.
                let left = self.left_without_answer(&delivery)?;
                self.record(Fact::AttemptLost { delivery: id, left })?;
            }
        }
        for (connection, _) in self.state.pauses().kept()? {
            self.record(Fact::ConnectionResumed { connection })?;
        }
        self.applied.scheduled = true;
        self.auto_resolve_anew()?;
        self.listen()
    }

    /// Puts the policy of this step in force. The relay did not stop, so that everything that waits keeps its time,
    /// unless the configuration changed that time.
    pub(super) fn configure(
        &mut self,
        sources: &[SourceName],
        connections: &[ConnectionName],
    ) -> Decided<(), S> {
        if self.state.position().policy != self.policy.digest() {
            self.repeat_anew()?;
            self.auto_resolve_as_configured()?;
        }
        for (connection, _) in self.state.pauses().kept()? {
            if connections.contains(&connection) {
                self.record(Fact::ConnectionResumed { connection })?;
            }
        }
        self.applied.scheduled = true;
        sources.iter().try_for_each(|source| self.listen_to(source))
    }

    /// Refuses what is for another version of an incident.
    pub(super) fn expect_version(&mut self, id: IncidentId, versions: &[Timestamp]) -> Decided<(), S> {
        let incident = self.expect_incident(id)?;
        if versions.contains(&incident.updated_at) {
            return Ok(());
        }
        Err(Rejection::Changed { number: incident.number }.into())
    }

    pub(super) fn operate(
        &mut self,
        id: IncidentId,
        command: IncidentCommand,
        actor: &str,
        text: &str,
    ) -> Decided<(), S> {
        let before = self.expect_incident(id)?;
        let mut incident = before.clone();
        let kind = match on_command(before.state(), command) {
            Commanded::Acknowledge => {
                incident.acknowledge(self.at);
                Some(ChangeKind::Acknowledged)
            }
            Commanded::Unacknowledge => {
                incident.unacknowledge();
                Some(ChangeKind::Unacknowledged)
            }
            Commanded::Resolve => {
                incident.resolve(self.at);
                Some(ChangeKind::Resolved)
            }
            Commanded::Reopen => {
                self.take_key_back(&incident)?;
                incident.reopen(self.at);
                Some(ChangeKind::Reopened)
            }
            Commanded::Note => Some(ChangeKind::Noted),
            // It is so already; what was said with it is not lost.
            Commanded::Nothing => (!text.trim().is_empty()).then_some(ChangeKind::Noted),
            Commanded::Refused => {
                return Err(
                    Rejection::Refused { number: before.number, state: before.state(), command }.into()
                );
            }
        };
        match kind {
            Some(kind) => self.operated(&before, incident, kind, Vec::new(), actor, text),
            None => {
                self.applied.incident = Some(incident);
                Ok(())
            }
        }
    }

    /// Corrects an incident's title and severity.
    pub(super) fn modify(
        &mut self,
        id: IncidentId,
        title: Option<&str>,
        severity: Option<Severity>,
        actor: &str,
        text: &str,
    ) -> Decided<(), S> {
        let before = self.expect_incident(id)?;
        let mut incident = before.clone();
        let mut changed = Vec::new();
        if let Some(title) = title {
            let title = single_line(title, TITLE_CHARS_MAX);
            if title.is_empty() {
                return Err(Rejection::NoTitle(before.number).into());
            }
            if title != incident.title {
                incident.title = title;
                changed.push("title".to_owned());
            }
        }
        if let Some(severity) = severity.filter(|severity| *severity != before.severity) {
            incident.severity = severity;
            changed.push("severity".to_owned());
        }
        if changed.is_empty() && text.trim().is_empty() {
            self.applied.incident = Some(incident);
            return Ok(());
        }
        let kind = if changed.is_empty() { ChangeKind::Noted } else { ChangeKind::Updated };
        self.operated(&before, incident, kind, changed, actor, text)
    }

    fn expect_incident(&self, id: IncidentId) -> Decided<Incident, S> {
        Ok(self.state.incident(id).kept()?.ok_or(Rejection::NoIncident(id))?)
    }

    /// Has a resolved incident's key lead to it again, unless it leads to one that is not resolved.
    fn take_key_back(&mut self, incident: &Incident) -> Decided<(), S> {
        if let Some(other) = self.unresolved(&incident.source, &incident.key)? {
            return Err(Rejection::Succeeded { number: incident.number, other: other.number }.into());
        }
        let keys = vec![incident.key.clone()];
        self.record(Fact::KeysBound { incident: incident.id, source: incident.source.clone(), keys })
    }

    /// Keeps, records and owes what an operator did.
    fn operated(
        &mut self,
        before: &Incident,
        mut incident: Incident,
        kind: ChangeKind,
        changed: Vec<String>,
        actor: &str,
        text: &str,
    ) -> Decided<(), S> {
        incident.updated_at = self.at;
        let mut text = text.to_owned();
        cut_bytes(&mut text, NOTE_BYTES_MAX);
        let was = before.values(&changed);
        let (at, text) = (self.at, text.into());
        let change = Change { kind, at, actor: Some(actor.to_owned()), text, changed, before: was };
        if kind == ChangeKind::Reopened {
            incident.unmatched = self.is_unmatched(&incident, incident.left(before), &change);
        }
        self.change_incident(before, &incident)?;
        self.handled(&incident)?;
        self.happened(&incident, incident.left(before), change)?;
        self.applied.incident = self.state.incident(incident.id).kept()?;
        Ok(())
    }

    /// Writes a change, by which the incident left the state `left`, into the timeline, and queues its deliveries.
    pub(super) fn happened(
        &mut self,
        incident: &Incident,
        left: Option<IncidentState>,
        change: Change,
    ) -> Decided<(), S> {
        self.write(incident, &change)?;
        self.owe(incident, left, &change)
    }

    /// Writes a change into the timeline.
    pub(super) fn write(&mut self, incident: &Incident, change: &Change) -> Decided<(), S> {
        self.record(Fact::ChangeRecorded(Recorded {
            incident: incident.id,
            kind: change.kind,
            actor: change.actor.clone(),
            text: change.text.clone(),
            changed: change.changed.clone(),
            before: change.before.clone(),
        }))?;
        self.recorded = Some((incident.id, change.clone(), self.evolution.lines()));
        Ok(())
    }
}
