//! Attempts: which begin, and what follows from how one ended.

use std::collections::BTreeSet;

use super::pauses::Over;
use super::{Decided, Kept, Rejection, Step};
use crate::command::Verdict;
use crate::delivery::{Delivery, DeliveryState};
use crate::id::DeliveryId;
use crate::journal::{Fact, Settled};
use crate::state::State;
use crate::told::is_of_state;

impl<S: State> Step<'_, S> {
    /// Begins attempts of `deliveries`, each as what is the case now. The plugins of `records` want a record of what
    /// was over before it could be sent.
    pub(super) fn claim(
        &mut self,
        deliveries: &[DeliveryId],
        records: &[DeliveryId],
        over: Over,
    ) -> Decided<(), S> {
        let paused = self.state.pauses().kept()?;
        let mut claimed: Vec<Delivery> = Vec::with_capacity(deliveries.len());
        let mut ids = BTreeSet::new();
        for id in deliveries {
            let expected = "expected it to be due";
            let before = self.expect(*id, DeliveryState::Due, expected)?;
            if over.bars(&paused, &before.connection) {
                return Err(Rejection::Paused { id: *id, connection: before.connection }.into());
            }
            if !ids.insert(*id) {
                return Err(Rejection::WrongState { id: *id, state: DeliveryState::Sending, expected }.into());
            }
            claimed.push(before);
        }
        for before in claimed {
            self.begin(&before, records.contains(&before.id))?;
        }
        Ok(())
    }

    pub(super) fn settle(
        &mut self,
        id: DeliveryId,
        took_us: u64,
        status: Option<u16>,
        verdict: &Verdict,
    ) -> Decided<(), S> {
        let delivery = self.expect(id, DeliveryState::Sending, "expected it to be sending")?;
        let (state, summary) = match verdict {
            Verdict::Delivered(outcome) => (DeliveryState::Delivered, &outcome.summary),
            Verdict::Accepted(outcome) => (DeliveryState::Accepted, &outcome.summary),
            Verdict::Skipped(why) => (DeliveryState::Skipped, why),
            Verdict::Retry { reason, .. } => (DeliveryState::Due, reason),
            Verdict::Expired { reason, .. } => (DeliveryState::Expired, reason),
            Verdict::Rejected(why) => (DeliveryState::Rejected, why),
            Verdict::Misconfigured(why) => (DeliveryState::Due, why),
        };
        let next_at = if let Verdict::Retry { at, .. } = verdict { Some(*at) } else { None };
        let (left, summary) = (self.left_by(&delivery, verdict)?, summary.clone());
        self.record(Fact::DeliverySettled(Settled {
            delivery: id,
            state,
            summary,
            took_us,
            status,
            next_at,
            left,
        }))?;
        if let Verdict::Misconfigured(why) = verdict {
            self.pause(&delivery.connection, why)?;
        }
        if let Verdict::Delivered(outcome) | Verdict::Accepted(outcome) = verdict {
            self.resume(&delivery.connection)?;
            self.write_back(&delivery, outcome)?;
            self.follow_up(&delivery)?;
        }
        Ok(())
    }

    pub(super) fn retry(&mut self, id: DeliveryId) -> Decided<(), S> {
        let before = self.state.delivery(id).kept()?.ok_or(Rejection::NoDelivery(id))?;
        if before.state.is_dead_letter() || before.state == DeliveryState::Due {
            let is_of_state = is_of_state(before.change.kind);
            self.record(Fact::DeliveryRetried { delivery: id, is_of_state })?;
        } else if !self.let_go_at_once(&before)? {
            let expected = "only one that is due, held, rejected or expired can be retried";
            return Err(Rejection::WrongState { id, state: before.state, expected }.into());
        }
        self.resume(&before.connection)
    }

    fn expect(&self, id: DeliveryId, state: DeliveryState, expected: &'static str) -> Decided<Delivery, S> {
        let delivery = self.state.delivery(id).kept()?.ok_or(Rejection::NoDelivery(id))?;
        if delivery.state != state {
            return Err(Rejection::WrongState { id, state: delivery.state, expected }.into());
        }
        Ok(delivery)
    }
}
