//! Giving up on deliveries, as operators do: on dead letters, and on whatever is not sent yet.
//!
//! Never on one that is in flight: what comes of it is not known yet.

use std::collections::BTreeSet;

use super::{Decided, Kept, Rejection, Step};
use crate::delivery::DeliveryState;
use crate::id::DeliveryId;
use crate::journal::Fact;
use crate::reason::Reason;
use crate::state::State;
use crate::timer::Timer;

impl<S: State> Step<'_, S> {
    pub(super) fn give_up(&mut self, deliveries: &[DeliveryId], actor: &str) -> Decided<(), S> {
        let mut given_up = BTreeSet::new();
        for id in deliveries {
            let before = self.state.delivery(*id).kept()?.ok_or(Rejection::NoDelivery(*id))?;
            let state = if given_up.insert(*id) { before.state } else { DeliveryState::Discarded };
            if !may_be_discarded(state) {
                let expected = "only one that waits, is held, due, rejected or expired can be discarded";
                return Err(Rejection::WrongState { id: *id, state, expected }.into());
            }
        }
        for id in deliveries {
            let (state, why) = (DeliveryState::Discarded, Reason::GivenUpBy(actor.to_owned()));
            self.record(Fact::DeliveryDropped { delivery: *id, state, why })?;
            self.stop_timer(Timer::Held(*id))?;
        }
        Ok(())
    }
}

/// Whether an operator may give up on a delivery in this state.
const fn may_be_discarded(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Waiting | DeliveryState::Due) || state.is_dead_letter()
}
