//! A state in memory, with its own indices. Checks with every write that evolving knows what was there
//! before: a store that keeps its indices from `before` would be left with what nobody removes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::delivery::{Delivery, DeliveryState, LineId, Reference};
use crate::id::{DeliveryId, IncidentId, ReceiptId};
use crate::incident::{Incident, IncidentState};
use crate::name::{ActionName, ConnectionName, SourceName};
use crate::receipt::ReceiptRecord;
use crate::state::{Pause, Position, State, TimelineItem, View};
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::told::Told;

/// A connection and an incident.
type Lane = (ConnectionName, IncidentId);

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) position: Position,
    pub(super) numbers: u64,
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    pub(super) keys: BTreeMap<(SourceName, String), IncidentId>,
    pub(super) timelines: BTreeMap<IncidentId, Vec<TimelineItem>>,
    /// Index: the lines of timelines.
    lines: BTreeMap<(IncidentId, LineId), TimelineItem>,
    pub(super) receipts: BTreeMap<ReceiptId, ReceiptRecord>,
    pub(super) identities: BTreeMap<(SourceName, String), (Timestamp, ReceiptId)>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    pub(super) lanes: BTreeMap<Lane, Vec<DeliveryId>>,
    pub(super) references: BTreeMap<Lane, Vec<Reference>>,
    /// By incident, action and connection.
    pub(super) told: BTreeMap<(IncidentId, ActionName, ConnectionName), Told>,
    pub(super) timers: BTreeMap<Timer, Timestamp>,
    pub(super) pauses: BTreeMap<ConnectionName, Pause>,
    /// Index: incidents that are not resolved.
    pub(super) unresolved: BTreeSet<IncidentId>,
    /// Index: deliveries that are due, by when.
    pub(super) due: BTreeSet<(Timestamp, DeliveryId)>,
    /// Index: deliveries that are being sent.
    pub(super) sending: BTreeSet<DeliveryId>,
}

impl Memory {
    /// The deliveries that a sender would be handed at `now`, the longest due first.
    pub(super) fn due_at(&self, now: Timestamp) -> Vec<DeliveryId> {
        let due = self.due.iter().filter(|(at, _)| *at <= now).map(|(_, id)| *id);
        due.filter(|id| !self.pauses.contains_key(&self.deliveries[id].connection)).collect()
    }

    /// The incident that is known under this key.
    pub(super) fn find_in(&self, source: &SourceName, key: &str) -> Option<IncidentId> {
        self.keys.get(&(source.to_owned(), key.to_owned())).copied()
    }

    /// The deliveries of an action in the order in which they were made.
    pub(super) fn deliveries_of(&self, action: &str) -> Vec<&Delivery> {
        self.deliveries.values().filter(|delivery| delivery.action == action).collect()
    }
}

impl View for Memory {
    type Error = Infallible;

    fn position(&self) -> Position {
        self.position
    }

    fn last_number(&self) -> u64 {
        self.numbers
    }

    fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Infallible> {
        Ok(self.incidents.get(&id).cloned())
    }

    fn unresolved(&self) -> Result<Vec<IncidentId>, Infallible> {
        Ok(self.unresolved.iter().copied().collect())
    }

    fn find(&self, source: &SourceName, key: &str) -> Result<Option<IncidentId>, Infallible> {
        Ok(self.find_in(source, key))
    }

    fn receipt(&self, id: ReceiptId) -> Result<Option<ReceiptRecord>, Infallible> {
        Ok(self.receipts.get(&id).cloned())
    }

    fn seen(
        &self,
        source: &SourceName,
        identity: &str,
    ) -> Result<Option<(Timestamp, ReceiptId)>, Infallible> {
        Ok(self.identities.get(&(source.to_owned(), identity.to_owned())).copied())
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Infallible> {
        Ok(self.deliveries.get(&id).cloned())
    }

    fn delivery_states(&self, incident: IncidentId) -> Result<Vec<DeliveryState>, Infallible> {
        let its = self.deliveries.values().filter(|delivery| delivery.incident.id == incident);
        Ok(its.map(|delivery| delivery.state).collect())
    }

    fn sending(&self) -> Result<Vec<DeliveryId>, Infallible> {
        Ok(self.sending.iter().copied().collect())
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
        Ok(self.pauses.iter().map(|(name, pause)| (name.clone(), pause.clone())).collect())
    }

    fn has_seen_before(&self, at: Timestamp) -> Result<bool, Infallible> {
        Ok(self.identities.values().any(|(seen, _)| *seen < at))
    }

    fn repeats_of(&self, incident: IncidentId) -> Result<Vec<Timer>, Infallible> {
        let is_one = |timer: &&Timer| matches!(timer, Timer::Repeat { incident: of, .. } if *of == incident);
        Ok(self.timers.keys().filter(is_one).cloned().collect())
    }
}

impl State for Memory {
    fn number_given(&mut self, number: u64) -> Result<(), Infallible> {
        self.numbers = number;
        Ok(())
    }

    fn line(&self, incident: IncidentId, line: LineId) -> Result<Option<TimelineItem>, Infallible> {
        Ok(self.lines.get(&(incident, line)).cloned())
    }

    fn forget_incident(&mut self, incident: &Incident) -> Result<(), Infallible> {
        let id = incident.id;
        let its: BTreeSet<DeliveryId> =
            self.deliveries.values().filter(|one| one.incident.id == id).map(|one| one.id).collect();
        self.due.retain(|(_, delivery)| !its.contains(delivery));
        self.sending.retain(|delivery| !its.contains(delivery));
        self.timers.retain(|timer, _| match timer {
            Timer::Steady(of) | Timer::AutoResolve(of) | Timer::Repeat { incident: of, .. } => *of != id,
            Timer::Held(delivery) => !its.contains(delivery),
            Timer::Silence(_) => true,
        });
        self.unresolved.remove(&id);
        self.incidents.remove(&id);
        self.timelines.remove(&id);
        self.lines.retain(|(of, _), _| *of != id);
        self.keys.retain(|_, of| *of != id);
        self.deliveries.retain(|_, delivery| delivery.incident.id != id);
        self.lanes.retain(|(_, of), _| *of != id);
        self.references.retain(|(_, of), _| *of != id);
        self.told.retain(|(of, ..), _| *of != id);
        Ok(())
    }

    fn forget_receipt(&mut self, receipt: ReceiptId) -> Result<(), Infallible> {
        self.receipts.remove(&receipt);
        Ok(())
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Infallible> {
        assert_eq!(self.incidents.get(&after.id), before, "what evolving believes was there before");
        self.incidents.insert(after.id, after.clone());
        for delivery in self.deliveries.values_mut().filter(|delivery| delivery.incident.id == after.id) {
            delivery.incident = after.clone();
        }
        if after.state() == IncidentState::Resolved {
            self.unresolved.remove(&after.id);
        } else {
            self.unresolved.insert(after.id);
        }
        Ok(())
    }

    fn point(&mut self, source: &SourceName, key: &str, incident: IncidentId) -> Result<(), Infallible> {
        self.keys.insert((source.to_owned(), key.to_owned()), incident);
        Ok(())
    }

    fn append(&mut self, incident: IncidentId, line: LineId, item: &TimelineItem) -> Result<(), Infallible> {
        self.lines.insert((incident, line), item.clone());
        self.timelines.entry(incident).or_default().push(item.clone());
        Ok(())
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
        self.identities.insert((source.to_owned(), identity.to_owned()), (at, receipt));
        Ok(())
    }

    fn forget(&mut self, before: Timestamp, limit: u64) -> Result<(), Infallible> {
        let mut old: Vec<_> = self.identities.iter().filter(|(_, (at, _))| *at < before).collect();
        old.sort_by_key(|(_, (at, _))| *at);
        let old: Vec<_> = old
            .into_iter()
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(identity, _)| identity.clone())
            .collect();
        for identity in old {
            self.identities.remove(&identity);
        }
        Ok(())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Infallible> {
        assert_eq!(self.deliveries.get(&after.id), before, "what evolving believes was there before");
        if let Some(before) = before {
            self.due.remove(&(before.next_at, before.id));
            self.sending.remove(&before.id);
        }
        match after.state {
            DeliveryState::Due => drop(self.due.insert((after.next_at, after.id))),
            DeliveryState::Sending => drop(self.sending.insert(after.id)),
            _ => {}
        }
        self.deliveries.insert(after.id, after.clone());
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
            Some(pause) => drop(self.pauses.insert(connection.to_owned(), pause.clone())),
            None => drop(self.pauses.remove(connection)),
        }
        Ok(())
    }
}
