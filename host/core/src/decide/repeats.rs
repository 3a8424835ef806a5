//! Telling again of what is open and what nobody is on.
//!
//! A timer for each action and incident, set whenever the action is told of it. Never more than one repetition
//! for each time that the timer is found due, however late that is, and none that would only queue up behind
//! another.

use super::owed::Timing;
use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind, Delivery};
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentState};
use crate::name::ActionName;
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus};
use crate::state::State;
use crate::timer::Timer;

impl<S: State> Step<'_, S> {
    /// Sets the timer of the next repetition, if `action` has any and nobody is on `incident`.
    pub(super) fn repeat_later(&mut self, action: &ActionRule, incident: &Incident) -> Decided<(), S> {
        let Some(repeat_ms) = action.repeat_ms else { return Ok(()) };
        if incident.state() != IncidentState::Open {
            return Ok(());
        }
        let timer = Timer::Repeat { incident: incident.id, action: action.name.clone() };
        self.set_timer(timer, repeat_ms.max(ActionRule::REPEAT_MS_MIN))
    }

    /// After a change by which the incident is open again, or by which its changes are told again, those
    /// actions count that would tell of it, whether or not they are told of the change itself.
    pub(super) fn begin_repeating(&mut self, incident: &Incident, change: &Change) -> Decided<(), S> {
        use ChangeKind::{Reopened, Steady, Unacknowledged};
        if !matches!(change.kind, Unacknowledged | Reopened | Steady) {
            return Ok(());
        }
        let router = self.policy;
        for action in router.repeating(incident, change) {
            self.repeat_later(action, incident)?;
        }
        Ok(())
    }

    /// The configuration is another than before: the incidents that are open are repeated as it says now. What is
    /// repeated more often than before is told within the new time.
    pub(super) fn repeat_anew(&mut self) -> Decided<(), S> {
        let router = self.policy;
        let repeats = |name: &str| {
            let action = router.action(name).filter(|action| action.status != ActionStatus::Disabled);
            action.is_some_and(|action| action.repeat_ms.is_some())
        };
        for id in self.state.unresolved().kept()? {
            let incident = self.state.incident(id).kept()?;
            let Some(incident) = incident.filter(|incident| incident.state() == IncidentState::Open) else {
                continue;
            };
            for timer in self.state.repeats_of(id).kept()? {
                if matches!(&timer, Timer::Repeat { action, .. } if !repeats(action)) {
                    self.stop_timer(timer)?;
                }
            }
            let change = Change::of_the_relay(ChangeKind::Repeated, self.at, Reason::none());
            for action in router.repeating(&incident, &change) {
                let Some(repeat_ms) = action.repeat_ms else { continue };
                let timer = Timer::Repeat { incident: id, action: action.name.clone() };
                let within = self.at.plus_ms(repeat_ms.max(ActionRule::REPEAT_MS_MIN));
                if self.state.timer(&timer).kept()?.is_none_or(|set| set > within) {
                    self.set_timer_at(timer, within)?;
                }
            }
        }
        Ok(())
    }

    /// The timer of a repetition is due. It ends when there is nothing to repeat any more, and goes on when only
    /// this time nothing is told.
    pub(super) fn repeat(&mut self, id: IncidentId, name: &ActionName) -> Decided<(), S> {
        let Some(incident) = self.state.incident(id).kept()? else { return Ok(()) };
        let router = self.policy;
        let runs = |action: &&ActionRule| action.status != ActionStatus::Disabled;
        let Some(action) = router.action(name).filter(runs) else { return Ok(()) };
        if action.repeat_ms.is_none() || incident.state() != IncidentState::Open {
            return Ok(());
        }
        self.repeat_later(action, &incident)?;
        let text = Reason::StillOpen(self.at.ms_since(incident.open_since));
        let change = Change::of_the_relay(ChangeKind::Repeated, self.at, text);
        let is_told = !incident.flapping
            && matches!(Timing::of(action, &incident, change.kind, self.at), Timing::Now)
            && router.lets_through(name, &incident, &change)
            && !self.is_being_repeated(action, id)?;
        if is_told { self.owe_to(action, &incident, &change) } else { Ok(()) }
    }

    /// Whether a repetition of `action` is still on its way: when a peer is down for a day, one is enough.
    fn is_being_repeated(&self, action: &ActionRule, incident: IncidentId) -> Decided<bool, S> {
        let Some(connection) = action.destination() else { return Ok(false) };
        for id in self.state.lane(connection, incident).kept()? {
            let delivery = self.state.delivery(id).kept()?;
            let is_one = |delivery: Delivery| {
                delivery.action == action.name && delivery.change.kind == ChangeKind::Repeated
            };
            if delivery.is_some_and(is_one) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
