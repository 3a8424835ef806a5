//! The fold's state in maps: as plain as it can be, to compare the store with.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::fold::{Pause, ReceiptRecord, State, TimelineItem, Timer, Told};
use tocsin_core::id::Id;
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::routing::{Router, Routing};
use tocsin_core::time::Timestamp;

/// Source and key, or connection and incident.
type Named<T> = (String, T);

pub(super) struct Memory {
    pub(super) router: Arc<Router>,
    pub(super) number: u64,
    pub(super) incidents: BTreeMap<Id, Incident>,
    identities: BTreeMap<Named<String>, Id>,
    pub(super) timeline: BTreeMap<Id, Vec<TimelineItem>>,
    pub(super) receipts: BTreeMap<Id, ReceiptRecord>,
    seen: BTreeMap<Named<String>, (Timestamp, Id)>,
    /// In the order in which they are forgotten.
    oldest: BTreeSet<(Timestamp, usize, String, String)>,
    pub(super) deliveries: BTreeMap<Id, Delivery>,
    lanes: BTreeMap<Named<Id>, Vec<Id>>,
    pub(super) references: BTreeMap<Named<Id>, Vec<Reference>>,
    told: BTreeMap<(Id, String, String), Told>,
    pub(super) timers: BTreeMap<Timer, Timestamp>,
    pub(super) pauses: BTreeMap<String, Pause>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            router: Arc::new(Router::new(Routing::default()).unwrap()),
            number: 0,
            incidents: BTreeMap::new(),
            identities: BTreeMap::new(),
            timeline: BTreeMap::new(),
            receipts: BTreeMap::new(),
            seen: BTreeMap::new(),
            oldest: BTreeSet::new(),
            deliveries: BTreeMap::new(),
            lanes: BTreeMap::new(),
            references: BTreeMap::new(),
            told: BTreeMap::new(),
            timers: BTreeMap::new(),
            pauses: BTreeMap::new(),
        }
    }
}

impl State for Memory {
    type Error = Infallible;

    fn router(&self) -> Arc<Router> {
        Arc::clone(&self.router)
    }

    fn set_router(&mut self, router: Router) -> Result<(), Infallible> {
        self.router = Arc::new(router);
        Ok(())
    }

    fn take_number(&mut self) -> Result<u64, Infallible> {
        self.number += 1;
        Ok(self.number)
    }

    fn incident(&self, id: Id) -> Result<Option<Incident>, Infallible> {
        Ok(self.incidents.get(&id).cloned())
    }

    fn unresolved(&self) -> Result<Vec<Id>, Infallible> {
        let incidents = self.incidents.values();
        let unresolved = incidents.filter(|incident| incident.state != IncidentState::Resolved);
        Ok(unresolved.map(|incident| incident.id).collect())
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Infallible> {
        let replaced = self.incidents.insert(after.id, after.clone());
        assert_eq!(replaced.as_ref(), before, "the fold forgot what was there");
        Ok(())
    }

    fn find(&self, source: &str, key: &str) -> Result<Option<Id>, Infallible> {
        Ok(self.identities.get(&(source.to_owned(), key.to_owned())).copied())
    }

    fn point(&mut self, source: &str, key: &str, incident: Id) -> Result<(), Infallible> {
        self.identities.insert((source.to_owned(), key.to_owned()), incident);
        Ok(())
    }

    fn append(&mut self, incident: Id, item: &TimelineItem) -> Result<(), Infallible> {
        self.timeline.entry(incident).or_default().push(item.clone());
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
        Ok(self.seen.get(&(source.to_owned(), identity.to_owned())).copied())
    }

    fn remember(
        &mut self,
        source: &str,
        identity: &str,
        at: Timestamp,
        receipt: Id,
    ) -> Result<(), Infallible> {
        let oldest = |at| (at, source.len(), source.to_owned(), identity.to_owned());
        let before = self.seen.insert((source.to_owned(), identity.to_owned()), (at, receipt));
        if let Some((before, _)) = before {
            self.oldest.remove(&oldest(before));
        }
        self.oldest.insert(oldest(at));
        Ok(())
    }

    fn forget(&mut self, before: Timestamp, limit: usize) -> Result<(), Infallible> {
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

    fn delivery(&self, id: Id) -> Result<Option<Delivery>, Infallible> {
        Ok(self.deliveries.get(&id).cloned())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Infallible> {
        let replaced = self.deliveries.insert(after.id, after.clone());
        assert_eq!(replaced.as_ref(), before, "the fold forgot what was there");
        Ok(())
    }

    fn sending(&self) -> Result<Vec<Id>, Infallible> {
        let sending = self.deliveries.values().filter(|delivery| delivery.state == DeliveryState::Sending);
        Ok(sending.map(|delivery| delivery.id).collect())
    }

    fn lane(&self, connection: &str, incident: Id) -> Result<Vec<Id>, Infallible> {
        Ok(self.lanes.get(&(connection.to_owned(), incident)).cloned().unwrap_or_default())
    }

    fn set_lane(&mut self, connection: &str, incident: Id, lane: &[Id]) -> Result<(), Infallible> {
        self.lanes.insert((connection.to_owned(), incident), lane.to_vec());
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
        Ok(self.pauses.iter().map(|(connection, pause)| (connection.clone(), pause.clone())).collect())
    }

    fn set_pause(&mut self, connection: &str, pause: Option<&Pause>) -> Result<(), Infallible> {
        match pause {
            Some(pause) => self.pauses.insert(connection.to_owned(), pause.clone()),
            None => self.pauses.remove(connection),
        };
        Ok(())
    }
}
