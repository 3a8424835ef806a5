//! When what is owed goes out, and where to: an action's delay, its test connection. What is owed to whom is in
//! [`super::follow`].
//!
//! A delivery that is held has a timer and is in no lane, so nothing waits behind it. Never tells of an incident
//! that was over within the delay.

use super::follow::News;
use super::{Fold, Kept, State, Step, Timer};
use crate::delivery::{Attempt, Change, ChangeKind, Delivery, DeliveryState};
use crate::durations::exactly;
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{ActionRule, ActionStatus};
use crate::time::Timestamp;

/// Why a test delivery without test connection was not sent.
const NO_TEST_CONNECTION: &str = "not sent: the action is in test and has no test connection";

/// What an action's delay says about a change.
pub(super) enum Timing {
    /// It is told.
    Now,
    /// It is told at this time, if the incident is still open by then.
    Held(Timestamp),
    /// The incident was over within the delay, which is this many milliseconds.
    Over(u64),
}

impl Timing {
    /// What is over soon is not told. What comes again and again is not over soon, however short each time is:
    /// a flapping incident is told of at once.
    pub(super) fn of(action: &ActionRule, incident: &Incident, kind: ChangeKind, now: Timestamp) -> Self {
        let Some(delay_ms) = action.delay_ms else { return Self::Now };
        let told_at = incident.open_since.plus_ms(delay_ms);
        if incident.flapping || kind == ChangeKind::Steady || incident.resolved_at.unwrap_or(now) >= told_at {
            return Self::Now;
        }
        if incident.state == IncidentState::Resolved { Self::Over(delay_ms) } else { Self::Held(told_at) }
    }
}

impl<S: State> Step<'_, S> {
    /// Owes `change`, by which the incident left the state `left`, to every action, as far as it is news to it.
    pub(super) fn owe(
        &mut self,
        incident: &Incident,
        left: Option<IncidentState>,
        change: &Change,
    ) -> Fold<(), S> {
        let taken = self.take_over(News { incident, left, change })?;
        let incident = taken.as_ref().unwrap_or(incident);
        let router = self.state.router();
        let told = self.state.told(incident.id).kept()?;
        for action in router.enabled() {
            self.owe_news(&router, action, &told, News { incident, left, change })?;
        }
        self.begin_repeating(incident, change)
    }

    /// Owes `change` to this action.
    pub(super) fn owe_to(
        &mut self,
        action: &ActionRule,
        incident: &Incident,
        change: &Change,
    ) -> Fold<(), S> {
        let mut delivery = self.new_delivery(action, incident, change);
        let has_connection = direct(&mut delivery, action);
        match Timing::of(action, incident, change.kind, self.at) {
            Timing::Now => self.send_off(None, delivery, action, has_connection),
            Timing::Held(until) => self.hold(None, delivery, until),
            Timing::Over(delay_ms) => {
                let told = self.told(&delivery.action, &delivery.connection, incident.id)?;
                let is_followed = match told {
                    Some(told) => self.is_followed(&told)?,
                    None => false,
                };
                // What was told is over for its reader as well, however soon that is.
                if is_followed {
                    return self.send_off(None, delivery, action, has_connection);
                }
                if has_connection {
                    self.queued(&delivery)?;
                }
                self.skip(None, delivery, &over_within(delay_ms))
            }
        }
    }

    /// A delivery of `change` to `action`, due now over the action's own connection; kept nowhere yet.
    pub(super) fn new_delivery(
        &mut self,
        action: &ActionRule,
        incident: &Incident,
        change: &Change,
    ) -> Delivery {
        Delivery {
            id: self.next_id(),
            action: action.name.clone(),
            connection: action.connection.clone(),
            test: false,
            incident: incident.clone(),
            change: change.clone(),
            state: DeliveryState::Due,
            attempts: 0,
            next_at: self.at,
            owed_since: self.at,
            log: Vec::new(),
        }
    }

    /// Puts a delivery on its way, and sets the timer of its action's next repetition.
    fn send_off(
        &mut self,
        before: Option<&Delivery>,
        delivery: Delivery,
        action: &ActionRule,
        has_connection: bool,
    ) -> Fold<(), S> {
        if !has_connection {
            return self.settle_unsent(before, delivery, DeliveryState::NotSent, NO_TEST_CONNECTION);
        }
        self.queued(&delivery)?;
        self.repeat_later(action, &delivery.incident)?;
        self.enqueue(before, delivery)
    }

    /// Has a delivery wait outside of its lane.
    fn hold(&mut self, before: Option<&Delivery>, mut delivery: Delivery, until: Timestamp) -> Fold<(), S> {
        delivery.state = DeliveryState::Waiting;
        delivery.next_at = until;
        self.state.put_delivery(before, &delivery).kept()?;
        self.queued(&delivery)?;
        self.set_timer_at(&Timer::Held(delivery.id), until)
    }

    fn skip(&mut self, before: Option<&Delivery>, delivery: Delivery, why: &str) -> Fold<(), S> {
        self.settle_unsent(before, delivery, DeliveryState::Skipped, why)
    }

    /// Settles a delivery that no attempt was made of; why stands in its log as attempt 0.
    pub(super) fn settle_unsent(
        &mut self,
        before: Option<&Delivery>,
        mut delivery: Delivery,
        state: DeliveryState,
        why: &str,
    ) -> Fold<(), S> {
        delivery.state = state;
        let summary = why.to_owned();
        delivery.record(Attempt { number: 0, at: self.at, took_us: 0, status: None, summary });
        self.state.put_delivery(before, &delivery).kept()?;
        self.tell(&delivery, why)
    }

    /// The delay of a held delivery is over: whether it is told depends on what is the case now.
    pub(super) fn hold_over(&mut self, id: Id) -> Fold<(), S> {
        let Some(before) = self.state.delivery(id).kept()? else { return Ok(()) };
        if before.state != DeliveryState::Waiting {
            return Ok(());
        }
        let router = self.state.router();
        let incident = self.present(&before)?;
        let skip = |step: &mut Self, why: &str| step.skip(Some(&before), before.clone(), why);
        let Some(action) = router.action(&before.action) else {
            return skip(self, "not told: its action is gone from the configuration");
        };
        if action.status == ActionStatus::Disabled {
            return skip(self, "not told: its action is disabled");
        }
        if incident.state == IncidentState::Resolved {
            return match Timing::of(action, &incident, before.change.kind, self.at) {
                Timing::Over(delay_ms) => skip(self, &over_within(delay_ms)),
                Timing::Now | Timing::Held(_) => skip(self, "not told: it was over when its delay was"),
            };
        }
        if action.is_done_with(&incident) {
            return skip(self, "not told: another action took the incident");
        }
        if !router.lets_through(&action.name, &incident, &before.change) {
            return skip(self, "not told: its action's filter no longer matches");
        }
        // It may have been over meanwhile, and come back: then it has not been open for long enough.
        match Timing::of(action, &incident, before.change.kind, self.at) {
            Timing::Held(until) => self.hold(Some(&before), before.clone(), until),
            Timing::Now | Timing::Over(_) => self.let_go(&before, incident, action),
        }
    }

    /// Lets a delivery go that is held, whatever its delay; whether it is one, of an action that runs.
    pub(super) fn let_go_at_once(&mut self, before: &Delivery) -> Fold<bool, S> {
        let timer = Timer::Held(before.id);
        let router = self.state.router();
        let action = router.action(&before.action).filter(|rule| rule.status != ActionStatus::Disabled);
        let is_held = self.state.timer(&timer).kept()?.is_some();
        let Some(action) = action.filter(|_| is_held) else { return Ok(false) };
        let incident = self.present(before)?;
        self.state.set_timer(&timer, None).kept()?;
        self.let_go(before, incident, action)?;
        Ok(true)
    }

    /// Puts a held delivery on its way, with the incident as it is and where its action sends to now.
    fn let_go(&mut self, before: &Delivery, incident: Incident, action: &ActionRule) -> Fold<(), S> {
        let mut delivery = Delivery { incident, next_at: self.at, owed_since: self.at, ..before.clone() };
        let has_connection = direct(&mut delivery, action);
        self.send_off(Some(before), delivery, action, has_connection)
    }

    /// A delivery's incident as it is now.
    pub(super) fn present(&self, delivery: &Delivery) -> Fold<Incident, S> {
        let incident = self.state.incident(delivery.incident.id).kept()?;
        Ok(incident.unwrap_or_else(|| delivery.incident.clone()))
    }
}

/// Has `delivery` go where `action` sends to; whether there is such a place.
fn direct(delivery: &mut Delivery, action: &ActionRule) -> bool {
    delivery.test = action.status == ActionStatus::Test;
    let connection = action.destination();
    connection.unwrap_or(&action.connection).clone_into(&mut delivery.connection);
    connection.is_some()
}

fn over_within(delay_ms: u64) -> String {
    format!("not told: it was over within the delay of {}", exactly(delay_ms))
}
