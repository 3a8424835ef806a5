//! What an action's messages about an incident have told a connection, and what is on its way.
//!
//! Decides nothing: [`super::follow`] and [`super::truth`] do, from this.

use super::{Decided, Kept, Step};
use crate::command::Verdict;
use crate::delivery::{Delivery, DeliveryState};
use crate::id::IncidentId;
use crate::incident::IncidentState;
use crate::journal::Left;
use crate::name::{ActionName, ConnectionName};
use crate::state::State;
use crate::timer::Timer;
use crate::told::{Told, left_by_arrival, said};

impl<S: State> Step<'_, S> {
    /// What `action` told of this incident over `connection`; none when it never queued anything for it.
    pub(super) fn told(
        &self,
        action: &ActionName,
        connection: &ConnectionName,
        incident: IncidentId,
    ) -> Decided<Option<Told>, S> {
        let told = self.state.told(incident).kept()?;
        Ok(told.into_iter().find(|told| told.action == *action && told.connection == *connection))
    }

    /// What a settled attempt leaves at the reader.
    pub(super) fn left_by(&self, delivery: &Delivery, verdict: &Verdict) -> Decided<Option<Left>, S> {
        match verdict {
            Verdict::Delivered(_) | Verdict::Accepted(_) => {
                Ok(left_by_arrival(delivery.change.kind, delivery.shown))
            }
            Verdict::Retry { may_have_arrived: true, .. }
            | Verdict::Expired { may_have_arrived: true, .. } => self.left_without_answer(delivery),
            _ => Ok(None),
        }
    }

    /// What an attempt without any answer may have left at the reader.
    pub(super) fn left_without_answer(&self, delivery: &Delivery) -> Decided<Option<Left>, S> {
        if let Some(state) = said(delivery.change.kind, delivery.shown) {
            return Ok(Some(Left::MaySay(state)));
        }
        let told = self.told(&delivery.action, &delivery.connection, delivery.incident.id)?;
        let knew_nothing = told.is_none_or(|told| told.is_nothing());
        let shows = knew_nothing && delivery.shown != IncidentState::Resolved;
        Ok(shows.then_some(Left::MaySay(delivery.shown)))
    }

    /// The latest delivery about the state over this connection, while it is not settled.
    pub(super) fn last_pending(&self, told: &Told) -> Decided<Option<Delivery>, S> {
        let Some(id) = told.last else { return Ok(None) };
        let delivery = self.state.delivery(id).kept()?;
        Ok(delivery.filter(|last| !last.state.is_settled() && last.connection == told.connection))
    }

    /// Whether the last word, with what is on its way, may be `state`.
    pub(super) fn may_come_to(&self, told: &Told, is: impl Fn(IncidentState) -> bool) -> Decided<bool, S> {
        if let Some(last) = self.last_pending(told)? {
            let word = said(last.change.kind, last.shown).unwrap_or(last.shown);
            return Ok(is(word));
        }
        Ok(told.state.iter().chain(&told.maybe).any(|state| is(*state)))
    }

    /// Whether a message about the incident is on its way, or may have arrived.
    pub(super) fn is_followed(&self, told: &Told) -> Decided<bool, S> {
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
    pub(super) fn is_untold(&self, told: &Told) -> Decided<bool, S> {
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
