//! Taking out an incident that was kept for long enough, with everything that belongs to it.

use redb::{AccessGuard, ReadableTable};
use tocsin_core::delivery::DeliveryState;
use tocsin_core::id::{DeliveryId, IncidentId};
use tocsin_core::incident::Incident;
use tocsin_core::state::{State, View};
use tocsin_core::timer::Timer;

use super::Tables;
use crate::error::Fault;
use crate::kinds::Kind;
use crate::record::delivery::DeliveryRow;
use crate::table::{Bytes, StateTable};
use crate::tables;
use crate::{keys, rows};

impl Tables<'_> {
    /// Takes out `incident`: its timeline, the keys that lead to it, its deliveries, its timers, what peers call it and
    /// what was told of it.
    pub(super) fn take_whole(&mut self, incident: &Incident) -> Result<(), Fault> {
        let (id, key) = (incident.id, incident.id.to_bytes());
        for delivery in rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &key)? {
            self.take_whole_delivery(id, delivery)?;
        }
        for timer in self.repeats_of(id)?.into_iter().chain([Timer::Steady(id), Timer::AutoResolve(id)]) {
            self.set_timer(&timer, None)?;
        }
        for row in rows_below(&self.keys_by_incident, &key)? {
            if let Some(key) = row.get(keys::ID..) {
                let identity = [keys::text(&incident.source).as_slice(), key].concat();
                // A key may lead to another incident by now, when its row could not be read once.
                let leads_here = |value: AccessGuard<'_, Bytes>| value.value() == id.to_bytes();
                if self.identities.get(identity.as_slice())?.is_some_and(leads_here) {
                    self.identities.remove(&identity)?;
                }
            }
            self.keys_by_incident.remove(&row)?;
        }
        for table in [&mut self.timeline, &mut self.told, &mut self.references] {
            for row in rows_below(table, &key)? {
                table.remove(&row)?;
            }
        }
        if self.incidents_by_kind.remove(&Kind::of(incident).key(id))?.is_some() {
            self.head.counters.incident_left(incident.state());
        }
        if let Some(row) = rows::resolved_by_time(incident) {
            self.resolved_by_time.remove(&row)?;
        }
        self.incident_numbers.remove(&incident.number.to_be_bytes())?;
        self.incidents.remove(&key)?;
        Ok(())
    }

    fn take_whole_delivery(&mut self, incident: IncidentId, id: DeliveryId) -> Result<(), Fault> {
        let key = id.to_bytes();
        let row: Option<DeliveryRow> = rows::get(&self.deliveries, tables::DELIVERIES, &key)?;
        let Some(row) = row else { return Ok(()) };
        let state = keys::state_id(keys::delivery_state(row.state), id);
        if self.deliveries_by_state.remove(&state)?.is_some() {
            self.head.counters.delivery_left(row.state);
        }
        if row.state == DeliveryState::Due {
            self.due.remove(&keys::due(&row.connection, &row.source, row.next_at, id))?;
        }
        self.lanes.remove(&keys::text_id(&row.connection, incident))?;
        self.set_timer(&Timer::Held(id), None)?;
        self.deliveries_by_incident.remove(&keys::id_id(incident, id))?;
        self.deliveries.remove(&key)?;
        Ok(())
    }
}

/// The keys that begin with `prefix`.
pub(super) fn rows_below(rows: &StateTable<'_>, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let end = keys::after(prefix);
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>(prefix..)? {
        let (key, _) = row?;
        if end.as_deref().is_some_and(|end| key.value() >= end) {
            break;
        }
        found.push(key.value().to_vec());
    }
    Ok(found)
}
