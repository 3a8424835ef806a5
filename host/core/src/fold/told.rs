//! What an action's messages about an incident have told a connection: the last word that arrived, and what may
//! have arrived although no answer said so.
//!
//! Decides nothing: [`super::follow`] and [`super::truth`] do, from this.

use super::{Fold, Kept, State, Step};
use crate::delivery::{ChangeKind, Delivery, DeliveryState};
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::journal::Verdict;

use super::Timer;

/// One action's last word about one incident over one connection. It is there from the first delivery on that the
/// action queues for that connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The action's name.
    pub action: String,
    /// The connection's name.
    pub connection: String,
    /// The latest delivery that says in which state the incident is.
    pub last: Option<Id>,
    /// The state that the last message which arrived gave.
    pub state: Option<IncidentState>,
    /// The states that messages without a clear answer may have given since.
    pub maybe: Vec<IncidentState>,
}

impl Told {
    /// Nothing was told yet.
    pub fn nothing(action: &str, connection: &str) -> Self {
        let (action, connection) = (action.to_owned(), connection.to_owned());
        Self { action, connection, last: None, state: None, maybe: Vec::new() }
    }

    /// Whether certainly no message arrived.
    pub fn is_nothing(&self) -> bool {
        self.state.is_none() && self.maybe.is_empty()
    }

    /// Whether the last word may be `state`.
    pub fn may_be(&self, state: IncidentState) -> bool {
        self.state == Some(state) || self.maybe.contains(&state)
    }

    /// Whether the last word may be that the incident is not over.
    pub fn may_be_unresolved(&self) -> bool {
        self.may_be(IncidentState::Open) || self.may_be(IncidentState::Acknowledged)
    }

    /// Whether the last word is certainly `state`.
    pub fn is(&self, state: IncidentState) -> bool {
        self.state == Some(state) && self.maybe.iter().all(|maybe| *maybe == state)
    }

    /// Whether the last word is certainly that the incident is not over.
    pub fn is_unresolved(&self) -> bool {
        self.may_be_unresolved() && !self.may_be(IncidentState::Resolved) && self.state.is_some()
    }

    /// A message about `kind`, which showed `incident`, arrived.
    fn arrived(&mut self, kind: ChangeKind, incident: &Incident) {
        if let Some(state) = said(kind, incident) {
            self.state = Some(state);
            self.maybe.clear();
        } else if kind == ChangeKind::Flapping {
            // It says that the incident comes back, while it is over for the moment.
            self.add(IncidentState::Open);
        } else if self.is_nothing() && incident.state != IncidentState::Resolved {
            self.state = Some(incident.state);
        } else if self.state.is_none() && incident.state != IncidentState::Resolved {
            // Who knows a word keeps it; who knows none has this one.
            self.add(incident.state);
        }
    }

    /// A message about `kind`, which showed `incident`, may have arrived.
    fn may_have_arrived(&mut self, kind: ChangeKind, incident: &Incident) {
        if let Some(state) = said(kind, incident) {
            self.add(state);
        } else if self.is_nothing() && incident.state != IncidentState::Resolved {
            self.add(incident.state);
        }
    }

    fn add(&mut self, state: IncidentState) {
        if !self.maybe.contains(&state) {
            self.maybe.push(state);
        }
    }
}

/// The state that a message about `kind`, which shows `incident`, leaves behind at its reader; none for one that
/// leaves it as it was.
pub(super) fn said(kind: ChangeKind, incident: &Incident) -> Option<IncidentState> {
    match kind {
        ChangeKind::Flapping => Some(incident.state).filter(|state| *state != IncidentState::Resolved),
        ChangeKind::Repeated => Some(IncidentState::Open),
        _ => kind.entered(),
    }
}

/// Whether a delivery of `kind` is about the state, so that the next of them overtakes it.
pub(super) const fn is_of_state(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::Flapping | ChangeKind::Steady) || kind.entered().is_some()
}

impl<S: State> Step<'_, S> {
    /// What `action` told of this incident over `connection`; none when it never queued anything for it.
    pub(super) fn told(&self, action: &str, connection: &str, incident: Id) -> Fold<Option<Told>, S> {
        let told = self.state.told(incident).kept()?;
        Ok(told.into_iter().find(|told| told.action == action && told.connection == connection))
    }

    /// Remembers that `delivery` was queued.
    pub(super) fn queued(&mut self, delivery: &Delivery) -> Fold<(), S> {
        let (action, connection, incident) = (&delivery.action, &delivery.connection, delivery.incident.id);
        let before = self.told(action, connection, incident)?;
        let mut told = before.clone().unwrap_or_else(|| Told::nothing(action, connection));
        if is_of_state(delivery.change.kind) {
            told.last = Some(delivery.id);
        }
        if before.as_ref() != Some(&told) {
            self.state.put_told(incident, &told).kept()?;
        }
        Ok(())
    }

    /// Remembers what a settled attempt leaves at the reader.
    pub(super) fn learn(&mut self, delivery: &Delivery, verdict: &Verdict) -> Fold<(), S> {
        match verdict {
            Verdict::Delivered(_) | Verdict::Accepted(_) => self.update_told(delivery, Told::arrived),
            Verdict::Retry { may_have_arrived: true, .. }
            | Verdict::Expired { may_have_arrived: true, .. } => self.may_have_arrived(delivery),
            _ => Ok(()),
        }
    }

    /// The attempt of `delivery` under way ends without any answer.
    pub(super) fn may_have_arrived(&mut self, delivery: &Delivery) -> Fold<(), S> {
        self.update_told(delivery, Told::may_have_arrived)
    }

    fn update_told(
        &mut self,
        delivery: &Delivery,
        change: impl FnOnce(&mut Told, ChangeKind, &Incident),
    ) -> Fold<(), S> {
        let (action, connection, incident) = (&delivery.action, &delivery.connection, delivery.incident.id);
        let before = self.told(action, connection, incident)?;
        let mut told = before.clone().unwrap_or_else(|| Told::nothing(action, connection));
        change(&mut told, delivery.change.kind, &delivery.incident);
        if before.as_ref() != Some(&told) {
            self.state.put_told(incident, &told).kept()?;
        }
        Ok(())
    }

    /// The latest delivery about the state over this connection, while it is not settled.
    pub(super) fn last_pending(&self, told: &Told) -> Fold<Option<Delivery>, S> {
        let Some(id) = told.last else { return Ok(None) };
        let delivery = self.state.delivery(id).kept()?;
        Ok(delivery.filter(|last| !last.state.is_settled() && last.connection == told.connection))
    }

    /// Whether the last word, with what is on its way, may be `state`.
    pub(super) fn may_come_to(&self, told: &Told, is: impl Fn(IncidentState) -> bool) -> Fold<bool, S> {
        if let Some(last) = self.last_pending(told)? {
            let word = said(last.change.kind, &last.incident).unwrap_or(last.incident.state);
            return Ok(is(word));
        }
        Ok(told.state.iter().chain(&told.maybe).any(|state| is(*state)))
    }

    /// Whether a message about the incident is on its way, or may have arrived.
    pub(super) fn is_followed(&self, told: &Told) -> Fold<bool, S> {
        if !told.is_nothing() {
            return Ok(true);
        }
        match self.last_pending(told)? {
            Some(last) => Ok(self.state.timer(&Timer::Held(last.id)).kept()?.is_none()),
            None => Ok(false),
        }
    }

    /// Whether the action never told anything of the incident here, has nothing on its way, and no attempt of it
    /// failed: whatever it queued was over before it could be sent.
    pub(super) fn is_untold(&self, told: &Told) -> Fold<bool, S> {
        if !told.is_nothing() {
            return Ok(false);
        }
        let Some(last) = told.last else { return Ok(true) };
        let last = self.state.delivery(last).kept()?;
        Ok(last.is_none_or(|last| {
            // A plugin that skips it has an attempt's number.
            let is_over = last.log.last().is_some_and(|attempt| attempt.number == 0);
            last.state == DeliveryState::Skipped && is_over
        }))
    }
}
