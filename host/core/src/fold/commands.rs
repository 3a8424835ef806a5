//! What operators do to incidents, and what happens when the relay starts.

use super::{Fold, Happening, Kept, Rejection, State, Step, TimelineItem};
use crate::delivery::{Change, ChangeKind, DeliveryState};
use crate::event::{Severity, TITLE_CHARS_MAX, cut_bytes, single_line};
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{Router, Routing};
use crate::transition::{Command, Commanded, on_command};

/// Bytes of an operator's note.
const NOTE_BYTES_MAX: usize = 16 * 1024;

impl<S: State> Step<'_, S> {
    pub(super) fn started(&mut self, routing: Option<&Routing>) -> Fold<(), S> {
        let router_before = self.state.router();
        if let Some(routing) = routing {
            let router = Router::new(routing.clone())
                .map_err(|invalid| Rejection::InvalidRouting(invalid.to_string()))?;
            let before = self.state.router();
            self.state.set_router(router).kept()?;
            self.repeat_anew(&before)?;
        }
        for id in self.state.sending().kept()? {
            if let Some(before) = self.state.delivery(id).kept()? {
                // The relay stopped before its answer.
                self.may_have_arrived(&before)?;
                let mut delivery = before.clone();
                delivery.state = DeliveryState::Due;
                delivery.next_at = self.at;
                self.state.put_delivery(Some(&before), &delivery).kept()?;
            }
        }
        for (connection, _) in self.state.pauses().kept()? {
            self.state.set_pause(&connection, None).kept()?;
        }
        self.applied.scheduled = true;
        self.auto_resolve_anew(&router_before)?;
        self.listen()
    }

    pub(super) fn commanded(&mut self, id: Id, command: Command, actor: &str, text: &str) -> Fold<(), S> {
        let before = self.expect_incident(id)?;
        let mut incident = before.clone();
        let kind = match on_command(before.state, command) {
            Commanded::Acknowledge => {
                incident.acknowledge(self.at);
                Some(ChangeKind::Acknowledged)
            }
            Commanded::Unacknowledge => {
                incident.state = IncidentState::Open;
                incident.acknowledged_at = None;
                Some(ChangeKind::Unacknowledged)
            }
            Commanded::Resolve => {
                incident.state = IncidentState::Resolved;
                incident.resolved_at = Some(self.at);
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
                return Err(Rejection::Refused { number: before.number, state: before.state, command }.into());
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
    pub(super) fn modified(
        &mut self,
        id: Id,
        title: Option<&str>,
        severity: Option<Severity>,
        actor: &str,
        text: &str,
    ) -> Fold<(), S> {
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

    fn expect_incident(&self, id: Id) -> Fold<Incident, S> {
        Ok(self.state.incident(id).kept()?.ok_or(Rejection::NoIncident(id))?)
    }

    /// Has a resolved incident's key lead to it again, unless it leads to one that is not resolved.
    fn take_key_back(&mut self, incident: &Incident) -> Fold<(), S> {
        if let Some(other) = self.unresolved(&incident.source, &incident.key)? {
            return Err(Rejection::Succeeded { number: incident.number, other: other.number }.into());
        }
        self.state.point(&incident.source, &incident.key, incident.id).kept()
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
    ) -> Fold<(), S> {
        incident.updated_at = self.at;
        let mut text = text.to_owned();
        cut_bytes(&mut text, NOTE_BYTES_MAX);
        let was = before.values(&changed);
        let change = Change { kind, at: self.at, actor: Some(actor.to_owned()), text, changed, before: was };
        if kind == ChangeKind::Reopened {
            incident.unmatched = self.is_unmatched(&incident, incident.left(before), &change);
        }
        self.state.put_incident(Some(before), &incident).kept()?;
        self.handled(&incident)?;
        self.record(&incident, incident.left(before), change, None)?;
        self.applied.incident = self.state.incident(incident.id).kept()?;
        Ok(())
    }

    /// Writes a change, by which the incident left the state `left`, into the history and owes it to whoever is
    /// to be told.
    pub(super) fn record(
        &mut self,
        incident: &Incident,
        left: Option<IncidentState>,
        change: Change,
        receipt: Option<Id>,
    ) -> Fold<(), S> {
        self.remember(incident, &change, receipt)?;
        self.owe(incident, left, &change)
    }

    /// Writes a change into the history.
    pub(super) fn remember(
        &mut self,
        incident: &Incident,
        change: &Change,
        receipt: Option<Id>,
    ) -> Fold<(), S> {
        let item = TimelineItem {
            at: self.at,
            what: Happening::Changed(change.kind, change.changed.clone()),
            actor: change.actor.clone(),
            text: change.text.clone(),
            receipt,
        };
        self.state.append(incident.id, &item).kept()
    }
}
