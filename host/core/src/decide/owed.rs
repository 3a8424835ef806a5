//! When what is owed goes out, and where to: an action's delay, its test connection. What is owed to whom is in
//! [`super::follow`].
//!
//! A delivery that is held has a timer and is in no lane, so nothing waits behind it. Never tells of an incident
//! that was over within the delay.

use super::address::Address;
use super::follow::News;
use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind, Delivery, DeliveryState};
use crate::id::DeliveryId;
use crate::incident::{Incident, IncidentState};
use crate::journal::{Fact, Place, Queued, Tells};
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus};
use crate::state::State;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::told::is_of_state;

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
        if incident.flapping || kind == ChangeKind::Steady || incident.resolved_at().unwrap_or(now) >= told_at
        {
            return Self::Now;
        }
        if incident.state() == IncidentState::Resolved { Self::Over(delay_ms) } else { Self::Held(told_at) }
    }
}

impl<S: State> Step<'_, S> {
    /// Owes `change`, by which the incident left the state `left`, to every action, as far as it is news to it.
    pub(super) fn owe(
        &mut self,
        incident: &Incident,
        left: Option<IncidentState>,
        change: &Change,
    ) -> Decided<(), S> {
        let taken = self.take_over(News { incident, left, change })?;
        let incident = taken.as_ref().unwrap_or(incident);
        let router = self.policy;
        let told = self.state.told(incident.id).kept()?;
        for action in router.enabled() {
            self.owe_news(router, action, &told, News { incident, left, change })?;
        }
        self.begin_repeating(incident, change)
    }

    /// Owes `change` to this action.
    pub(super) fn owe_to(
        &mut self,
        action: &ActionRule,
        incident: &Incident,
        change: &Change,
    ) -> Decided<(), S> {
        let address = Address::of(action);
        match Timing::of(action, incident, change.kind, self.at) {
            Timing::Now => self.send_off(action, address, incident, change),
            Timing::Held(until) => {
                let held = self.queue(action, address, incident, change, Place::Held(until))?;
                self.set_timer_at(Timer::Held(held), until)
            }
            Timing::Over(delay_ms) => {
                let told = self.told(&action.name, &address.connection, incident.id)?;
                let is_followed = match told {
                    Some(told) => self.is_followed(&told)?,
                    None => false,
                };
                // What was told is over for its reader as well, however soon that is.
                if is_followed {
                    return self.send_off(action, address, incident, change);
                }
                let over = Place::Ended(DeliveryState::Skipped, Reason::OverWithinDelay(delay_ms));
                self.queue(action, address, incident, change, over).map(drop)
            }
        }
    }

    /// Puts a new delivery on its way, and sets the timer of its action's next repetition.
    fn send_off(
        &mut self,
        action: &ActionRule,
        address: Address,
        incident: &Incident,
        change: &Change,
    ) -> Decided<(), S> {
        if !address.exists {
            let nowhere = Place::Ended(DeliveryState::NotSent, Reason::NoTestConnection);
            return self.queue(action, address, incident, change, nowhere).map(drop);
        }
        self.queue(action, address, incident, change, Place::Lane)?;
        self.repeat_later(action, incident)
    }

    /// Records a new delivery of `change` to `action`, and returns its id.
    pub(super) fn queue(
        &mut self,
        action: &ActionRule,
        address: Address,
        incident: &Incident,
        change: &Change,
        place: Place,
    ) -> Decided<DeliveryId, S> {
        let id = self.next_id();
        let tells = match &self.recorded {
            Some((of, recorded, line)) if *of == incident.id && recorded == change => Tells::Line(*line),
            _ => Tells::Own(change.clone()),
        };
        // What is held is told wherever its action sends to by then.
        let is_followed = address.exists || matches!(place, Place::Held(_));
        self.record(Fact::DeliveryQueued(Queued {
            id,
            incident: incident.id,
            action: action.name.clone(),
            connection: address.connection,
            test: address.test,
            change: tells,
            place,
            is_of_state: is_followed && is_of_state(change.kind),
            is_followed,
        }))?;
        Ok(id)
    }

    fn skip(&mut self, delivery: &Delivery, why: Reason) -> Decided<(), S> {
        self.drop_delivery(delivery.id, DeliveryState::Skipped, why)
    }

    /// Ends a delivery that no attempt was made of.
    pub(super) fn drop_delivery(
        &mut self,
        delivery: DeliveryId,
        state: DeliveryState,
        why: Reason,
    ) -> Decided<(), S> {
        self.record(Fact::DeliveryDropped { delivery, state, why })
    }

    /// The delay of a held delivery is over: whether it is told depends on what is the case now.
    pub(super) fn hold_over(&mut self, id: DeliveryId) -> Decided<(), S> {
        let Some(before) = self.state.delivery(id).kept()? else { return Ok(()) };
        if before.state != DeliveryState::Waiting {
            return Ok(());
        }
        let router = self.policy;
        let incident = &before.incident;
        let Some(action) = router.action(&before.action) else {
            return self.skip(&before, Reason::ActionGone);
        };
        if action.status == ActionStatus::Disabled {
            return self.skip(&before, Reason::DisabledDuringDelay);
        }
        if incident.state() == IncidentState::Resolved {
            return match Timing::of(action, incident, before.change.kind, self.at) {
                Timing::Over(delay_ms) => self.skip(&before, Reason::OverWithinDelay(delay_ms)),
                Timing::Now | Timing::Held(_) => self.skip(&before, Reason::OverAfterDelay),
            };
        }
        if action.is_done_with(incident) {
            return self.skip(&before, Reason::TakenDuringDelay);
        }
        if !router.lets_through(&action.name, incident, &before.change) {
            return self.skip(&before, Reason::FilteredAfterDelay);
        }
        // It may have been over meanwhile, and come back: then it has not been open for long enough.
        match Timing::of(action, incident, before.change.kind, self.at) {
            Timing::Held(until) => {
                self.record(Fact::DeliveryHeld { delivery: id, until })?;
                self.set_timer_at(Timer::Held(id), until)
            }
            Timing::Now | Timing::Over(_) => self.let_go(&before, action),
        }
    }

    /// Lets a delivery go that is held, whatever its delay; whether it is one, of an action that runs.
    pub(super) fn let_go_at_once(&mut self, before: &Delivery) -> Decided<bool, S> {
        let timer = Timer::Held(before.id);
        let router = self.policy;
        let action = router.action(&before.action).filter(|rule| rule.status != ActionStatus::Disabled);
        let is_held = self.state.timer(&timer).kept()?.is_some();
        let Some(action) = action.filter(|_| is_held) else { return Ok(false) };
        self.stop_timer(timer)?;
        self.let_go(before, action)?;
        Ok(true)
    }

    /// Puts a held delivery on its way, where its action sends to now.
    fn let_go(&mut self, held: &Delivery, action: &ActionRule) -> Decided<(), S> {
        let Address { connection, test, exists } = Address::of(action);
        if !exists {
            return self.drop_delivery(held.id, DeliveryState::NotSent, Reason::NoTestConnection);
        }
        let is_of_state = is_of_state(held.change.kind);
        self.record(Fact::DeliveryReleased { delivery: held.id, connection, test, is_of_state })?;
        self.repeat_later(action, &held.incident)
    }
}
