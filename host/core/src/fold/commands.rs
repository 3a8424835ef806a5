//! What operators do, and what happens when the relay starts.

use super::{Fold, Happening, Kept, Rejection, State, Step, TimelineItem};
use crate::delivery::{Change, ChangeKind, DeliveryState};
use crate::event::cut_bytes;
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{Router, Routing};
use crate::transition::{Command, Commanded, on_command};

/// Bytes of an operator's note.
const NOTE_BYTES_MAX: usize = 16 * 1024;

impl<S: State> Step<'_, S> {
    pub(super) fn started(&mut self, routing: Option<&Routing>) -> Fold<(), S> {
        if let Some(routing) = routing {
            let router = Router::new(routing.clone())
                .map_err(|invalid| Rejection::InvalidRouting(invalid.to_string()))?;
            self.state.set_router(router).kept()?;
        }
        for id in self.state.sending().kept()? {
            if let Some(before) = self.state.delivery(id).kept()? {
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
        self.listen()
    }

    pub(super) fn commanded(&mut self, id: Id, command: Command, actor: &str, text: &str) -> Fold<(), S> {
        let before = self.state.incident(id).kept()?.ok_or(Rejection::NoIncident(id))?;
        let mut incident = before.clone();
        let kind = match on_command(before.state, command) {
            Commanded::Acknowledge => {
                incident.state = IncidentState::Acknowledged;
                incident.acknowledged_at = Some(self.at);
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
            Commanded::Note => Some(ChangeKind::Noted),
            Commanded::Nothing => None,
            Commanded::Refused => {
                return Err(Rejection::Refused { number: before.number, state: before.state, command }.into());
            }
        };
        if let Some(kind) = kind {
            incident.updated_at = self.at;
            self.state.put_incident(Some(&before), &incident).kept()?;
            let mut text = text.to_owned();
            cut_bytes(&mut text, NOTE_BYTES_MAX);
            let actor = Some(actor.to_owned());
            let change = Change { kind, at: self.at, actor, text, changed: Vec::new() };
            self.record(&incident, change, None)?;
        }
        self.applied.incident = Some(incident);
        Ok(())
    }

    /// Writes a change into the history and owes it to whoever is to be told.
    pub(super) fn record(&mut self, incident: &Incident, change: Change, receipt: Option<Id>) -> Fold<(), S> {
        self.remember(incident, &change, receipt)?;
        self.owe(incident, &change)
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
