//! Rows that follow from other rows: made anew from them when they cannot be read.

use redb::ReadableTable;
use tocsin_core::delivery::DeliveryState;
use tocsin_core::id::DeliveryId;
use tocsin_core::state::{State, View};
use tocsin_core::time::Timestamp;
use tocsin_core::timer::Timer;

use super::{TakenOut, keys_where, mark, remove};
use crate::error::Fault;
use crate::kinds::OwnedKind;
use crate::record::counters::Counters;
use crate::state::Tables;
use crate::tables;
use crate::{keys, rows};

impl Tables<'_> {
    /// The lane under `key`: the incident's deliveries over the connection that are in one, as they were made.
    pub(super) fn rebuild_lane(&mut self, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        taken.took_record(remove(&mut self.lanes, key)?);
        let Some((connection, incident)) = rows::connection_and_id(key) else { return Ok(()) };
        taken.incident = Some(incident);
        let (mut first, mut waiting) = (Vec::new(), Vec::new());
        let of_incident = incident.to_bytes();
        for id in rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &of_incident)?
        {
            let head = self.delivery_tables().row(id);
            let Some(Some(head)) = taken.readable(head)? else { continue };
            if head.connection != connection || self.timer(&Timer::Held(id))?.is_some() {
                continue;
            }
            match head.state {
                DeliveryState::Due | DeliveryState::Sending => first.push(id),
                DeliveryState::Waiting => waiting.push(id),
                _ => {}
            }
        }
        first.append(&mut waiting);
        self.set_lane(&connection.into(), incident, &first)?;
        self.move_up(&first, taken)
    }

    /// A timer: its index knows the time. Without it, the timer is due at once: what it does depends on what is
    /// the case then.
    pub(super) fn rebuild_timer(&mut self, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        taken.took_record(remove(&mut self.timers, key)?);
        let known: Option<Timer> = std::str::from_utf8(key).ok().and_then(|text| text.parse().ok());
        let Some(timer) = known.filter(|_| taken.changed) else { return Ok(()) };
        let is_its = |row: &[u8], _: &[u8]| row.get(keys::TIME..) == Some(key);
        let rows = keys_where(&self.timers_by_time, is_its)?;
        let time = rows.first().and_then(|row| row.first_chunk()).map(|time| keys::read_time(*time));
        self.set_timer(&timer, Some(time.unwrap_or(Timestamp::from_micros(0))))
    }

    /// The index of the timers.
    pub(super) fn rebuild_timers_by_time(&mut self, taken: &mut TakenOut) -> Result<(), Fault> {
        for timer in keys_where(&self.timers, |_, _| true)? {
            let Some(value) = self.timers.get(timer.as_slice())?.map(|value| value.value().to_vec()) else {
                continue;
            };
            let time = rows::timer(&timer, &value);
            if let Some(time) = taken.readable(time)? {
                let row = [keys::time(time).as_slice(), &timer].concat();
                taken.changed |= mark(&mut self.timers_by_time, &row)?;
            }
        }
        Ok(())
    }

    /// The row of the index of resolved incidents for the incident that the row `key` was of.
    pub(super) fn rebuild_resolved_by_time(&mut self, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        let Some(id) = keys::last_id(key) else { return Ok(()) };
        taken.incident = Some(id);
        let incident = self.incident(id);
        let Some(Some(incident)) = taken.readable(incident)? else { return Ok(()) };
        if let Some(row) = rows::resolved_by_time(&incident) {
            taken.changed |= mark(&mut self.resolved_by_time, &row)?;
        }
        Ok(())
    }

    /// The index of the deliveries that are due.
    pub(super) fn rebuild_due(&mut self, taken: &mut TakenOut) -> Result<(), Fault> {
        let due = [keys::delivery_state(DeliveryState::Due)];
        for id in rows::ids_below(&self.deliveries_by_state, tables::DELIVERIES_BY_STATE, &due)? {
            let head = self.delivery_tables().row(id);
            if let Some(Some(head)) = taken.readable(head)? {
                let row = keys::due(&head.connection, &head.source, head.next_at, id);
                taken.changed |= mark(&mut self.due, &row)?;
            }
        }
        Ok(())
    }

    /// The counters, by counting.
    pub(super) fn rebuild_meta(&mut self, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        if key == tables::META_FORMAT {
            return Ok(());
        }
        taken.took_record(remove(&mut self.meta, key)?);
        if key == tables::META_COUNTERS {
            self.head.counters = self.counted()?;
        }
        Ok(())
    }

    fn counted(&self) -> Result<Counters, Fault> {
        let number = match self.incident_numbers.last()? {
            Some((key, _)) => rows::number(tables::INCIDENT_NUMBERS, key.value())?,
            None => 0,
        };
        let mut counters = Counters::of_number(number);
        for row in self.incidents_by_kind.iter()? {
            let (key, _) = row?;
            if let Ok(kind) = OwnedKind::read(key.value()) {
                counters.incident_came(kind.state);
            }
        }
        for state in DeliveryState::ALL {
            let prefix = [keys::delivery_state(state)];
            let ids: Vec<DeliveryId> =
                rows::ids_below(&self.deliveries_by_state, tables::DELIVERIES_BY_STATE, &prefix)?;
            ids.iter().for_each(|_| counters.delivery_came(state));
        }
        Ok(counters)
    }
}
