//! Giving up on deliveries, as operators do: on dead letters, and on whatever is not sent yet.
//!
//! Never on one that is in flight: what comes of it is not known yet.

use super::{Fold, Kept, Rejection, State, Step, Timer};
use crate::delivery::{Delivery, DeliveryState};
use crate::id::Id;

impl<S: State> Step<'_, S> {
    pub(super) fn gave_up(&mut self, deliveries: &[Id], actor: &str) -> Fold<(), S> {
        let mut given_up: Vec<Delivery> = Vec::with_capacity(deliveries.len());
        for id in deliveries {
            let before = self.state.delivery(*id).kept()?.ok_or(Rejection::NoDelivery(*id))?;
            let again = given_up.iter().any(|other| other.id == *id);
            let state = if again { DeliveryState::Discarded } else { before.state };
            if !may_be_discarded(state) {
                let expected = "only one that waits, is held, due, rejected or expired can be discarded";
                return Err(Rejection::WrongState { id: *id, state, expected }.into());
            }
            given_up.push(before);
        }
        for id in deliveries {
            self.give_up(*id, actor)?;
        }
        Ok(())
    }

    fn give_up(&mut self, id: Id, actor: &str) -> Fold<(), S> {
        // Read again: giving up on the one in front of it in its lane made it due.
        let before = self.state.delivery(id).kept()?.ok_or(Rejection::NoDelivery(id))?;
        let delivery = Delivery { state: DeliveryState::Discarded, ..before.clone() };
        self.state.put_delivery(Some(&before), &delivery).kept()?;
        self.tell(&delivery, &format!("by {actor}"))?;
        if before.state.is_settled() {
            return Ok(());
        }
        self.state.set_timer(&Timer::Held(id), None).kept()?;
        self.advance(&delivery)
    }
}

/// Whether an operator may give up on a delivery in this state.
const fn may_be_discarded(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Waiting | DeliveryState::Due) || state.is_dead_letter()
}
