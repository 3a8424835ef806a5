//! Reading rows: from a table of a read or a write transaction to the core's types, with the fault that names
//! the row when it cannot be read.

use tocsin_core::delivery::{Delivery, LineId};
use tocsin_core::id::{DeliveryId, Id, IncidentId, Kind, ReceiptId};
use tocsin_core::incident::Incident;
use tocsin_core::name::ConnectionName;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, TimelineItem};
use tocsin_core::time::Timestamp;
use tocsin_core::told::Told;

use crate::error::{Fault, RecordProblem};
use crate::keys;
use crate::record::Stored;
use crate::record::delivery::{DeliveryRow, RowChange};
use crate::record::told::ToldRow;
use crate::table::Rows;
use crate::tables::{self, Definition};

/// The fault of one row.
pub(crate) fn fault(table: Definition, key: &[u8], problem: RecordProblem) -> Fault {
    Fault::Record { table: table.name, key: table.key_words(key), row: key.into(), problem }
}

/// The fault of a row whose bytes are not `what`.
pub(crate) fn not(table: Definition, key: &[u8], what: &str) -> Fault {
    fault(table, key, RecordProblem::Body(format!("it is not {what}")))
}

/// Reads a record's bytes.
pub(crate) fn read<T: Stored>(table: Definition, key: &[u8], bytes: &[u8]) -> Result<T, Fault> {
    T::read(bytes).map_err(|problem| fault(table, key, problem))
}

/// The record under `key`.
pub(crate) fn get<T: Stored>(rows: &impl Rows, table: Definition, key: &[u8]) -> Result<Option<T>, Fault> {
    rows.get(key)?.map(|value| read(table, key, value.value())).transpose()
}

/// The id that a row's value is.
pub(crate) fn id<K: Kind>(table: Definition, key: &[u8], value: &[u8]) -> Result<Id<K>, Fault> {
    value.try_into().map(Id::from_bytes).map_err(|_| not(table, key, "an id"))
}

/// The id that a row's key ends with.
pub(crate) fn key_id<K: Kind>(table: Definition, key: &[u8]) -> Result<Id<K>, Fault> {
    keys::last_id(key).ok_or_else(|| not(table, key, "a key with an id"))
}

/// The value of a row of `seen`.
pub(crate) fn seen(key: &[u8], value: &[u8]) -> Result<(Timestamp, ReceiptId), Fault> {
    let wrong = || not(tables::SEEN, key, "a time and an id");
    let (time, id) = value.split_first_chunk::<{ keys::TIME }>().ok_or_else(wrong)?;
    let id = id.try_into().map_err(|_| wrong())?;
    Ok((keys::read_time(*time), Id::from_bytes(id)))
}

/// The number of the first entry of a row of the journal, which its key is.
pub(crate) fn sequence(key: &[u8]) -> Result<u64, Fault> {
    number(tables::JOURNAL, key)
}

/// The number that a key of `table` is.
pub(crate) fn number(table: Definition, key: &[u8]) -> Result<u64, Fault> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| not(table, key, "a number"))
}

/// The connection and the id that a key consists of.
pub(crate) fn connection_and_id(key: &[u8]) -> Option<(String, IncidentId)> {
    let (connection, id) = keys::split_text(key)?;
    Some((connection.to_owned(), Id::from_bytes(id.try_into().ok()?)))
}

/// The time and the delivery that a key of `due` ends with.
pub(crate) fn due(key: &[u8]) -> Result<(Timestamp, DeliveryId), Fault> {
    let wrong = || not(tables::DUE, key, "a connection, a source, a time and an id");
    let (_, rest) = keys::split_text(key).ok_or_else(wrong)?;
    let (_, rest) = keys::split_text(rest).ok_or_else(wrong)?;
    let (time, id) = rest.split_first_chunk::<{ keys::TIME }>().ok_or_else(wrong)?;
    let id = id.try_into().map_err(|_| wrong())?;
    Ok((keys::read_time(*time), Id::from_bytes(id)))
}

/// The first key, if it sorts before `end`.
pub(crate) fn first_before(rows: &impl Rows, end: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let first = rows.first()?;
    Ok(first.map(|(key, _)| key.value().to_vec()).filter(|key| key.as_slice() < end))
}

/// The ids that keys beginning with `prefix` end with, in order.
pub(crate) fn ids_below<K: Kind>(
    rows: &impl Rows,
    table: Definition,
    prefix: &[u8],
) -> Result<Vec<Id<K>>, Fault> {
    let end = keys::after(prefix);
    let mut ids = Vec::new();
    for row in rows.range::<&[u8]>(prefix..)? {
        let (key, _) = row?;
        if end.as_deref().is_some_and(|end| key.value() >= end) {
            break;
        }
        ids.push(key_id(table, key.value())?);
    }
    Ok(ids)
}

/// What every action told of an incident, in the order of actions and connections.
pub(crate) fn told(rows: &impl Rows, incident: IncidentId) -> Result<Vec<Told>, Fault> {
    let prefix = incident.to_bytes();
    let end = keys::after(&prefix);
    let mut told = Vec::new();
    for row in rows.range::<&[u8]>(prefix.as_slice()..)? {
        let (key, value) = row?;
        if end.as_deref().is_some_and(|end| key.value() >= end) {
            break;
        }
        let wrong = || not(tables::TOLD, key.value(), "an incident, an action and a connection");
        let names = key.value().get(keys::ID..).and_then(keys::split_text);
        let (action, connection) = names.ok_or_else(wrong)?;
        let connection = std::str::from_utf8(connection).map_err(|_| wrong())?;
        let row: ToldRow = read(tables::TOLD, key.value(), value.value())?;
        told.push(row.of(action.into(), connection.into()));
    }
    Ok(told)
}

/// The tables that a delivery is read from.
#[derive(Clone, Copy)]
pub(crate) struct DeliveryTables<'r, R> {
    pub(crate) deliveries: &'r R,
    pub(crate) incidents: &'r R,
    pub(crate) timeline: &'r R,
}

impl<R: Rows> DeliveryTables<'_, R> {
    /// The row of the delivery with this id.
    pub(crate) fn row(&self, id: DeliveryId) -> Result<Option<DeliveryRow>, Fault> {
        get(self.deliveries, tables::DELIVERIES, &id.to_bytes())
    }

    /// The delivery with this id.
    pub(crate) fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        self.row(id)?.map(|row| self.whole(id, row)).transpose()
    }

    /// The delivery whose row was read. A row that leads to an incident or a line that is not there is wrong itself.
    pub(crate) fn whole(&self, id: DeliveryId, row: DeliveryRow) -> Result<Delivery, Fault> {
        let missing = |what| fault(tables::DELIVERIES, &id.to_bytes(), RecordProblem::Gone(what));
        let incident = incident(self.incidents, row.incident)?.ok_or_else(|| missing("its incident"))?;
        let change = match &row.change {
            RowChange::Own(change) => (change.clone(), None),
            RowChange::Line(line) => {
                let item = line_of(self.timeline, row.incident, *line)?;
                let change = item.and_then(|item| Some((item.change()?, item.origin())));
                change.ok_or_else(|| missing("its change"))?
            }
        };
        Ok(row.with(id, incident, change))
    }
}

/// A line of an incident's timeline.
pub(crate) fn line_of(
    timeline: &impl Rows,
    incident: IncidentId,
    line: LineId,
) -> Result<Option<TimelineItem>, Fault> {
    get(timeline, tables::TIMELINE, &keys::timeline(incident, line.entry, line.line))
}

/// Bytes of the digest of entries.
pub(crate) const CHAIN: usize = 16;

/// The digest of the entries up to the one with this record, behind those with the digest `before`.
pub(crate) fn chained(before: u128, record: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(&[&before.to_be_bytes(), record].concat())
}

/// The time that a row of `timers` is due.
pub(crate) fn timer(key: &[u8], value: &[u8]) -> Result<Timestamp, Fault> {
    value.try_into().map(keys::read_time).map_err(|_| not(tables::TIMERS, key, "a time"))
}

/// The paused connections, in the order of their names.
pub(crate) fn pauses(pauses: &impl Rows) -> Result<Vec<(ConnectionName, Pause)>, Fault> {
    let mut paused = Vec::new();
    for row in pauses.iter()? {
        let (key, value) = row?;
        paused.push(named_pause(key.value(), value.value())?);
    }
    Ok(paused)
}

/// A row of `pauses`.
pub(crate) fn named_pause(key: &[u8], value: &[u8]) -> Result<(ConnectionName, Pause), Fault> {
    let name = std::str::from_utf8(key).map_err(|_| not(tables::PAUSES, key, "a connection's name"))?;
    Ok((name.into(), read(tables::PAUSES, key, value)?))
}

/// The row of `pauses` under `key`.
pub(crate) fn pause(pauses: &impl Rows, key: &[u8]) -> Result<Option<(ConnectionName, Pause)>, Fault> {
    pauses.get(key)?.map(|value| named_pause(key, value.value())).transpose()
}

/// The incident with this id.
pub(crate) fn incident(incidents: &impl Rows, id: IncidentId) -> Result<Option<Incident>, Fault> {
    let key = id.to_bytes();
    let found: Option<Incident> = get(incidents, tables::INCIDENTS, &key)?;
    match found {
        Some(other) if other.id != id => Err(not(tables::INCIDENTS, &key, "the incident of its key")),
        found => Ok(found),
    }
}

/// The row of `resolved_by_time` of an incident, if it is resolved.
pub(crate) fn resolved_by_time(incident: &Incident) -> Option<[u8; keys::TIME + keys::ID]> {
    incident.resolved_at().map(|at| keys::time_id(at, incident.id))
}

/// Whether the row `key` of `resolved_by_time` is the one of the incident that it leads to.
pub(crate) fn check_resolved_by_time(key: &[u8], incident: Option<&Incident>) -> Result<(), Fault> {
    match incident.and_then(resolved_by_time) {
        Some(row) if row == key => Ok(()),
        _ => Err(not(tables::RESOLVED_BY_TIME, key, "the time at which an incident was resolved")),
    }
}

/// The receipt with this id.
pub(crate) fn receipt(receipts: &impl Rows, id: ReceiptId) -> Result<Option<ReceiptRecord>, Fault> {
    let key = id.to_bytes();
    let found: Option<ReceiptRecord> = get(receipts, tables::RECEIPTS, &key)?;
    match found {
        Some(other) if other.id != id => Err(not(tables::RECEIPTS, &key, "the receipt of its key")),
        found => Ok(found),
    }
}
