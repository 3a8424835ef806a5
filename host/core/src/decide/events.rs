//! Events: what each does to which incident, and the deliveries that follow from it.

use super::fallback::opening;
use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind};
use crate::event::Event;
use crate::incident::{Incident, IncidentState};
use crate::journal::{Fact, Opening};
use crate::name::SourceName;
use crate::reason::Reason;
use crate::receipt::Effect;
use crate::routing::SourceRule;
use crate::state::State;
use crate::time::Timestamp;
use crate::transition::{Order, Situation, Transition, on_event};

/// The incident that `event` is about, of those that `known` gives for a key: under its key and aliases, the
/// first that is not resolved, or else the first.
///
/// # Errors
/// Those of `known`.
pub fn about<E>(
    event: &Event,
    known: impl Fn(&str) -> Result<Option<Incident>, E>,
) -> Result<Option<Incident>, E> {
    let mut resolved: Option<Incident> = None;
    for key in std::iter::once(&event.key).chain(&event.aliases) {
        match known(key)? {
            Some(incident) if incident.state() != IncidentState::Resolved => return Ok(Some(incident)),
            found => resolved = resolved.or(found),
        }
    }
    let Some(resolved) = resolved else { return Ok(None) };
    // Its own key may have moved on to an incident that is not resolved: then that is the one.
    let successor = known(&resolved.key)?.filter(|incident| incident.state() != IncidentState::Resolved);
    Ok(Some(successor.unwrap_or(resolved)))
}

/// What the table says about `event` at `now`, of a source with this rule, when it is about `found`.
pub fn foresee(found: Option<&Incident>, event: &Event, rule: &SourceRule, now: Timestamp) -> Transition {
    let situation = found.map_or(Situation::None, |incident| {
        let resolved_for = incident.resolved_at().map_or(0, |at| now.ms_since(at));
        Situation::of(incident.state(), resolved_for, rule.reopen_window_ms)
    });
    let is_late = found.is_some_and(|incident| incident.is_late(event));
    on_event(situation, event.change, if is_late { Order::Late } else { Order::InOrder })
}

impl<S: State> Step<'_, S> {
    pub(super) fn event(
        &mut self,
        source: &SourceName,
        event: &Event,
        rule: &SourceRule,
    ) -> Decided<Effect, S> {
        let found = self.find(source, event)?;
        let transition = foresee(found.as_ref(), event, rule, self.at);
        if let Some(effect) = self.echo(transition, event)? {
            return Ok(effect);
        }
        let incident = match (transition, found) {
            (Transition::Open, _) => Some(self.open(source, event, rule)?),
            (Transition::OpenAcknowledged, _) => Some(self.open_acknowledged(source, event, rule)?),
            (Transition::Orphan, _) | (_, None) => None,
            (transition, Some(incident)) => Some(self.change(transition, incident, event, rule)?),
        };
        if let Some(incident) = &incident {
            self.heard_of(incident, rule)?;
        }
        let incident = incident.map(|incident| (incident.id, incident.number));
        Ok(Effect { change: event.change, key: event.key.clone(), transition, incident })
    }

    fn find(&self, source: &SourceName, event: &Event) -> Decided<Option<Incident>, S> {
        about(event, |key| match self.state.find(source, key).kept()? {
            Some(id) => self.state.incident(id).kept(),
            None => Ok(None),
        })
    }

    /// The incident that this key leads to, unless it is resolved.
    pub(super) fn unresolved(&self, source: &SourceName, key: &str) -> Decided<Option<Incident>, S> {
        let Some(id) = self.state.find(source, key).kept()? else { return Ok(None) };
        let incident = self.state.incident(id).kept()?;
        Ok(incident.filter(|incident| incident.state() != IncidentState::Resolved))
    }

    fn open(&mut self, source: &SourceName, event: &Event, rule: &SourceRule) -> Decided<Incident, S> {
        let number = self.state.last_number() + 1;
        let id = self.next_id();
        let mut incident = Incident::open(id, number, source, event, rule.default_severity, self.at);
        incident.unmatched = self.is_unmatched(&incident, None, &opening(event, self.at));
        self.record(Fact::IncidentOpened(Opening::of(incident.clone())))?;
        self.bind(&incident, event)?;
        self.changed(&incident, None, ChangeKind::Opened, Vec::new(), event)?;
        Ok(incident)
    }

    /// Opens an incident and acknowledges it: two changes, so that actions on either run.
    fn open_acknowledged(
        &mut self,
        source: &SourceName,
        event: &Event,
        rule: &SourceRule,
    ) -> Decided<Incident, S> {
        let before = self.open(source, event, rule)?;
        let mut incident = before.clone();
        incident.acknowledge(self.at);
        self.change_incident(&before, &incident)?;
        // The incident has the event's message already.
        let event = Event { message: String::new(), ..event.clone() };
        self.changed(&incident, Some(&before), ChangeKind::Acknowledged, Vec::new(), &event)?;
        Ok(incident)
    }

    /// Makes an incident known under its own key and the event's, but takes none from another incident that
    /// is not resolved: nothing could resolve that one any more.
    fn bind(&mut self, incident: &Incident, event: &Event) -> Decided<(), S> {
        let mut keys: Vec<String> = Vec::new();
        for key in [&incident.key, &event.key].into_iter().chain(&event.aliases) {
            let known = self.state.find(&incident.source, key).kept()?;
            if !keys.contains(key)
                && known != Some(incident.id)
                && self.unresolved(&incident.source, key)?.is_none()
            {
                keys.push(key.clone());
            }
        }
        if keys.is_empty() {
            return Ok(());
        }
        self.record(Fact::KeysBound { incident: incident.id, source: incident.source.clone(), keys })
    }

    /// Carries out what the table says about an incident that is there.
    fn change(
        &mut self,
        transition: Transition,
        before: Incident,
        event: &Event,
        rule: &SourceRule,
    ) -> Decided<Incident, S> {
        let mut incident = before.clone();
        let mut fields = Vec::new();
        let kind = match transition {
            Transition::Merge => {
                incident.count += 1;
                fields = incident.absorb(event);
                (!fields.is_empty()).then_some(ChangeKind::Updated)
            }
            Transition::Count => {
                incident.count += 1;
                None
            }
            Transition::Reopen => {
                incident.count += 1;
                fields = incident.absorb(event);
                incident.reopen(self.at);
                self.reopened(&mut incident, rule)?;
                self.match_anew(&before, &mut incident, &fields, event);
                Some(ChangeKind::Reopened)
            }
            Transition::Acknowledge => {
                incident.acknowledge(self.at);
                Some(ChangeKind::Acknowledged)
            }
            Transition::Resolve => {
                incident.merge_labels(event.labels.iter());
                incident.resolve(self.at);
                Some(ChangeKind::Resolved)
            }
            Transition::Note => Some(ChangeKind::Noted),
            Transition::NoteLate => {
                self.late(&incident, event)?;
                None
            }
            Transition::Nothing => None,
            // Handled by the caller: none of them changes an incident that is there.
            Transition::Open | Transition::OpenAcknowledged | Transition::Orphan | Transition::Echo => {
                return Ok(before);
            }
        };
        if !matches!(transition, Transition::Note | Transition::NoteLate) {
            incident.occurred(event);
        }
        if kind.is_some() {
            incident.updated_at = self.at;
        }
        self.change_incident(&before, &incident)?;
        if !matches!(transition, Transition::Note | Transition::NoteLate | Transition::Nothing) {
            self.bind(&incident, event)?;
        }
        if let Some(kind) = kind {
            self.changed(&incident, Some(&before), kind, fields, event)?;
        }
        if incident.flapping && !before.flapping {
            self.flaps(&incident)?;
        }
        Ok(incident)
    }

    fn late(&mut self, incident: &Incident, event: &Event) -> Decided<(), S> {
        self.record(Fact::EventLate {
            incident: incident.id,
            change: event.change,
            actor: event.actor.clone(),
            title: event.title.clone(),
        })
    }

    /// Writes a change into the timeline, and queues its deliveries.
    fn changed(
        &mut self,
        incident: &Incident,
        before: Option<&Incident>,
        kind: ChangeKind,
        changed: Vec<String>,
        event: &Event,
    ) -> Decided<(), S> {
        // An opening says it in the incident itself; everything later says what the event said.
        let text = if kind == ChangeKind::Opened { Reason::none() } else { event.message.as_str().into() };
        let was = before.map(|before| before.values(&changed)).unwrap_or_default();
        let change = Change { kind, at: self.at, actor: event.actor.clone(), text, changed, before: was };
        // What a flapping incident does is remembered, but nobody is told each time.
        if incident.flapping {
            self.write(incident, &change)
        } else {
            self.happened(incident, before.and_then(|before| incident.left(before)), change)
        }
    }
}
