//! What the fold asks of its state, answered from the tables. Every index is kept here, from what it was and
//! what it is; nothing is read that was just written.

use std::sync::Arc;

use redb::ReadableTable;
use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::fold::{Pause, ReceiptRecord, ReceiptStatus, State, TimelineItem, Timer, Told};
use tocsin_core::id::Id;
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::routing::Router;
use tocsin_core::time::Timestamp;

use super::{NOTHING, Tables, record};
use crate::error::Fault;
use crate::record::delivery::{self, References};
use crate::{keys, rows, tables};

impl State for Tables<'_> {
    type Error = Fault;

    fn router(&self) -> Arc<Router> {
        Arc::clone(&self.head.router)
    }

    fn set_router(&mut self, router: Router) -> Result<(), Fault> {
        let routing = record(tables::META, tables::META_ROUTING, router.routing(), &mut self.buffer)?;
        self.meta.insert(tables::META_ROUTING, routing)?;
        self.head.router = Arc::new(router);
        Ok(())
    }

    fn take_number(&mut self) -> Result<u64, Fault> {
        self.head.counters.number += 1;
        Ok(self.head.counters.number)
    }

    fn incident(&self, id: Id) -> Result<Option<Incident>, Fault> {
        rows::incident(&self.incidents, id)
    }

    fn unresolved(&self) -> Result<Vec<Id>, Fault> {
        let mut ids = Vec::new();
        for state in IncidentState::ALL.into_iter().filter(|state| *state != IncidentState::Resolved) {
            let prefix = [keys::incident_state(state)];
            ids.extend(rows::ids_below(&self.incidents_by_state, tables::INCIDENTS_BY_STATE, &prefix)?);
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Fault> {
        let key = after.id.to_bytes();
        let incident = record(tables::INCIDENTS, &key, after, &mut self.buffer)?;
        self.incidents.insert(key.as_slice(), incident)?;
        if before.is_none() {
            self.incident_numbers.insert(after.number.to_be_bytes().as_slice(), key.as_slice())?;
        }
        let state = before.map(|before| before.state);
        if state != Some(after.state) {
            if let Some(state) = state {
                let old = keys::state_id(keys::incident_state(state), after.id);
                // Counts follow the index, so that they are right even if the fold is not.
                if self.incidents_by_state.remove(old.as_slice())?.is_some() {
                    self.head.counters.incident_left(state);
                }
            }
            let new = keys::state_id(keys::incident_state(after.state), after.id);
            if self.incidents_by_state.insert(new.as_slice(), NOTHING)?.is_none() {
                self.head.counters.incident_came(after.state);
            }
        }
        Ok(())
    }

    fn find(&self, source: &str, key: &str) -> Result<Option<Id>, Fault> {
        let row = keys::text_text(source, key);
        let Some(value) = self.identities.get(row.as_slice())? else { return Ok(None) };
        rows::id(tables::IDENTITIES, &row, value.value()).map(Some)
    }

    fn point(&mut self, source: &str, key: &str, incident: Id) -> Result<(), Fault> {
        let row = keys::text_text(source, key);
        self.identities.insert(row.as_slice(), incident.to_bytes().as_slice())?;
        Ok(())
    }

    fn append(&mut self, incident: Id, item: &TimelineItem) -> Result<(), Fault> {
        self.lines += 1;
        let key = keys::timeline(incident, self.head.sequence + 1, self.lines);
        let item = record(tables::TIMELINE, &key, item, &mut self.buffer)?;
        self.timeline.insert(key.as_slice(), item)?;
        Ok(())
    }

    fn receipt(&self, id: Id) -> Result<Option<ReceiptRecord>, Fault> {
        rows::receipt(&self.receipts, id)
    }

    fn put_receipt(&mut self, receipt: &ReceiptRecord) -> Result<(), Fault> {
        let key = receipt.id.to_bytes();
        let value = record(tables::RECEIPTS, &key, receipt, &mut self.buffer)?;
        let replaced = self.receipts.insert(key.as_slice(), value)?.is_some();
        let is_ignored = matches!(receipt.status, ReceiptStatus::Ignored(_));
        let indices =
            [(&mut self.dead_letters, receipt.status.is_dead_letter()), (&mut self.ignored, is_ignored)];
        for (index, is_in) in indices {
            if is_in {
                index.insert(key.as_slice(), NOTHING)?;
            } else if replaced {
                index.remove(key.as_slice())?;
            }
        }
        Ok(())
    }

    fn seen(&self, source: &str, identity: &str) -> Result<Option<(Timestamp, Id)>, Fault> {
        let key = keys::text_text(source, identity);
        let Some(value) = self.seen.get(key.as_slice())? else { return Ok(None) };
        rows::seen(&key, value.value()).map(Some)
    }

    fn remember(&mut self, source: &str, identity: &str, at: Timestamp, receipt: Id) -> Result<(), Fault> {
        let key = keys::text_text(source, identity);
        let mut value = [0; keys::TIME + keys::ID];
        value[..keys::TIME].copy_from_slice(&keys::time(at));
        value[keys::TIME..].copy_from_slice(&receipt.to_bytes());
        let before = match self.seen.insert(key.as_slice(), value.as_slice())? {
            Some(before) => Some(rows::seen(&key, before.value())?),
            None => None,
        };
        if let Some((before, _)) = before {
            self.seen_by_time.remove(keys::seen_by_time(before, source, identity).as_slice())?;
        }
        self.seen_by_time.insert(keys::seen_by_time(at, source, identity).as_slice(), NOTHING)?;
        Ok(())
    }

    fn forget(&mut self, before: Timestamp, limit: usize) -> Result<(), Fault> {
        let end = keys::time(before);
        for _ in 0..limit {
            let Some(key) = rows::first_before(&self.seen_by_time, &end)? else { break };
            self.seen.remove(&key[keys::TIME..])?;
            self.seen_by_time.remove(key.as_slice())?;
        }
        Ok(())
    }

    fn delivery(&self, id: Id) -> Result<Option<Delivery>, Fault> {
        rows::delivery(&self.deliveries, &self.delivery_contents, &id.to_bytes())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Fault> {
        let key = after.id.to_bytes();
        self.buffer.clear();
        delivery::write_head(after, &mut self.buffer)
            .map_err(|problem| rows::fault(tables::DELIVERIES, &key, problem))?;
        self.deliveries.insert(key.as_slice(), self.buffer.as_slice())?;
        match before {
            Some(before) if before.incident == after.incident && before.change == after.change => {}
            Some(before) => {
                self.hand_on_content(before)?;
                self.put_content(after)?;
            }
            None => self.put_content(after)?,
        }
        if before.is_none() {
            let row = keys::id_id(after.incident.id, after.id);
            self.deliveries_by_incident.insert(row.as_slice(), NOTHING)?;
        }
        let state = before.map(|before| before.state);
        if state != Some(after.state) {
            if let Some(state) = state {
                let old = keys::state_id(keys::delivery_state(state), after.id);
                if self.deliveries_by_state.remove(old.as_slice())?.is_some() {
                    self.head.counters.delivery_left(state);
                }
            }
            let new = keys::state_id(keys::delivery_state(after.state), after.id);
            if self.deliveries_by_state.insert(new.as_slice(), NOTHING)?.is_none() {
                self.head.counters.delivery_came(after.state);
            }
        }
        if let Some(before) = before.filter(|before| before.state == DeliveryState::Due) {
            self.due.remove(due(before).as_slice())?;
        }
        if after.state == DeliveryState::Due {
            self.due.insert(due(after).as_slice(), NOTHING)?;
        }
        Ok(())
    }

    fn sending(&self) -> Result<Vec<Id>, Fault> {
        let state = [keys::delivery_state(DeliveryState::Sending)];
        rows::ids_below(&self.deliveries_by_state, tables::DELIVERIES_BY_STATE, &state)
    }

    fn lane(&self, connection: &str, incident: Id) -> Result<Vec<Id>, Fault> {
        self.lane_at(&keys::text_id(connection, incident))
    }

    fn set_lane(&mut self, connection: &str, incident: Id, lane: &[Id]) -> Result<(), Fault> {
        let key = keys::text_id(connection, incident);
        if lane.is_empty() {
            self.lanes.remove(key.as_slice())?;
        } else {
            self.buffer.clear();
            self.buffer.extend(lane.iter().flat_map(|id| id.to_bytes()));
            self.lanes.insert(key.as_slice(), self.buffer.as_slice())?;
        }
        Ok(())
    }

    fn references(&self, connection: &str, incident: Id) -> Result<Vec<Reference>, Fault> {
        let key = keys::text_id(connection, incident);
        let kept: Option<References> = rows::get(&self.references, tables::REFERENCES, &key)?;
        Ok(kept.map_or_else(Vec::new, |kept| kept.0))
    }

    fn set_references(
        &mut self,
        connection: &str,
        incident: Id,
        references: &[Reference],
    ) -> Result<(), Fault> {
        let key = keys::text_id(connection, incident);
        let references = References(references.to_vec());
        let value = record(tables::REFERENCES, &key, &references, &mut self.buffer)?;
        self.references.insert(key.as_slice(), value)?;
        Ok(())
    }

    fn told(&self, incident: Id) -> Result<Vec<Told>, Fault> {
        rows::below(&self.told, tables::TOLD, &incident.to_bytes())
    }

    fn put_told(&mut self, incident: Id, told: &Told) -> Result<(), Fault> {
        let key = keys::id_text_text(incident, &told.action, &told.connection);
        let value = record(tables::TOLD, &key, told, &mut self.buffer)?;
        self.told.insert(key.as_slice(), value)?;
        Ok(())
    }

    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Fault> {
        let key = timer.to_string();
        let value = self.timers.get(key.as_bytes())?;
        value.map(|value| rows::timer(key.as_bytes(), value.value())).transpose()
    }

    fn set_timer(&mut self, timer: &Timer, at: Option<Timestamp>) -> Result<(), Fault> {
        let key = timer.to_string();
        let before = match at {
            Some(at) => self.timers.insert(key.as_bytes(), keys::time(at).as_slice())?,
            None => self.timers.remove(key.as_bytes())?,
        };
        let before = before.map(|value| rows::timer(key.as_bytes(), value.value())).transpose()?;
        if let Some(before) = before {
            self.timers_by_time.remove(keys::timer_by_time(before, &key).as_slice())?;
        }
        if let Some(at) = at {
            self.timers_by_time.insert(keys::timer_by_time(at, &key).as_slice(), NOTHING)?;
        }
        Ok(())
    }

    fn elapsed(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, Fault> {
        let mut elapsed = Vec::new();
        for row in self.timers_by_time.iter()?.take(limit) {
            let (key, _) = row?;
            let (at, timer) = self.timer_at(key.value())?;
            if at > now {
                break;
            }
            elapsed.push(timer);
        }
        Ok(elapsed)
    }

    fn pauses(&self) -> Result<Vec<(String, Pause)>, Fault> {
        rows::pauses(&self.pauses)
    }

    fn set_pause(&mut self, connection: &str, pause: Option<&Pause>) -> Result<(), Fault> {
        let key = connection.as_bytes();
        match pause {
            Some(pause) => {
                let value = record(tables::PAUSES, key, pause, &mut self.buffer)?;
                self.pauses.insert(key, value)?;
            }
            None => {
                self.pauses.remove(key)?;
            }
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// The lane under `key`. One that begins with a delivery that is not there would block its incident for ever.
    pub(super) fn lane_at(&self, key: &[u8]) -> Result<Vec<Id>, Fault> {
        let Some(value) = self.lanes.get(key)? else { return Ok(Vec::new()) };
        let lane = keys::ids(value.value()).ok_or_else(|| rows::not(tables::LANES, key, "a list of ids"))?;
        if let Some(first) = lane.first()
            && self.deliveries.get(first.to_bytes().as_slice())?.is_none()
        {
            return Err(rows::not(tables::LANES, key, "a list of deliveries that are there"));
        }
        Ok(lane)
    }

    /// The time and the timer of a row of `timers_by_time`. One of a timer that is not set to this time would be
    /// found due again and again.
    pub(super) fn timer_at(&self, key: &[u8]) -> Result<(Timestamp, Timer), Fault> {
        let wrong = || rows::not(tables::TIMERS_BY_TIME, key, "a time and a timer");
        let (time, name) = key.split_first_chunk::<{ keys::TIME }>().ok_or_else(wrong)?;
        let timer = std::str::from_utf8(name).map_err(|_| wrong())?.parse().map_err(|_| wrong())?;
        let at = keys::read_time(*time);
        if self.timer(&timer)? != Some(at) {
            return Err(rows::not(tables::TIMERS_BY_TIME, key, "the time of a timer that is set to it"));
        }
        Ok((at, timer))
    }

    /// The content of a delivery is about to be replaced by another: those that point to it get it instead, the
    /// first as a record and the others as a pointer to that.
    fn hand_on_content(&mut self, delivery: &Delivery) -> Result<(), Fault> {
        let id = delivery.id.to_bytes();
        let own = rows::content(&self.delivery_contents, &id, tables::DELIVERIES)?.value().to_vec();
        self.hand_on(delivery.incident.id, id, &own)
    }

    /// Gives `own`, the content of the delivery `id` of `incident`, to those that point to it.
    pub(super) fn hand_on(&mut self, incident: Id, id: [u8; keys::ID], own: &[u8]) -> Result<(), Fault> {
        let mut heir: Option<[u8; keys::ID]> = None;
        // Only deliveries of one incident that were made by one entry share, and those have one time.
        let prefix = [incident.to_bytes().as_slice(), &id[..keys::ID_TIME]].concat();
        for other in rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &prefix)? {
            let other = other.to_bytes();
            let points = self.delivery_contents.get(other.as_slice())?.is_some_and(|at| at.value() == id);
            if points {
                let content = heir.as_ref().map_or(own, <[u8; keys::ID]>::as_slice);
                self.delivery_contents.insert(other.as_slice(), content)?;
                heir = heir.or(Some(other));
            }
        }
        Ok(())
    }

    /// Keeps what seldom changes about a delivery: as a record, or as a pointer when a delivery of the same
    /// entry has the same, as the deliveries of one change to several actions do.
    fn put_content(&mut self, delivery: &Delivery) -> Result<(), Fault> {
        let key = delivery.id.to_bytes();
        self.buffer.clear();
        delivery::write_content(delivery, &mut self.buffer)
            .map_err(|problem| rows::fault(tables::DELIVERY_CONTENTS, &key, problem))?;
        if let Some((same, content)) = &self.content
            && *content == self.buffer
            // Only then it is found again, when what is shared is replaced.
            && same.to_bytes()[..keys::ID_TIME] == key[..keys::ID_TIME]
        {
            self.delivery_contents.insert(key.as_slice(), same.to_bytes().as_slice())?;
            return Ok(());
        }
        self.delivery_contents.insert(key.as_slice(), self.buffer.as_slice())?;
        self.content = Some((delivery.id, self.buffer.clone()));
        Ok(())
    }
}

/// The row of `due` of a delivery that is due.
fn due(delivery: &Delivery) -> Vec<u8> {
    keys::due(&delivery.connection, &delivery.incident.source, delivery.next_at, delivery.id)
}
