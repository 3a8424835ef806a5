//! A state in memory, with its own indices. Checks with every write that the fold knows what was there
//! before: a store that keeps its indices from `before` would be left with what nobody removes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use crate::delivery::{Delivery, DeliveryState, Reference};
use crate::fold::{Pause, ReceiptRecord, State, TimelineItem, Timer, Told};
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{ActionRule, Router, Routing};
use crate::time::Timestamp;

/// A connection and an incident.
type Lane = (String, Id);

/// A compiled configuration, compared by what it was compiled from.
#[derive(Clone, Debug)]
pub(super) struct InForce(Arc<Router>);

impl Default for InForce {
    fn default() -> Self {
        Self(Arc::new(Router::new(Routing::default()).expect("it has no filter")))
    }
}

impl InForce {
    pub(super) fn rules(&self) -> &Router {
        &self.0
    }

    /// The action of this name.
    pub(super) fn rule(&self, name: &str) -> ActionRule {
        self.0.action(name).cloned().expect("it is configured")
    }
}

impl PartialEq for InForce {
    fn eq(&self, other: &Self) -> bool {
        self.0.routing() == other.0.routing()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) router: InForce,
    pub(super) numbers: u64,
    pub(super) incidents: BTreeMap<Id, Incident>,
    pub(super) keys: BTreeMap<(String, String), Id>,
    pub(super) timelines: BTreeMap<Id, Vec<TimelineItem>>,
    pub(super) receipts: BTreeMap<Id, ReceiptRecord>,
    pub(super) identities: BTreeMap<(String, String), (Timestamp, Id)>,
    pub(super) deliveries: BTreeMap<Id, Delivery>,
    pub(super) lanes: BTreeMap<Lane, Vec<Id>>,
    pub(super) references: BTreeMap<Lane, Vec<Reference>>,
    /// By incident, action and connection.
    pub(super) told: BTreeMap<(Id, String, String), Told>,
    pub(super) timers: BTreeMap<Timer, Timestamp>,
    pub(super) pauses: BTreeMap<String, Pause>,
    /// Index: incidents that are not resolved.
    pub(super) unresolved: BTreeSet<Id>,
    /// Index: deliveries that are due, by when.
    pub(super) due: BTreeSet<(Timestamp, Id)>,
    /// Index: deliveries that are being sent.
    pub(super) sending: BTreeSet<Id>,
}

impl Memory {
    /// The deliveries that a sender would be handed at `now`, the longest due first.
    pub(super) fn due_at(&self, now: Timestamp) -> Vec<Id> {
        let due = self.due.iter().filter(|(at, _)| *at <= now).map(|(_, id)| *id);
        due.filter(|id| !self.pauses.contains_key(&self.deliveries[id].connection)).collect()
    }

    /// The incident that is known under this key.
    pub(super) fn find_in(&self, source: &str, key: &str) -> Option<Id> {
        self.keys.get(&(source.to_owned(), key.to_owned())).copied()
    }

    /// The deliveries of an action in the order in which they were made.
    pub(super) fn deliveries_of(&self, action: &str) -> Vec<&Delivery> {
        self.deliveries.values().filter(|delivery| delivery.action == action).collect()
    }
}

impl State for Memory {
    type Error = Infallible;

    fn router(&self) -> Arc<Router> {
        self.router.0.clone()
    }

    fn set_router(&mut self, router: Router) -> Result<(), Infallible> {
        self.router = InForce(Arc::new(router));
        Ok(())
    }

    fn take_number(&mut self) -> Result<u64, Infallible> {
        self.numbers += 1;
        Ok(self.numbers)
    }

    fn incident(&self, id: Id) -> Result<Option<Incident>, Infallible> {
        Ok(self.incidents.get(&id).cloned())
    }

    fn unresolved(&self) -> Result<Vec<Id>, Infallible> {
        Ok(self.unresolved.iter().copied().collect())
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Infallible> {
        assert_eq!(self.incidents.get(&after.id), before, "what the fold believes was there before");
        self.incidents.insert(after.id, after.clone());
        if after.state == IncidentState::Resolved {
            self.unresolved.remove(&after.id);
        } else {
            self.unresolved.insert(after.id);
        }
        Ok(())
    }

    fn find(&self, source: &str, key: &str) -> Result<Option<Id>, Infallible> {
        Ok(self.find_in(source, key))
    }

    fn point(&mut self, source: &str, key: &str, incident: Id) -> Result<(), Infallible> {
        self.keys.insert((source.to_owned(), key.to_owned()), incident);
        Ok(())
    }

    fn append(&mut self, incident: Id, item: &TimelineItem) -> Result<(), Infallible> {
        self.timelines.entry(incident).or_default().push(item.clone());
        Ok(())
    }

    fn receipt(&self, id: Id) -> Result<Option<ReceiptRecord>, Infallible> {
        Ok(self.receipts.get(&id).cloned())
    }

    fn put_receipt(&mut self, receipt: &ReceiptRecord) -> Result<(), Infallible> {
        self.receipts.insert(receipt.id, receipt.clone());
        Ok(())
    }

    fn seen(&self, source: &str, identity: &str) -> Result<Option<(Timestamp, Id)>, Infallible> {
        Ok(self.identities.get(&(source.to_owned(), identity.to_owned())).copied())
    }

    fn remember(
        &mut self,
        source: &str,
        identity: &str,
        at: Timestamp,
        receipt: Id,
    ) -> Result<(), Infallible> {
        self.identities.insert((source.to_owned(), identity.to_owned()), (at, receipt));
        Ok(())
    }

    fn forget(&mut self, before: Timestamp, limit: usize) -> Result<(), Infallible> {
        let mut old: Vec<_> = self.identities.iter().filter(|(_, (at, _))| *at < before).collect();
        old.sort_by_key(|(_, (at, _))| *at);
        let old: Vec<_> = old.into_iter().take(limit).map(|(identity, _)| identity.clone()).collect();
        for identity in old {
            self.identities.remove(&identity);
        }
        Ok(())
    }

    fn delivery(&self, id: Id) -> Result<Option<Delivery>, Infallible> {
        Ok(self.deliveries.get(&id).cloned())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Infallible> {
        assert_eq!(self.deliveries.get(&after.id), before, "what the fold believes was there before");
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

    fn sending(&self) -> Result<Vec<Id>, Infallible> {
        Ok(self.sending.iter().copied().collect())
    }

    fn lane(&self, connection: &str, incident: Id) -> Result<Vec<Id>, Infallible> {
        Ok(self.lanes.get(&(connection.to_owned(), incident)).cloned().unwrap_or_default())
    }

    fn set_lane(&mut self, connection: &str, incident: Id, lane: &[Id]) -> Result<(), Infallible> {
        let name = (connection.to_owned(), incident);
        if lane.is_empty() {
            self.lanes.remove(&name);
        } else {
            self.lanes.insert(name, lane.to_vec());
        }
        Ok(())
    }

    fn references(&self, connection: &str, incident: Id) -> Result<Vec<Reference>, Infallible> {
        Ok(self.references.get(&(connection.to_owned(), incident)).cloned().unwrap_or_default())
    }

    fn set_references(
        &mut self,
        connection: &str,
        incident: Id,
        references: &[Reference],
    ) -> Result<(), Infallible> {
        self.references.insert((connection.to_owned(), incident), references.to_vec());
        Ok(())
    }

    fn told(&self, incident: Id) -> Result<Vec<Told>, Infallible> {
        Ok(self.told.iter().filter(|((of, ..), _)| *of == incident).map(|(_, told)| told.clone()).collect())
    }

    fn put_told(&mut self, incident: Id, told: &Told) -> Result<(), Infallible> {
        self.told.insert((incident, told.action.clone(), told.connection.clone()), told.clone());
        Ok(())
    }

    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.timers.get(timer).copied())
    }

    fn set_timer(&mut self, timer: &Timer, at: Option<Timestamp>) -> Result<(), Infallible> {
        match at {
            Some(at) => drop(self.timers.insert(timer.clone(), at)),
            None => drop(self.timers.remove(timer)),
        }
        Ok(())
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

    fn pauses(&self) -> Result<Vec<(String, Pause)>, Infallible> {
        Ok(self.pauses.iter().map(|(name, pause)| (name.clone(), pause.clone())).collect())
    }

    fn set_pause(&mut self, connection: &str, pause: Option<&Pause>) -> Result<(), Infallible> {
        match pause {
            Some(pause) => drop(self.pauses.insert(connection.to_owned(), pause.clone())),
            None => drop(self.pauses.remove(connection)),
        }
        Ok(())
    }
}
