//! Deliveries: from their lane to what is settled. Of one incident to one connection only the oldest unsettled
//! delivery in the lane is ever due; the others wait. A held one is in no lane yet.

use super::{Evolution, moved};
use crate::delivery::{Attempt, Change, Delivery, DeliveryState, LineId, Reference};
use crate::id::{DeliveryId, IncidentId};
use crate::journal::{Left, Place, Queued, Settled, Tells};
use crate::name::ConnectionName;
use crate::reason::Reason;
use crate::state::{Happening, State, TimelineItem};
use crate::time::Timestamp;
use crate::told::Told;

impl Evolution {
    pub(super) fn queued<S: State>(&mut self, state: &mut S, new: &Queued) -> Result<(), S::Error> {
        let Some(incident) = state.incident(new.incident)? else { return Ok(()) };
        let Some((change, line)) = self.told_change(state, new)? else { return Ok(()) };
        let origin = line.and(self.origin());
        let (connection, shown) = (new.connection.clone(), incident.state());
        let mut delivery = Delivery {
            id: new.id,
            action: new.action.clone(),
            connection,
            test: new.test,
            incident,
            shown,
            change,
            line,
            origin,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: self.at,
            owed_since: self.at,
            log: Vec::new(),
        };
        if new.is_followed {
            follow(state, &delivery, new.is_of_state)?;
        }
        match &new.place {
            Place::Lane => enqueue(state, None, delivery),
            Place::Held(until) => {
                delivery.next_at = *until;
                state.put_delivery(None, &delivery)
            }
            Place::Ended(how, why) => self.end(state, None, delivery, *how, why),
        }
    }

    /// The change that a new delivery tells of, and the line that has it.
    fn told_change<S: State>(
        &self,
        state: &S,
        new: &Queued,
    ) -> Result<Option<(Change, Option<LineId>)>, S::Error> {
        match &new.change {
            Tells::Own(change) => Ok(Some((change.clone(), None))),
            Tells::Line(line) => {
                let id = LineId { entry: self.entry, line: *line };
                let change = state.line(new.incident, id)?.and_then(|item| item.change());
                Ok(change.map(|change| (change, Some(id))))
            }
        }
    }

    pub(super) fn held<S: State>(
        &self,
        state: &mut S,
        id: DeliveryId,
        until: Timestamp,
    ) -> Result<(), S::Error> {
        moved(state, id, |delivery| {
            delivery.state = DeliveryState::Waiting;
            delivery.next_at = until;
        })
        .map(drop)
    }

    pub(super) fn released<S: State>(
        &self,
        state: &mut S,
        id: DeliveryId,
        (connection, test): (&str, bool),
        is_of_state: bool,
    ) -> Result<(), S::Error> {
        let Some(before) = state.delivery(id)? else { return Ok(()) };
        let delivery = Delivery {
            connection: connection.into(),
            test,
            shown: before.incident.state(),
            next_at: self.at,
            owed_since: self.at,
            ..before.clone()
        };
        follow(state, &delivery, is_of_state)?;
        enqueue(state, Some(&before), delivery)
    }

    pub(super) fn settled<S: State>(&mut self, state: &mut S, settled: &Settled) -> Result<(), S::Error> {
        let summary = Reason::from(settled.summary.clone());
        let after = moved(state, settled.delivery, |delivery| {
            delivery.state = settled.state;
            delivery.next_at = settled.next_at.unwrap_or(self.at);
            delivery.record(Attempt {
                number: delivery.attempts,
                at: self.at,
                took_us: settled.took_us,
                status: settled.status,
                summary: summary.clone(),
            });
        })?;
        let Some((_, delivery)) = after else { return Ok(()) };
        learn(state, &delivery, settled.left)?;
        if delivery.state.is_settled() {
            self.tell(state, &delivery, summary)?;
            self.leave_lane(state, &delivery)?;
        }
        Ok(())
    }

    pub(super) fn dropped<S: State>(
        &mut self,
        state: &mut S,
        id: DeliveryId,
        how: DeliveryState,
        why: &Reason,
    ) -> Result<(), S::Error> {
        let Some(before) = state.delivery(id)? else { return Ok(()) };
        self.end(state, Some(&before), before.clone(), how, why)?;
        if before.state.is_settled() { Ok(()) } else { self.leave_lane(state, &before) }
    }

    pub(super) fn retried<S: State>(
        &self,
        state: &mut S,
        id: DeliveryId,
        is_of_state: bool,
    ) -> Result<(), S::Error> {
        let Some(before) = state.delivery(id)? else { return Ok(()) };
        let delivery = Delivery { owed_since: self.at, next_at: self.at, ..before.clone() };
        if !before.state.is_dead_letter() {
            return state.put_delivery(Some(&before), &delivery);
        }
        follow(state, &delivery, is_of_state)?;
        enqueue(state, Some(&before), delivery)
    }

    pub(super) fn lost<S: State>(
        &self,
        state: &mut S,
        id: DeliveryId,
        left: Option<Left>,
    ) -> Result<(), S::Error> {
        let after = moved(state, id, |delivery| {
            delivery.state = DeliveryState::Due;
            delivery.next_at = self.at;
        })?;
        after.map_or(Ok(()), |(_, delivery)| learn(state, &delivery, left))
    }

    /// Ends a delivery that no attempt was made of. Why stands in its log as attempt 0, unless an operator gave up on
    /// it, and in the timeline.
    fn end<S: State>(
        &mut self,
        state: &mut S,
        before: Option<&Delivery>,
        mut delivery: Delivery,
        how: DeliveryState,
        why: &Reason,
    ) -> Result<(), S::Error> {
        delivery.state = how;
        if how != DeliveryState::Discarded {
            let summary = why.clone();
            delivery.record(Attempt { number: 0, at: self.at, took_us: 0, status: None, summary });
        }
        state.put_delivery(before, &delivery)?;
        self.tell(state, &delivery, why.clone())
    }

    /// Writes into the incident's timeline how a delivery ended.
    fn tell<S: State>(&mut self, state: &mut S, delivery: &Delivery, text: Reason) -> Result<(), S::Error> {
        let what =
            Happening::Delivery { id: delivery.id, action: delivery.action.clone(), state: delivery.state };
        let (at, before) = (self.at, Vec::new());
        let item = TimelineItem { at, what, actor: None, text, receipt: None, before, trace: None };
        self.write(state, delivery.incident.id, &item)
    }

    /// Takes a delivery out of its lane, and makes the next one due.
    fn leave_lane<S: State>(&self, state: &mut S, ended: &Delivery) -> Result<(), S::Error> {
        let (connection, incident) = (&ended.connection, ended.incident.id);
        let mut lane = state.lane(connection, incident)?;
        lane.retain(|id| *id != ended.id);
        state.set_lane(connection, incident, &lane)?;
        let Some(next) = lane.first() else { return Ok(()) };
        let next = state.delivery(*next)?.filter(|next| next.state == DeliveryState::Waiting);
        let Some(before) = next else { return Ok(()) };
        let delivery = Delivery { state: DeliveryState::Due, next_at: self.at, ..before.clone() };
        state.put_delivery(Some(&before), &delivery)
    }
}

/// An attempt begins. It shows the incident as it is.
pub(super) fn claimed<S: State>(
    state: &mut S,
    id: DeliveryId,
    change: Option<&Change>,
    is_of_state: bool,
) -> Result<(), S::Error> {
    let after = moved(state, id, |delivery| {
        delivery.state = DeliveryState::Sending;
        // Damage may have made it the largest number; the delivery is sent all the same.
        delivery.attempts = delivery.attempts.saturating_add(1);
        delivery.shown = delivery.incident.state();
        if let Some(change) = change {
            delivery.change = change.clone();
            delivery.line = None;
            // Only that line knows the request.
            delivery.origin = None;
        }
    })?;
    match after {
        Some((_, delivery)) if is_of_state => follow(state, &delivery, true),
        _ => Ok(()),
    }
}

/// A peer has these names for an incident, beside or in place of those of the same key.
pub(super) fn referenced<S: State>(
    state: &mut S,
    incident: IncidentId,
    referrer: &ConnectionName,
    new: &[Reference],
) -> Result<(), S::Error> {
    let mut kept = state.references(referrer, incident)?;
    for new in new {
        match kept.iter_mut().find(|old| old.key == new.key) {
            Some(old) => old.clone_from(new),
            None => kept.push(new.clone()),
        }
    }
    state.set_references(referrer, incident, &kept)
}

/// Puts a delivery at the end of its lane.
fn enqueue<S: State>(
    state: &mut S,
    before: Option<&Delivery>,
    mut delivery: Delivery,
) -> Result<(), S::Error> {
    let (connection, incident) = (delivery.connection.clone(), delivery.incident.id);
    let mut lane = state.lane(&connection, incident)?;
    delivery.state = if lane.is_empty() { DeliveryState::Due } else { DeliveryState::Waiting };
    lane.push(delivery.id);
    state.put_delivery(before, &delivery)?;
    state.set_lane(&connection, incident, &lane)
}

/// Remembers what the action of `delivery` told over its connection, from now on; and that this is the latest of its
/// deliveries about the state, if it is one.
fn follow<S: State>(state: &mut S, delivery: &Delivery, is_of_state: bool) -> Result<(), S::Error> {
    change_told(state, delivery, |told| {
        if is_of_state {
            told.last = Some(delivery.id);
        }
    })
}

/// Remembers what an attempt of `delivery` left at its reader.
fn learn<S: State>(state: &mut S, delivery: &Delivery, left: Option<Left>) -> Result<(), S::Error> {
    left.map_or(Ok(()), |left| change_told(state, delivery, |told| told.learn(left)))
}

fn change_told<S: State>(
    state: &mut S,
    delivery: &Delivery,
    change: impl FnOnce(&mut Told),
) -> Result<(), S::Error> {
    let (action, connection, incident) = (&delivery.action, &delivery.connection, delivery.incident.id);
    let told = state.told(incident)?;
    let before = told.into_iter().find(|told| told.action == *action && told.connection == *connection);
    let mut after = before.clone().unwrap_or_else(|| Told::nothing(action, connection));
    change(&mut after);
    if before.as_ref() == Some(&after) { Ok(()) } else { state.put_told(incident, &after) }
}
