//! What decisions read of the state, answered from the tables.

use redb::ReadableTable;
use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::id::{DeliveryId, IncidentId, ReceiptId};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::name::{ConnectionName, SourceName};
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, Position, View};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;
use tocsin_core::told::Told;

use super::Tables;
use crate::error::{Fault, RecordProblem};
use crate::kinds::Kinds;
use crate::record::delivery::References;
use crate::{keys, rows, tables};

impl View for Tables<'_> {
    type Error = Fault;

    fn position(&self) -> Position {
        self.head.position
    }

    fn last_number(&self) -> u64 {
        self.head.counters.number
    }

    fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Fault> {
        rows::incident(&self.incidents, id)
    }

    fn unresolved(&self) -> Result<Vec<IncidentId>, Fault> {
        let mut ids = Vec::new();
        let mut kinds = Kinds::all(&self.incidents_by_kind);
        while let Some(kind) = kinds.next()? {
            if kind.state != IncidentState::Resolved {
                let prefix = kind.prefix();
                ids.extend(rows::ids_below(&self.incidents_by_kind, tables::INCIDENTS_BY_KIND, &prefix)?);
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn find(&self, source: &SourceName, key: &str) -> Result<Option<IncidentId>, Fault> {
        let row = keys::text_text(source, key);
        let Some(value) = self.identities.get(row.as_slice())? else { return Ok(None) };
        rows::id(tables::IDENTITIES, &row, value.value()).map(Some)
    }

    fn receipt(&self, id: ReceiptId) -> Result<Option<ReceiptRecord>, Fault> {
        rows::receipt(&self.receipts, id)
    }

    fn seen(&self, source: &SourceName, identity: &str) -> Result<Option<(Timestamp, ReceiptId)>, Fault> {
        let key = keys::text_text(source, identity);
        let Some(value) = self.seen.get(key.as_slice())? else { return Ok(None) };
        rows::seen(&key, value.value()).map(Some)
    }

    fn has_seen_before(&self, at: Timestamp) -> Result<bool, Fault> {
        Ok(rows::first_before(&self.seen_by_time, &keys::time(at))?.is_some())
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        self.delivery_tables().delivery(id)
    }

    fn delivery_states(&self, incident: IncidentId) -> Result<Vec<DeliveryState>, Fault> {
        let key = incident.to_bytes();
        let ids = rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &key)?;
        let state = |id: DeliveryId| {
            let problem = RecordProblem::Missing(tables::DELIVERIES_BY_INCIDENT.name);
            let missing = || rows::fault(tables::DELIVERIES, &id.to_bytes(), problem);
            Ok(self.delivery_tables().row(id)?.ok_or_else(missing)?.state)
        };
        ids.into_iter().map(state).collect()
    }

    fn sending(&self) -> Result<Vec<DeliveryId>, Fault> {
        let state = [keys::delivery_state(DeliveryState::Sending)];
        rows::ids_below(&self.deliveries_by_state, tables::DELIVERIES_BY_STATE, &state)
    }

    fn lane(&self, connection: &ConnectionName, incident: IncidentId) -> Result<Vec<DeliveryId>, Fault> {
        self.lane_at(&keys::text_id(connection, incident))
    }

    fn references(&self, connection: &ConnectionName, incident: IncidentId) -> Result<Vec<Reference>, Fault> {
        let key = keys::id_text(incident, connection);
        let kept: Option<References> = rows::get(&self.references, tables::REFERENCES, &key)?;
        Ok(kept.map_or_else(Vec::new, |kept| kept.0))
    }

    fn told(&self, incident: IncidentId) -> Result<Vec<Told>, Fault> {
        rows::told(&self.told, incident)
    }

    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Fault> {
        let key = timer.to_string();
        let value = self.timers.get(key.as_bytes())?;
        value.map(|value| rows::timer(key.as_bytes(), value.value())).transpose()
    }

    fn repeats_of(&self, incident: IncidentId) -> Result<Vec<Timer>, Fault> {
        let prefix = Timer::Repeat { incident, action: String::new().into() }.to_string();
        let end = keys::after(prefix.as_bytes());
        let mut timers = Vec::new();
        for row in self.timers.range::<&[u8]>(prefix.as_bytes()..)? {
            let (key, _) = row?;
            if end.as_deref().is_some_and(|end| key.value() >= end) {
                break;
            }
            let wrong = || rows::not(tables::TIMERS, key.value(), "a timer");
            let name = std::str::from_utf8(key.value()).map_err(|_| wrong())?;
            timers.push(name.parse().map_err(|_| wrong())?);
        }
        Ok(timers)
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

    fn pauses(&self) -> Result<Vec<(ConnectionName, Pause)>, Fault> {
        rows::pauses(&self.pauses)
    }
}
