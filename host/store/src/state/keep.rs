//! How the state is kept in the tables. Every index is kept here, from what it was and what it is; nothing is read that
//! was just written.

use redb::ReadableTable;
use tocsin_core::delivery::{Delivery, DeliveryState, LineId, Reference};
use tocsin_core::id::{DeliveryId, IncidentId, ReceiptId};
use tocsin_core::incident::Incident;
use tocsin_core::name::{ConnectionName, SourceName};
use tocsin_core::receipt::{ReceiptRecord, ReceiptStatus};
use tocsin_core::state::{Pause, State, TimelineItem, View};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;
use tocsin_core::told::Told;

use super::{NOTHING, Tables, record};
use crate::error::Fault;
use crate::kinds::Kind;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::told::ToldRow;
use crate::{keys, rows, tables};

impl State for Tables<'_> {
    fn number_given(&mut self, number: u64) -> Result<(), Fault> {
        self.head.counters.number = number;
        Ok(())
    }

    fn line(&self, incident: IncidentId, line: LineId) -> Result<Option<TimelineItem>, Fault> {
        rows::line_of(&self.timeline, incident, line)
    }

    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Fault> {
        let key = after.id.to_bytes();
        let incident = record(tables::INCIDENTS, &key, after, &mut self.buffer)?;
        self.incidents.insert(key.as_slice(), incident)?;
        if before.is_none() {
            self.incident_numbers.insert(after.number.to_be_bytes().as_slice(), key.as_slice())?;
        }
        if before.map(Kind::of) != Some(Kind::of(after)) {
            if let Some(before) = before {
                // Counts follow the index, so that they are right whatever `before` says.
                if self.incidents_by_kind.remove(&Kind::of(before).key(after.id))?.is_some() {
                    self.head.counters.incident_left(before.state());
                }
            }
            if self.incidents_by_kind.insert(&Kind::of(after).key(after.id), NOTHING)?.is_none() {
                self.head.counters.incident_came(after.state());
            }
        }
        let (old, new) = (before.and_then(rows::resolved_by_time), rows::resolved_by_time(after));
        if old != new {
            if let Some(old) = old {
                self.resolved_by_time.remove(&old)?;
            }
            if let Some(new) = new {
                self.resolved_by_time.insert(&new, NOTHING)?;
            }
        }
        Ok(())
    }

    fn point(&mut self, source: &SourceName, key: &str, incident: IncidentId) -> Result<(), Fault> {
        let row = keys::text_text(source, key);
        let before = self.identities.insert(row.as_slice(), incident.to_bytes().as_slice())?;
        let before = before.map(|value| rows::id(tables::IDENTITIES, &row, value.value())).transpose()?;
        if let Some(before) = before {
            self.keys_by_incident.remove(&keys::id_text(before, key))?;
        }
        self.keys_by_incident.insert(&keys::id_text(incident, key), NOTHING)?;
        Ok(())
    }

    fn append(&mut self, incident: IncidentId, line: LineId, item: &TimelineItem) -> Result<(), Fault> {
        let key = keys::timeline(incident, line.entry, line.line);
        let item = record(tables::TIMELINE, &key, item, &mut self.buffer)?;
        self.timeline.insert(key.as_slice(), item)?;
        Ok(())
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

    fn remember(
        &mut self,
        source: &SourceName,
        identity: &str,
        at: Timestamp,
        receipt: ReceiptId,
    ) -> Result<(), Fault> {
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

    fn forget(&mut self, before: Timestamp, limit: u64) -> Result<(), Fault> {
        let end = keys::time(before);
        for _ in 0..limit {
            let Some(key) = rows::first_before(&self.seen_by_time, &end)? else { break };
            self.seen.remove(&key[keys::TIME..])?;
            self.seen_by_time.remove(key.as_slice())?;
        }
        Ok(())
    }

    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Fault> {
        let key = after.id.to_bytes();
        let row = record(tables::DELIVERIES, &key, &DeliveryRow::from(after), &mut self.buffer)?;
        self.deliveries.insert(key.as_slice(), row)?;
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

    fn set_lane(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        lane: &[DeliveryId],
    ) -> Result<(), Fault> {
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

    fn set_references(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        references: &[Reference],
    ) -> Result<(), Fault> {
        let key = keys::id_text(incident, connection);
        let references = References(references.to_vec());
        let value = record(tables::REFERENCES, &key, &references, &mut self.buffer)?;
        self.references.insert(key.as_slice(), value)?;
        Ok(())
    }

    fn put_told(&mut self, incident: IncidentId, told: &Told) -> Result<(), Fault> {
        let key = keys::id_text_text(incident, &told.action, &told.connection);
        let value = record(tables::TOLD, &key, &ToldRow::from(told), &mut self.buffer)?;
        self.told.insert(key.as_slice(), value)?;
        Ok(())
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

    fn set_pause(&mut self, connection: &ConnectionName, pause: Option<&Pause>) -> Result<(), Fault> {
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

    fn forget_incident(&mut self, incident: &Incident) -> Result<(), Fault> {
        self.take_whole(incident)
    }

    fn forget_receipt(&mut self, receipt: ReceiptId) -> Result<(), Fault> {
        let key = receipt.to_bytes();
        for rows in [&mut self.receipts, &mut self.dead_letters, &mut self.ignored] {
            rows.remove(&key)?;
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// The lane under `key`. One that begins with a delivery that is not there would block its incident for ever.
    pub(super) fn lane_at(&self, key: &[u8]) -> Result<Vec<DeliveryId>, Fault> {
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
}

/// The row of `due` of a delivery that is due.
fn due(delivery: &Delivery) -> Vec<u8> {
    keys::due(&delivery.connection, &delivery.incident.source, delivery.next_at, delivery.id)
}
