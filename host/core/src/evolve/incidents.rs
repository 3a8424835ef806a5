//! Incidents: what they say, in which state they are, and the lines of their timeline.

use super::{Evolution, changed};
use crate::event::EventChange;
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentState, Phase};
use crate::journal::{Fields, Opening, Recorded, StateChange};
use crate::reason::Reason;
use crate::state::{Happening, State, TimelineItem};
use crate::time::Timestamp;

impl Evolution {
    pub(super) fn opened<S: State>(&self, state: &mut S, opening: &Opening) -> Result<(), S::Error> {
        state.number_given(opening.number)?;
        state.put_incident(None, &opening.incident(self.at))
    }

    pub(super) fn recorded<S: State>(&mut self, state: &mut S, recorded: &Recorded) -> Result<(), S::Error> {
        changed(state, recorded.incident, |incident| incident.updated_at = self.at)?;
        let item = TimelineItem {
            at: self.at,
            what: Happening::Changed(recorded.kind, recorded.changed.clone()),
            actor: recorded.actor.clone(),
            text: recorded.text.clone(),
            receipt: self.origin.map(|origin| origin.receipt),
            trace: self.origin.and_then(|origin| origin.given),
            before: recorded.before.clone(),
        };
        self.write(state, recorded.incident, &item)
    }

    pub(super) fn late<S: State>(
        &mut self,
        state: &mut S,
        incident: IncidentId,
        change: EventChange,
        actor: Option<&String>,
        title: &str,
    ) -> Result<(), S::Error> {
        let item = TimelineItem {
            at: self.at,
            what: Happening::Late(change),
            actor: actor.cloned(),
            text: Reason::from(title),
            receipt: self.origin.map(|origin| origin.receipt),
            trace: self.origin.and_then(|origin| origin.given),
            before: Vec::new(),
        };
        self.write(state, incident, &item)
    }
}

impl Opening {
    /// The incident that opened at `at`.
    pub fn incident(&self, at: Timestamp) -> Incident {
        Incident {
            id: self.id,
            number: self.number,
            source: self.source.clone(),
            key: self.key.clone(),
            title: self.title.clone(),
            message: self.message.clone(),
            severity: self.severity,
            phase: Phase::Open,
            labels: self.labels.clone(),
            links: self.links.clone(),
            count: 1,
            opened_at: at,
            open_since: at,
            updated_at: at,
            reopened: Vec::new(),
            flapping: false,
            last_occurred_at: self.occurred_at,
            unmatched: self.unmatched,
            heard_at: None,
        }
    }

    /// What opens `incident`, which is new.
    pub(crate) fn of(incident: Incident) -> Self {
        Self {
            id: incident.id,
            number: incident.number,
            source: incident.source,
            key: incident.key,
            title: incident.title,
            message: incident.message,
            severity: incident.severity,
            labels: incident.labels,
            links: incident.links,
            occurred_at: incident.last_occurred_at,
            unmatched: incident.unmatched,
        }
    }
}

impl Fields {
    /// What of `after` differs from `before`, but for the state.
    pub(crate) fn between(before: &Incident, after: &Incident) -> Self {
        fn new<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
            (before != after).then(|| after.clone())
        }
        let is_new = |(key, value): &(&String, &String)| before.labels.get(*key) != Some(value);
        let labels = after.labels.iter().filter(is_new);
        Self {
            title: new(&before.title, &after.title),
            message: new(&before.message, &after.message),
            severity: new(&before.severity, &after.severity),
            labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
            links: new(&before.links, &after.links),
            count: new(&before.count, &after.count),
            occurred_at: new(&before.last_occurred_at, &after.last_occurred_at).flatten(),
            reopened: new(&before.reopened, &after.reopened),
            flapping: new(&before.flapping, &after.flapping),
            unmatched: new(&before.unmatched, &after.unmatched),
        }
    }

    /// Whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn put_into(&self, incident: &mut Incident) {
        fn put<T: Clone>(field: &mut T, new: Option<&T>) {
            if let Some(new) = new {
                field.clone_from(new);
            }
        }
        put(&mut incident.title, self.title.as_ref());
        put(&mut incident.message, self.message.as_ref());
        put(&mut incident.severity, self.severity.as_ref());
        incident.labels.extend(self.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
        put(&mut incident.links, self.links.as_ref());
        put(&mut incident.count, self.count.as_ref());
        incident.last_occurred_at = self.occurred_at.or(incident.last_occurred_at);
        put(&mut incident.reopened, self.reopened.as_ref());
        put(&mut incident.flapping, self.flapping.as_ref());
        put(&mut incident.unmatched, self.unmatched.as_ref());
    }
}

impl StateChange {
    /// How an incident that was in the state `before` came into another.
    pub(crate) const fn between(before: IncidentState, after: IncidentState) -> Option<Self> {
        use IncidentState::{Acknowledged, Open, Resolved};
        match (before, after) {
            (Open, Open) | (Acknowledged, Acknowledged) | (Resolved, Resolved) => None,
            (Open | Resolved, Acknowledged) => Some(Self::Acknowledged),
            (Acknowledged, Open) => Some(Self::Unacknowledged),
            (Open | Acknowledged, Resolved) => Some(Self::Resolved),
            (Resolved, Open) => Some(Self::Reopened),
        }
    }

    pub(super) fn put_into(self, incident: &mut Incident, at: Timestamp) {
        match self {
            Self::Acknowledged => incident.acknowledge(at),
            Self::Unacknowledged => incident.unacknowledge(),
            Self::Resolved => incident.resolve(at),
            Self::Reopened => incident.reopen(at),
        }
    }
}
