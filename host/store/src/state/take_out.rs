//! Taking an unreadable record out of the state, with every index row that leads to it.
//!
//! Looks at keys and at other records only, never at the bytes of the record itself: the same step in a copy where
//! the record is whole has the same result. Walks whole indices, which is slow and seldom.

use redb::ReadableTable;
use tocsin_core::delivery::{Change, ChangeKind, Delivery, DeliveryState, LineId};
use tocsin_core::id::{AnyId, DeliveryId, Id, IncidentId, OfAny};
use tocsin_core::reason::Reason;
use tocsin_core::state::{State, TimelineItem, View};
use tocsin_core::timer::Timer;

use super::{NOTHING, Tables};
use crate::block::Link;
use crate::damage::Place;
use crate::error::{Fault, RecordProblem};
use crate::kinds::OwnedKind;
use crate::record::counters::Counters;
use crate::record::delivery::{References, RowChange};
use crate::table::StateTable;
use crate::tables::{self, Definition};
use crate::{keys, rows, state_digest};

mod rebuild;

/// What was taken out.
#[derive(Debug, Default)]
pub(crate) struct TakenOut {
    /// The record's bytes, if there was a record.
    pub(crate) bytes: Vec<u8>,
    /// The incident that it was about, if that can be seen.
    pub(crate) incident: Option<IncidentId>,
    /// Whether anything was changed.
    pub(crate) changed: bool,
    /// Rows that were found to be unreadable on the way.
    pub(crate) more: Vec<Place>,
}

impl TakenOut {
    /// A row was removed, if it was there.
    fn took(&mut self, removed: Option<Vec<u8>>) {
        self.changed |= removed.is_some();
    }

    /// The record itself was removed, if it was there.
    fn took_record(&mut self, removed: Option<Vec<u8>>) {
        self.changed |= removed.is_some();
        self.bytes = removed.unwrap_or_default();
    }

    /// Keeps for later what cannot be read either.
    fn readable<T>(&mut self, read: Result<T, Fault>) -> Result<Option<T>, Fault> {
        match read {
            Err(Fault::Record { table, row, .. }) => {
                self.more.push((table, row.into_vec()));
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

impl Tables<'_> {
    /// The sequence number of the last entry.
    pub(crate) fn sequence(&self) -> u64 {
        self.head.position.entry
    }

    /// Leaves out the entries up to `end` that cannot be read.
    pub(crate) const fn pass(&mut self, end: Link) {
        self.head.position.entry = end.number;
        self.head.chain = end.chain;
    }

    /// What is wrong with the row `key` of `table`, if anything is.
    pub(crate) fn problem(&self, table: Definition, key: &[u8]) -> Result<Option<RecordProblem>, Fault> {
        match self.look_at(table, key) {
            Ok(()) => Ok(None),
            Err(Fault::Record { problem, .. }) => Ok(Some(problem)),
            Err(fault) => Err(fault),
        }
    }

    fn look_at(&self, table: Definition, key: &[u8]) -> Result<(), Fault> {
        let id = || rows::key_id::<OfAny>(table, key);
        // Whether anything points at one that is not there, shows when it is taken out.
        let there = |found: bool| match found {
            true => Ok(()),
            false => Err(rows::fault(table, key, RecordProblem::Missing("an index"))),
        };
        match table {
            tables::INCIDENTS => there(self.incident(id()?.read_as())?.is_some()),
            tables::DELIVERIES => there(self.delivery(id()?.read_as())?.is_some()),
            tables::RECEIPTS => there(self.receipt(id()?.read_as())?.is_some()),
            tables::LANES => self.lane_at(key).map(|_| ()),
            tables::REFERENCES => rows::get::<References>(&self.references, table, key).map(|_| ()),
            tables::TIMELINE => rows::get::<TimelineItem>(&self.timeline, table, key).map(|_| ()),
            tables::PAUSES => rows::pause(&self.pauses, key).map(|_| ()),
            tables::IDENTITIES => self
                .identities
                .get(key)?
                .map_or(Ok(()), |value| rows::id::<OfAny>(table, key, value.value()).map(|_| ())),
            tables::INCIDENT_NUMBERS => self
                .incident_numbers
                .get(key)?
                .map_or(Ok(()), |value| rows::id::<OfAny>(table, key, value.value()).map(|_| ())),
            tables::SEEN => {
                self.seen.get(key)?.map_or(Ok(()), |value| rows::seen(key, value.value()).map(|_| ()))
            }
            tables::TIMERS => {
                self.timers.get(key)?.map_or(Ok(()), |value| rows::timer(key, value.value()).map(|_| ()))
            }
            tables::TIMERS_BY_TIME => self.timer_at(key).map(|_| ()),
            tables::RESOLVED_BY_TIME => {
                rows::check_resolved_by_time(key, self.incident(id()?.read_as())?.as_ref())
            }
            tables::META if key == tables::META_COUNTERS => {
                rows::get::<Counters>(&self.meta, table, key).map(|_| ())
            }
            tables::META if key == tables::META_DIGEST => state_digest::kept(&self.meta).map(|_| ()),
            tables::DUE => rows::due(key).map(|_| ()),
            tables::INCIDENTS_BY_KIND => OwnedKind::read(key).map(|_| ()),
            // Only their keys can be wrong.
            _ => id().map(|_| ()),
        }
    }

    /// Takes the row `key` of `table` out, and what leads to it. A row that follows from others is made anew.
    pub(crate) fn take_out(&mut self, table: Definition, key: &[u8]) -> Result<TakenOut, Fault> {
        let mut taken = TakenOut::default();
        let id: Option<AnyId> = keys::last_id(key).filter(|_| key.len() == keys::ID);
        match (table, id) {
            (tables::INCIDENTS, Some(id)) => self.take_incident(id.read_as(), &mut taken)?,
            (tables::DELIVERIES, Some(id)) => self.take_delivery(id.read_as(), &mut taken)?,
            (tables::RECEIPTS, Some(_)) => {
                taken.took_record(remove(&mut self.receipts, key)?);
                taken.took(remove(&mut self.dead_letters, key)?);
                taken.took(remove(&mut self.ignored, key)?);
            }
            (tables::LANES, _) => self.rebuild_lane(key, &mut taken)?,
            (tables::TIMERS, _) => self.rebuild_timer(key, &mut taken)?,
            (tables::TIMERS_BY_TIME, _) => {
                taken.took_record(remove(&mut self.timers_by_time, key)?);
                self.rebuild_timers_by_time(&mut taken)?;
            }
            (tables::META, _) => self.rebuild_meta(key, &mut taken)?,
            (tables::RESOLVED_BY_TIME, _) => {
                taken.took_record(remove(&mut self.resolved_by_time, key)?);
                self.rebuild_resolved_by_time(key, &mut taken)?;
            }
            (tables::DUE, _) => {
                taken.took_record(remove(&mut self.due, key)?);
                self.rebuild_due(&mut taken)?;
            }
            (tables::SEEN, _) => {
                taken.took_record(remove(&mut self.seen, key)?);
                remove_ending(&mut self.seen_by_time, key)?;
            }
            (tables::TIMELINE, _) => {
                taken.incident = key.first_chunk().map(|bytes| Id::from_bytes(*bytes));
                taken.took_record(remove(&mut self.timeline, key)?);
                self.replace_line(key, &mut taken)?;
            }
            (tables::REFERENCES, _) => {
                taken.incident = key.first_chunk().map(|bytes| Id::from_bytes(*bytes));
                taken.took_record(remove(&mut self.references, key)?);
            }
            _ => self.take_alone(table, key, &mut taken)?,
        }
        Ok(taken)
    }

    /// A row to which nothing leads.
    fn take_alone(&mut self, table: Definition, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        let alone = [
            (tables::IDENTITIES, &mut self.identities),
            (tables::KEYS_BY_INCIDENT, &mut self.keys_by_incident),
            (tables::TOLD, &mut self.told),
            (tables::INCIDENT_NUMBERS, &mut self.incident_numbers),
            (tables::INCIDENTS, &mut self.incidents),
            (tables::INCIDENTS_BY_KIND, &mut self.incidents_by_kind),
            (tables::RECEIPTS, &mut self.receipts),
            (tables::DEAD_LETTERS, &mut self.dead_letters),
            (tables::IGNORED, &mut self.ignored),
            (tables::DELIVERIES, &mut self.deliveries),
            (tables::DELIVERIES_BY_STATE, &mut self.deliveries_by_state),
            (tables::DELIVERIES_BY_INCIDENT, &mut self.deliveries_by_incident),
            (tables::PAUSES, &mut self.pauses),
        ];
        for (_, rows) in alone.into_iter().filter(|(other, _)| *other == table) {
            taken.took_record(remove(rows, key)?);
        }
        Ok(())
    }

    /// An incident, the ways to it, its timers and its deliveries, which nobody can send without it. Its timeline and what
    /// peers call it stay.
    fn take_incident(&mut self, id: IncidentId, taken: &mut TakenOut) -> Result<(), Fault> {
        let key = id.to_bytes();
        taken.incident = Some(id);
        taken.took_record(remove(&mut self.incidents, &key)?);
        for row in keys_where(&self.incidents_by_kind, |row, _| row.ends_with(&key))? {
            taken.took(remove(&mut self.incidents_by_kind, &row)?);
            if let Ok(kind) = OwnedKind::read(&row) {
                self.head.counters.incident_left(kind.state);
            }
        }
        for row in keys_where(&self.resolved_by_time, |row, _| row.ends_with(&key))? {
            taken.took(remove(&mut self.resolved_by_time, &row)?);
        }
        for delivery in rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &key)? {
            self.take_delivery(delivery, &mut TakenOut::default())?;
        }
        for row in super::forget::rows_below(&self.keys_by_incident, &key)? {
            taken.took(remove(&mut self.keys_by_incident, &row)?);
        }
        for rows in [&mut self.incident_numbers, &mut self.identities] {
            for row in keys_where(rows, |_, value| value == key)? {
                taken.took(remove(rows, &row)?);
            }
        }
        for timer in [Timer::Steady(id), Timer::AutoResolve(id)] {
            self.stop_timer(&timer.to_string())?;
        }
        let repeats = Timer::Repeat { incident: id, action: String::new().into() }.to_string();
        for timer in keys_where(&self.timers, |timer, _| timer.starts_with(repeats.as_bytes()))? {
            if let Ok(timer) = std::str::from_utf8(&timer) {
                self.stop_timer(timer)?;
            }
        }
        Ok(())
    }

    /// Deliveries whose change stood in the line under `key` tell that the incident is as it is.
    fn replace_line(&mut self, key: &[u8], taken: &mut TakenOut) -> Result<(), Fault> {
        let Some(incident) = taken.incident else { return Ok(()) };
        let prefix = incident.to_bytes();
        for id in rows::ids_below(&self.deliveries_by_incident, tables::DELIVERIES_BY_INCIDENT, &prefix)? {
            let Some(Some(mut row)) = taken.readable(self.delivery_tables().row(id))? else { continue };
            let is_it = |line: LineId| keys::timeline(incident, line.entry, line.line) == key;
            if row.line().is_some_and(is_it) {
                let change = Change::of_the_relay(ChangeKind::Updated, row.owed_since, Reason::none());
                row.change = RowChange::Own(change);
                let record = super::record(tables::DELIVERIES, &id.to_bytes(), &row, &mut self.buffer)?;
                self.deliveries.insert(&id.to_bytes(), record)?;
            }
        }
        Ok(())
    }

    /// A delivery, the ways to it, and its place in its lane: the next one moves up.
    fn take_delivery(&mut self, id: DeliveryId, taken: &mut TakenOut) -> Result<(), Fault> {
        let key = id.to_bytes();
        let row = remove(&mut self.deliveries, &key)?;
        let was_there = row.is_some();
        taken.changed |= was_there;
        for row in keys_where(&self.deliveries_by_incident, |row, _| row.ends_with(&key))? {
            taken.incident = row.first_chunk().map(|bytes| Id::from_bytes(*bytes));
            taken.took(remove(&mut self.deliveries_by_incident, &row)?);
        }
        if was_there {
            taken.bytes = row.unwrap_or_default();
        }
        for state in DeliveryState::ALL {
            let row = keys::state_id(keys::delivery_state(state), id);
            if self.deliveries_by_state.remove(row.as_slice())?.is_some() {
                self.head.counters.delivery_left(state);
                taken.changed = true;
            }
        }
        for row in keys_where(&self.due, |row, _| row.ends_with(&key))? {
            taken.took(remove(&mut self.due, &row)?);
        }
        self.stop_timer(&Timer::Held(id).to_string())?;
        let has_it = |value: &[u8]| keys::ids(value).is_some_and(|lane| lane.contains(&id));
        for row in keys_where(&self.lanes, |_, value| has_it(value))? {
            self.leave_lane(&row, id, taken)?;
        }
        // A row of the index that leads nowhere may have been another delivery's.
        if was_there { Ok(()) } else { self.rebuild_due(taken) }
    }

    /// Takes a delivery out of the lane under `key`.
    fn leave_lane(&mut self, key: &[u8], id: DeliveryId, taken: &mut TakenOut) -> Result<(), Fault> {
        let Some((connection, incident)) = rows::connection_and_id(key) else { return Ok(()) };
        let lane = self.lanes.get(key)?.and_then(|value| keys::ids(value.value()));
        let Some(mut lane) = lane else { return Ok(()) };
        lane.retain(|other| *other != id);
        self.set_lane(&connection.into(), incident, &lane)?;
        taken.changed = true;
        self.move_up(&lane, taken)
    }

    /// Makes the first delivery of a lane due, if it waits for its turn.
    fn move_up(&mut self, lane: &[DeliveryId], taken: &mut TakenOut) -> Result<(), Fault> {
        let Some(first) = lane.first() else { return Ok(()) };
        let read = self.delivery_tables().delivery(*first);
        if let Some(Some(before)) = taken.readable(read)?
            && before.state == DeliveryState::Waiting
        {
            let after = Delivery { state: DeliveryState::Due, ..before.clone() };
            self.put_delivery(Some(&before), &after)?;
        }
        Ok(())
    }

    /// Stops a timer, whatever its row says.
    fn stop_timer(&mut self, timer: &str) -> Result<(), Fault> {
        let Some(value) = remove(&mut self.timers, timer.as_bytes())? else { return Ok(()) };
        match rows::timer(timer.as_bytes(), &value) {
            Ok(at) => drop(self.timers_by_time.remove(keys::timer_by_time(at, timer).as_slice())?),
            Err(_) => {
                let is_its = |row: &[u8], _: &[u8]| row.get(keys::TIME..) == Some(timer.as_bytes());
                for row in keys_where(&self.timers_by_time, is_its)? {
                    remove(&mut self.timers_by_time, &row)?;
                }
            }
        }
        Ok(())
    }
}

/// Removes a row, and returns what it held.
fn remove(rows: &mut StateTable<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    Ok(rows.remove(key)?.map(|value| value.value().to_vec()))
}

/// Removes the rows whose keys are a time and then `end`.
fn remove_ending(rows: &mut StateTable<'_>, end: &[u8]) -> Result<(), Fault> {
    for row in keys_where(rows, |row, _| row.get(keys::TIME..) == Some(end))? {
        remove(rows, &row)?;
    }
    Ok(())
}

/// The keys of the rows about which `holds` is true.
fn keys_where(rows: &StateTable<'_>, holds: impl Fn(&[u8], &[u8]) -> bool) -> Result<Vec<Vec<u8>>, Fault> {
    let mut found = Vec::new();
    for row in rows.iter()? {
        let (key, value) = row?;
        if holds(key.value(), value.value()) {
            found.push(key.value().to_vec());
        }
    }
    Ok(found)
}

/// Adds an index row.
fn mark(rows: &mut StateTable<'_>, key: &[u8]) -> Result<bool, Fault> {
    Ok(rows.insert(key, NOTHING)?.is_none())
}
