//! What a change is to each action: its own trigger, the first that the action hears of the incident, or what has
//! to follow from what the action told before.
//!
//! Never looks at a peer; what is on its way is looked at again when its attempt begins ([`super::truth`]).

use super::address::Address;
use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind, Delivery, DeliveryState};
use crate::incident::{Incident, IncidentState};
use crate::journal::Place;
use crate::name::ConnectionName;
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus, Router};
use crate::state::State;
use crate::told::{Told, said};

/// A change, of whose incident, which left which state.
#[derive(Clone, Copy)]
pub(super) struct News<'a> {
    pub(super) incident: &'a Incident,
    pub(super) left: Option<IncidentState>,
    pub(super) change: &'a Change,
}

impl<S: State> Step<'_, S> {
    /// Queues for `action` what the news are to it. `told` is what all actions told of the incident.
    pub(super) fn owe_news(
        &mut self,
        router: &Router,
        action: &ActionRule,
        told: &[Told],
        news: News<'_>,
    ) -> Decided<(), S> {
        let News { incident, left, change } = news;
        let is_triggered = action.is_triggered(left, change.kind);
        let lets = |change: &Change| router.lets_through(&action.name, incident, change);
        let Some(destination) = action.destination() else {
            return if is_triggered && lets(change) { self.owe_to(action, incident, change) } else { Ok(()) };
        };
        let here = told.iter().find(|told| told.action == action.name && told.connection == *destination);
        match change.kind {
            ChangeKind::Steady => return self.owe_steady(router, action, here, news),
            ChangeKind::Resolved => return self.owe_resolution(router, action, told, news),
            _ => {}
        }
        let own = is_triggered && lets(change);
        let mut is_said = false;
        if let Some(lead) = self.lead(router, action, here, news, own)? {
            // What the leading message shows anyway.
            use ChangeKind::{Opened, Reopened, Unacknowledged, Updated};
            is_said = matches!(change.kind, Opened | Reopened | Updated | Unacknowledged);
            self.owe_to(action, incident, &lead)?;
        }
        if own && !is_said { self.owe_to(action, incident, change) } else { Ok(()) }
    }

    /// What goes before the change itself: the opening, of an incident that the action was told nothing of; the
    /// reopening, of one that it called resolved.
    fn lead(
        &self,
        router: &Router,
        action: &ActionRule,
        here: Option<&Told>,
        news: News<'_>,
        own: bool,
    ) -> Decided<Option<Change>, S> {
        let News { incident, change, .. } = news;
        let says_so = matches!(change.kind, ChangeKind::Opened | ChangeKind::Flapping)
            || (change.kind == ChangeKind::Reopened && own);
        if says_so || incident.flapping || incident.state() == IncidentState::Resolved {
            return Ok(None);
        }
        if self.is_new(here)? {
            let opening = Change::of_the_relay(ChangeKind::Opened, self.at, Reason::none());
            return Ok(router.would_open(action, incident).then_some(opening));
        }
        let Some(told) = here else { return Ok(None) };
        if !self.may_come_to(told, |state| state == IncidentState::Resolved)? {
            return Ok(None);
        }
        let reopening = match change.kind {
            ChangeKind::Updated | ChangeKind::Reopened => {
                Change { kind: ChangeKind::Reopened, ..change.clone() }
            }
            _ => Change::of_the_relay(ChangeKind::Reopened, self.at, Reason::none()),
        };
        Ok(router.lets_through(&action.name, incident, &reopening).then_some(reopening))
    }

    /// The incident is resolved: that is told wherever it was told of before, whatever the filter says now. Where
    /// it was not, only an action is told that does not tell of its opening.
    fn owe_resolution(
        &mut self,
        router: &Router,
        action: &ActionRule,
        told: &[Told],
        news: News<'_>,
    ) -> Decided<(), S> {
        let News { incident, left, change } = news;
        if !action.is_triggered(left, change.kind) {
            return Ok(());
        }
        let mut is_here = false;
        for told in told.iter().filter(|told| told.action == action.name) {
            if action.destination() == Some(&told.connection) {
                is_here = true;
            } else if action.status == ActionStatus::Enabled
                && router.knows_connection(&told.connection)
                && self.may_come_to(told, |state| state != IncidentState::Resolved)?
            {
                // Where the action sent to before.
                self.correct(action, &told.connection, incident, change)?;
            }
        }
        let is_owed = is_here
            || (router.lets_through(&action.name, incident, change) && !router.would_open(action, incident));
        if is_owed { self.owe_to(action, incident, change) } else { Ok(()) }
    }

    /// The incident is steady again: whose last word is another state is told the state, whatever it listens to.
    fn owe_steady(
        &mut self,
        router: &Router,
        action: &ActionRule,
        here: Option<&Told>,
        news: News<'_>,
    ) -> Decided<(), S> {
        let News { incident, left, change } = news;
        if incident.state() != IncidentState::Resolved
            && self.is_new(here)?
            && router.would_open(action, incident)
        {
            let opening = Change::of_the_relay(ChangeKind::Opened, self.at, Reason::none());
            return self.owe_to(action, incident, &opening);
        }
        if let Some(told) = here
            && let Some(kind) = self.correction(told, incident)?
            && (kind == ChangeKind::Resolved || !action.is_done_with(incident))
        {
            let change = Change { kind, ..change.clone() };
            return self.correct(action, &told.connection, incident, &change);
        }
        let hears = action.is_triggered(left, change.kind);
        if hears && router.lets_through(&action.name, incident, change) {
            self.owe_to(action, incident, change)?;
        }
        Ok(())
    }

    /// Whether the action has told nothing of the incident yet.
    fn is_new(&self, here: Option<&Told>) -> Decided<bool, S> {
        here.map_or(Ok(true), |told| self.is_untold(told))
    }

    /// What has to be told so that the last word is the incident's state; none when it is, or nothing was told. A waiting
    /// message about the flapping does not count once another message arrived: the new message overtakes it.
    fn correction(&self, told: &Told, incident: &Incident) -> Decided<Option<ChangeKind>, S> {
        use IncidentState::{Acknowledged, Open, Resolved};
        let is_overtaken = |last: &Delivery| {
            last.change.kind == ChangeKind::Flapping
                && last.state != DeliveryState::Sending
                && !told.is_nothing()
        };
        let last = self.last_pending(told)?.filter(|last| !is_overtaken(last));
        let may = |state| match &last {
            Some(last) => said(last.change.kind, last.shown).unwrap_or(last.shown) == state,
            None => told.may_be(state),
        };
        Ok(match incident.state() {
            Resolved if may(Open) || may(Acknowledged) => Some(ChangeKind::Resolved),
            Open | Acknowledged if may(Resolved) => Some(ChangeKind::Reopened),
            Acknowledged if may(Open) => Some(ChangeKind::Acknowledged),
            Open if may(Acknowledged) => Some(ChangeKind::Unacknowledged),
            Open | Acknowledged | Resolved => None,
        })
    }

    /// Queues `change` for a connection that `action` told something before, without its delay.
    fn correct(
        &mut self,
        action: &ActionRule,
        connection: &ConnectionName,
        incident: &Incident,
        change: &Change,
    ) -> Decided<(), S> {
        let test = action.connection != *connection && action.test_connection.as_deref() == Some(connection);
        let address = Address { connection: connection.clone(), test, exists: true };
        self.queue(action, address, incident, change, Place::Lane)?;
        self.repeat_later(action, incident)
    }

    /// A message arrived, and nothing follows it: when it called an incident open that somebody is on, the action
    /// that tells of acknowledgements is told that.
    pub(super) fn follow_up(&mut self, delivery: &Delivery) -> Decided<(), S> {
        let calls_open = matches!(delivery.change.kind, ChangeKind::Opened | ChangeKind::Reopened);
        if !calls_open {
            return Ok(());
        }
        let Some(incident) = self.state.incident(delivery.incident.id).kept()? else { return Ok(()) };
        let Some(told) = self.told(&delivery.action, &delivery.connection, incident.id)? else {
            return Ok(());
        };
        if incident.state() != IncidentState::Acknowledged
            || incident.flapping
            || told.state != Some(IncidentState::Open)
            || self.last_pending(&told)?.is_some()
        {
            return Ok(());
        }
        let router = self.policy;
        let runs = |rule: &&ActionRule| rule.destination() == Some(&delivery.connection);
        let Some(action) = router.action(&delivery.action).filter(runs) else { return Ok(()) };
        let change = Change::of_the_relay(ChangeKind::Acknowledged, self.at, Reason::none());
        let is_owed = action.is_triggered(Some(IncidentState::Open), change.kind)
            && router.lets_through(&action.name, &incident, &change);
        if is_owed { self.owe_to(action, &incident, &change) } else { Ok(()) }
    }
}
