//! The state in maps: as plain as it can be, to compare the store with.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use tocsin_core::delivery::{Delivery, DeliveryState, LineId, Reference};
use tocsin_core::id::{DeliveryId, IncidentId, ReceiptId};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::name::{ActionName, ConnectionName, SourceName};
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, Position, State, TimelineItem, View};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;
use tocsin_core::told::Told;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) position: Position,
    number: u64,
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    identities: BTreeMap<(SourceName, String), IncidentId>,
    pub(super) timeline: BTreeMap<(IncidentId, LineId), TimelineItem>,
    pub(super) receipts: BTreeMap<ReceiptId, ReceiptRecord>,
    seen: BTreeMap<(SourceName, String), (Timestamp, ReceiptId)>,
    /// In the order in which they are forgotten.
    oldest: BTreeSet<(Timestamp, usize, SourceName, String)>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    lanes: BTreeMap<(ConnectionName, IncidentId), Vec<DeliveryId>>,
    pub(super) references: BTreeMap<(ConnectionName, IncidentId), Vec<Reference>>,
    pub(super) told: BTreeMap<(IncidentId, ActionName, ConnectionName), Told>,
    pub(super) timers: BTreeMap<Timer, Timestamp>,
    pub(super) pauses: BTreeMap<ConnectionName, Pause>,
}

impl View for Memory {
    type Error = Infallible;

    fn position(&self) -> Position {
        self.position
    }

    fn last_number(&self) -> u64 {
        self.number
    }

    fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Infallible> {
        Ok(self.incidents.get(&id).cloned())
    }

    fn unresolved(&self) -> Result<Vec<IncidentId>, Infallible> {
        let incidents = self.incidents.values();
        let unresolved = incidents.filter(|incident| incident.state() != IncidentState::Resolved);
        Ok(unresolved.map(|incident| incident.id).collect())
    }

    fn find(&self, source: &SourceName, key: &str) -> Result<Option<IncidentId>, Infallible> {
        Ok(self.identities.get(&(source.clone(), key.to_owned())).copied())
    }

    fn receipt(&self, id: ReceiptId) -> Result<Option<ReceiptRecord>, Infallible> {
        Ok(self.receipts.get(&id).cloned())
    }

    fn seen(
        &self,
        source: &SourceName,
        identity: &str,
    ) -> Result<Option<(Timestamp, ReceiptId)>, Infallible> {
        Ok(self.seen.get(&(source.clone(), identity.to_owned())).copied())
    }

    fn has_seen_before(&self, at: Timestamp) -> Result<bool, Infallible> {
        Ok(self.oldest.first().is_some_and(|(seen, ..)| *seen < at))
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Infallible> {
        Ok(self.deliveries.get(&id).cloned())
    }

    fn delivery_states(&self, incident: IncidentId) -> Result<Vec<DeliveryState>, Infallible> {
        let its = self.deliveries.values().filter(|delivery| delivery.incident.id == incident);
        Ok(its.map(|delivery| delivery.state).collect())
    }

    fn sending(&self) -> Result<Vec<DeliveryId>, Infallible> {
        let sending = self.deliveries.values().filter(|delivery| delivery.state == DeliveryState::Sending);
        Ok(sending.map(|delivery| delivery.id).collect())
    }

    fn lane(&self, connection: &ConnectionName, incident: IncidentId) -> Result<Vec<DeliveryId>, Infallible> {
        Ok(self.lanes.get(&(connection.to_owned(), incident)).cloned().unwrap_or_default())
    }

    fn references(
        &self,
        connection: &ConnectionName,
        incident: IncidentId,
    ) -> Result<Vec<Reference>, Infallible> {
        Ok(self.references.get(&(connection.to_owned(), incident)).cloned().unwrap_or_default())
    }

    fn told(&self, incident: IncidentId) -> Result<Vec<Told>, Infallible> {
        Ok(self.told.iter().filter(|((of, ..), _)| *of == incident).map(|(_, told)| told.clone()).collect())
    }

    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.timers.get(timer).copied())
    }

    fn repeats_of(&self, incident: IncidentId) -> Result<Vec<Timer>, Infallible> {
        let is_one = |timer: &&Timer| matches!(timer, Timer::Repeat { incident: of, .. } if *of == incident);
        Ok(self.timers.keys().filter(is_one).cloned().collect())
    }

    fn elapsed(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, Infallible> {
        let mut due: Vec<(Timestamp, String, Timer)> = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(timer, at)| (*at, timer.to_string(), timer.clone()))
            .collect();
        due.sort();
        Ok(due.into_iter().take(limit).map(|(_, _, timer)| timer).collect())
    }

    fn pauses(&self) -> Result<Vec<(ConnectionName, Pause)>, Infallible> {
        Ok(self.pauses.iter().map(|(connection, pause)| (connection.clone(), pause.clone())).collect())
    }
}

impl State for Memory {
    fn number_given(&mut self, number: u64) -> Result<(), Infallible> {
        self.number = number;
        Ok(())
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Infallible> {
        let replaced = self.incidents.insert(after.id, after.clone());
        assert_eq!(replaced.as_ref(), before, "evolving forgot what was there");
        for delivery in self.deliveries.values_mut().filter(|delivery| delivery.incident.id == after.id) {
            delivery.incident = after.clone();
        }
        Ok(())
    }

    fn point(&mut self, source: &SourceName, key: &str, incident: IncidentId) -> Result<(), Infallible> {
        self.identities.insert((source.clone(), key.to_owned()), incident);
        Ok(())
    }

    fn append(&mut self, incident: IncidentId, line: LineId, item: &TimelineItem) -> Result<(), Infallible> {
        assert_eq!(self.timeline.insert((incident, line), item.clone()), None, "a line is written once");
        Ok(())
    }

    fn line(&self, incident: IncidentId, line: LineId) -> Result<Option<TimelineItem>, Infallible> {
        Ok(self.timeline.get(&(incident, line)).cloned())
    }

    fn put_receipt(&mut self, receipt: &ReceiptRecord) -> Result<(), Infallible> {
        self.receipts.insert(receipt.id, receipt.clone());
        Ok(())
    }

    fn remember(
        &mut self,
        source: &SourceName,
        identity: &str,
        at: Timestamp,
        receipt: ReceiptId,
    ) -> Result<(), Infallible> {
        let oldest = |at| (at, source.len(), source.clone(), identity.to_owned());
        let before = self.seen.insert((source.clone(), identity.to_owned()), (at, receipt));
        if let Some((before, _)) = before {
            self.oldest.remove(&oldest(before));
        }
        self.oldest.insert(oldest(at));
        Ok(())
    }

    fn forget(&mut self, before: Timestamp, limit: u64) -> Result<(), Infallible> {
        for _ in 0..limit {
            if self.oldest.first().is_none_or(|(at, ..)| *at >= before) {
                break;
            }
            if let Some((_, _, source, identity)) = self.oldest.pop_first() {
                self.seen.remove(&(source, identity));
            }
        }
        Ok(())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Infallible> {
        let replaced = self.deliveries.insert(after.id, after.clone());
        assert_eq!(replaced.as_ref(), before, "evolving forgot what was there");
        Ok(())
    }

    fn set_lane(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        lane: &[DeliveryId],
    ) -> Result<(), Infallible> {
        let name = (connection.to_owned(), incident);
        if lane.is_empty() {
            self.lanes.remove(&name);
        } else {
            self.lanes.insert(name, lane.to_vec());
        }
        Ok(())
    }

    fn set_references(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        references: &[Reference],
    ) -> Result<(), Infallible> {
        self.references.insert((connection.to_owned(), incident), references.to_vec());
        Ok(())
    }

    fn put_told(&mut self, incident: IncidentId, told: &Told) -> Result<(), Infallible> {
        self.told.insert((incident, told.action.clone(), told.connection.clone()), told.clone());
        Ok(())
    }

    fn set_timer(&mut self, timer: &Timer, at: Option<Timestamp>) -> Result<(), Infallible> {
        match at {
            Some(at) => drop(self.timers.insert(timer.clone(), at)),
            None => drop(self.timers.remove(timer)),
        }
        Ok(())
    }

    fn set_pause(&mut self, connection: &ConnectionName, pause: Option<&Pause>) -> Result<(), Infallible> {
        match pause {
            Some(pause) => self.pauses.insert(connection.to_owned(), pause.clone()),
            None => self.pauses.remove(connection.as_str()),
        };
        Ok(())
    }

    fn forget_incident(&mut self, incident: &Incident) -> Result<(), Infallible> {
        let id = incident.id;
        let its: Vec<DeliveryId> =
            self.deliveries.values().filter(|one| one.incident.id == id).map(|one| one.id).collect();
        self.incidents.remove(&id);
        self.identities.retain(|_, of| *of != id);
        self.timeline.retain(|(of, _), _| *of != id);
        self.deliveries.retain(|_, delivery| delivery.incident.id != id);
        self.lanes.retain(|(_, of), _| *of != id);
        self.references.retain(|(_, of), _| *of != id);
        self.told.retain(|(of, ..), _| *of != id);
        self.timers.retain(|timer, _| match timer {
            Timer::Steady(of) | Timer::AutoResolve(of) | Timer::Repeat { incident: of, .. } => *of != id,
            Timer::Held(delivery) => !its.contains(delivery),
            Timer::Silence(_) => true,
        });
        Ok(())
    }

    fn forget_receipt(&mut self, receipt: ReceiptId) -> Result<(), Infallible> {
        self.receipts.remove(&receipt);
        Ok(())
    }
}
