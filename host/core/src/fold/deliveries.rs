//! Deliveries: from their lane to what is settled. Of one incident to one connection only the oldest unsettled
//! delivery in the lane is ever due; the others wait. A held one is in no lane yet.

use super::pauses::Over;
use super::{Fold, Happening, Kept, Rejection, State, Step, TimelineItem};
use crate::delivery::{Attempt, Delivery, DeliveryState};
use crate::id::Id;
use crate::journal::Verdict;

impl<S: State> Step<'_, S> {
    /// Puts a delivery at the end of its lane.
    pub(super) fn enqueue(&mut self, before: Option<&Delivery>, mut delivery: Delivery) -> Fold<(), S> {
        let (connection, incident) = (delivery.connection.clone(), delivery.incident.id);
        let mut lane = self.state.lane(&connection, incident).kept()?;
        delivery.state = if lane.is_empty() { DeliveryState::Due } else { DeliveryState::Waiting };
        lane.push(delivery.id);
        self.state.put_delivery(before, &delivery).kept()?;
        self.state.set_lane(&connection, incident, &lane).kept()?;
        self.applied.scheduled = true;
        Ok(())
    }

    /// Begins attempts of `deliveries`, each as what is the case now. The plugins of `records` want a record of what
    /// was over before it could be sent.
    pub(super) fn claimed(&mut self, deliveries: &[Id], records: &[Id], over: Over) -> Fold<(), S> {
        let paused = self.state.pauses().kept()?;
        let mut claimed = Vec::with_capacity(deliveries.len());
        for id in deliveries {
            let expected = "expected it to be due";
            let before = self.expect(*id, DeliveryState::Due, expected)?;
            if over.bars(&paused, &before.connection) {
                return Err(Rejection::Paused { id: *id, connection: before.connection }.into());
            }
            if claimed.iter().any(|other: &Delivery| other.id == *id) {
                return Err(Rejection::WrongState { id: *id, state: DeliveryState::Sending, expected }.into());
            }
            claimed.push(before);
        }
        for before in claimed {
            self.begin(&before, records.contains(&before.id))?;
        }
        Ok(())
    }

    pub(super) fn settled(
        &mut self,
        id: Id,
        took_us: u64,
        status: Option<u16>,
        verdict: &Verdict,
    ) -> Fold<(), S> {
        let before = self.expect(id, DeliveryState::Sending, "expected it to be sending")?;
        let mut delivery = before.clone();
        let (state, summary) = match verdict {
            Verdict::Delivered(outcome) => (DeliveryState::Delivered, &outcome.summary),
            Verdict::Accepted(outcome) => (DeliveryState::Accepted, &outcome.summary),
            Verdict::Skipped(why) => (DeliveryState::Skipped, why),
            Verdict::Retry { reason, .. } => (DeliveryState::Due, reason),
            Verdict::Expired { reason, .. } => (DeliveryState::Expired, reason),
            Verdict::Rejected(why) => (DeliveryState::Rejected, why),
            Verdict::Misconfigured(why) => (DeliveryState::Due, why),
        };
        delivery.state = state;
        delivery.next_at = if let Verdict::Retry { at, .. } = verdict { *at } else { self.at };
        let number = delivery.attempts;
        delivery.record(Attempt { number, at: self.at, took_us, status, summary: summary.clone() });
        self.state.put_delivery(Some(&before), &delivery).kept()?;
        self.learn(&delivery, verdict)?;
        if let Verdict::Misconfigured(why) = verdict {
            self.pause(&delivery.connection, why)?;
        }
        if let Verdict::Delivered(outcome) | Verdict::Accepted(outcome) = verdict {
            self.resumed(&delivery.connection)?;
            self.write_back(&delivery, outcome)?;
        }
        if state.is_settled() {
            self.tell(&delivery, summary)?;
            self.advance(&delivery)?;
        }
        if matches!(state, DeliveryState::Delivered | DeliveryState::Accepted) {
            self.follow_up(&delivery)?;
        }
        Ok(())
    }

    pub(super) fn retried(&mut self, id: Id) -> Fold<(), S> {
        let before = self.state.delivery(id).kept()?.ok_or(Rejection::NoDelivery(id))?;
        let mut delivery = before.clone();
        delivery.owed_since = self.at;
        delivery.next_at = self.at;
        if before.state.is_dead_letter() {
            self.queued(&delivery)?;
            self.enqueue(Some(&before), delivery)?;
        } else if before.state == DeliveryState::Due {
            self.state.put_delivery(Some(&before), &delivery).kept()?;
        } else if !self.let_go_at_once(&before)? {
            let expected = "only one that is due, held, rejected or expired can be retried";
            return Err(Rejection::WrongState { id, state: before.state, expected }.into());
        }
        self.state.set_pause(&before.connection, None).kept()?;
        self.applied.scheduled = true;
        Ok(())
    }

    fn expect(&self, id: Id, state: DeliveryState, expected: &'static str) -> Fold<Delivery, S> {
        let delivery = self.state.delivery(id).kept()?.ok_or(Rejection::NoDelivery(id))?;
        if delivery.state != state {
            return Err(Rejection::WrongState { id, state: delivery.state, expected }.into());
        }
        Ok(delivery)
    }

    /// Makes the next delivery of a settled one's lane due.
    pub(super) fn advance(&mut self, settled: &Delivery) -> Fold<(), S> {
        let (connection, incident) = (&settled.connection, settled.incident.id);
        let mut lane = self.state.lane(connection, incident).kept()?;
        lane.retain(|id| *id != settled.id);
        self.state.set_lane(connection, incident, &lane).kept()?;
        let Some(next) = lane.first() else { return Ok(()) };
        if let Some(before) = self.state.delivery(*next).kept()?
            && before.state == DeliveryState::Waiting
        {
            let mut delivery = before.clone();
            delivery.state = DeliveryState::Due;
            delivery.next_at = self.at;
            self.state.put_delivery(Some(&before), &delivery).kept()?;
            self.applied.scheduled = true;
        }
        Ok(())
    }

    /// Writes into the incident's history how a delivery ended.
    pub(super) fn tell(&mut self, delivery: &Delivery, text: &str) -> Fold<(), S> {
        let what =
            Happening::Delivery { id: delivery.id, action: delivery.action.clone(), state: delivery.state };
        let item = TimelineItem { at: self.at, what, actor: None, text: text.to_owned(), receipt: None };
        self.state.append(delivery.incident.id, &item).kept()
    }
}
