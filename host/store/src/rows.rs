//! Reading rows: from a table of a read or a write transaction to the core's types, with the fault that names
//! the row when it cannot be read.

use redb::AccessGuard;
use tocsin_core::delivery::Delivery;
use tocsin_core::fold::{Pause, ReceiptRecord};
use tocsin_core::id::Id;
use tocsin_core::incident::Incident;
use tocsin_core::routing::{Router, Routing};
use tocsin_core::time::Timestamp;

use crate::error::{Fault, Problem};
use crate::keys;
use crate::record::Stored;
use crate::record::delivery::{HeadV1, read_head, with_content};
use crate::table::{Bytes, Rows};
use crate::tables::{self, Definition};

/// The fault of one row.
pub(crate) fn fault(table: Definition, key: &[u8], problem: Problem) -> Fault {
    Fault::Record { table: table.name, key: table.key_words(key), row: key.into(), problem }
}

/// The fault of a row whose bytes are not `what`.
pub(crate) fn not(table: Definition, key: &[u8], what: &str) -> Fault {
    fault(table, key, Problem::Body(format!("it is not {what}")))
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
pub(crate) fn id(table: Definition, key: &[u8], value: &[u8]) -> Result<Id, Fault> {
    value.try_into().map(Id::from_bytes).map_err(|_| not(table, key, "an id"))
}

/// The id that a row's key ends with.
pub(crate) fn key_id(table: Definition, key: &[u8]) -> Result<Id, Fault> {
    keys::last_id(key).ok_or_else(|| not(table, key, "a key with an id"))
}

/// The value of a row of `seen`.
pub(crate) fn seen(key: &[u8], value: &[u8]) -> Result<(Timestamp, Id), Fault> {
    let wrong = || not(tables::SEEN, key, "a time and an id");
    let (time, id) = value.split_first_chunk::<{ keys::TIME }>().ok_or_else(wrong)?;
    let id = id.try_into().map_err(|_| wrong())?;
    Ok((keys::read_time(*time), Id::from_bytes(id)))
}

/// The last sequence number of the journal; 0 when it is empty.
pub(crate) fn last_sequence(journal: &impl Rows) -> Result<u64, Fault> {
    let Some((key, _)) = journal.last()? else { return Ok(0) };
    sequence(key.value())
}

/// The sequence number that a key of the journal is.
pub(crate) fn sequence(key: &[u8]) -> Result<u64, Fault> {
    number(tables::JOURNAL, key)
}

/// The number that a key of `table` is.
pub(crate) fn number(table: Definition, key: &[u8]) -> Result<u64, Fault> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| not(table, key, "a number"))
}

/// The connection and the id that a key consists of.
pub(crate) fn connection_and_id(key: &[u8]) -> Option<(String, Id)> {
    let (connection, id) = keys::split_text(key)?;
    Some((connection.to_owned(), Id::from_bytes(id.try_into().ok()?)))
}

/// The time and the delivery that a key of `due` ends with.
pub(crate) fn due(key: &[u8]) -> Result<(Timestamp, Id), Fault> {
    let wrong = || not(tables::DUE, key, "a connection, a source, a time and an id");
    let (_, rest) = keys::split_text(key).ok_or_else(wrong)?;
    let (_, rest) = keys::split_text(rest).ok_or_else(wrong)?;
    let (time, id) = rest.split_first_chunk::<{ keys::TIME }>().ok_or_else(wrong)?;
    let id = id.try_into().map_err(|_| wrong())?;
    Ok((keys::read_time(*time), Id::from_bytes(id)))
}

/// The configuration in force; one without anything before the first start.
pub(crate) fn router(meta: &impl Rows) -> Result<Router, Fault> {
    let routing: Routing = get(meta, tables::META, tables::META_ROUTING)?.unwrap_or_default();
    compiled(routing)
}

/// A configuration without anything.
pub(crate) fn no_router() -> Result<Router, Fault> {
    compiled(Routing::default())
}

fn compiled(routing: Routing) -> Result<Router, Fault> {
    Router::new(routing)
        .map_err(|invalid| fault(tables::META, tables::META_ROUTING, Problem::Body(invalid.to_string())))
}

/// The first key, if it sorts before `end`.
pub(crate) fn first_before(rows: &impl Rows, end: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let first = rows.first()?;
    Ok(first.map(|(key, _)| key.value().to_vec()).filter(|key| key.as_slice() < end))
}

/// The ids that keys beginning with `prefix` end with, in order.
pub(crate) fn ids_below(rows: &impl Rows, table: Definition, prefix: &[u8]) -> Result<Vec<Id>, Fault> {
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

/// The records under keys that begin with `prefix`, in order.
pub(crate) fn below<T: Stored>(rows: &impl Rows, table: Definition, prefix: &[u8]) -> Result<Vec<T>, Fault> {
    let end = keys::after(prefix);
    let mut records = Vec::new();
    for row in rows.range::<&[u8]>(prefix..)? {
        let (key, value) = row?;
        if end.as_deref().is_some_and(|end| key.value() >= end) {
            break;
        }
        records.push(read(table, key.value(), value.value())?);
    }
    Ok(records)
}

/// The head of the delivery under `key`.
pub(crate) fn delivery_head(
    heads: &impl Rows,
    key: &[u8; keys::ID],
) -> Result<Option<HeadV1<'static>>, Fault> {
    let Some(head) = heads.get(key.as_slice())? else { return Ok(None) };
    let head = read_head(head.value()).map_err(|problem| fault(tables::DELIVERIES, key, problem))?;
    if head.id() != Id::from_bytes(*key) {
        return Err(not(tables::DELIVERIES, key, "the delivery of its key"));
    }
    Ok(Some(head))
}

/// The content under `key`, or whose it is; `from` points at it.
pub(crate) fn content<'r>(
    contents: &'r impl Rows,
    key: &[u8; keys::ID],
    from: Definition,
) -> Result<AccessGuard<'r, Bytes>, Fault> {
    let missing = || fault(tables::DELIVERY_CONTENTS, key, Problem::Missing(from.name));
    contents.get(key.as_slice())?.ok_or_else(missing)
}

/// A fault of the content of another delivery, as that of the one under `key`, which has the same content.
fn of_row(other: Fault, key: &[u8]) -> Fault {
    match other {
        Fault::Record { problem, .. } => fault(tables::DELIVERY_CONTENTS, key, problem),
        other => other,
    }
}

/// The delivery that `head` is of.
pub(crate) fn delivery_of(
    head: HeadV1<'_>,
    contents: &impl Rows,
    key: &[u8; keys::ID],
) -> Result<Delivery, Fault> {
    let own = content(contents, key, tables::DELIVERIES)?;
    // A value as long as an id is one: no record is as short.
    let content = match own.value().try_into() {
        Ok(same) => content(contents, same, tables::DELIVERY_CONTENTS).map_err(|fault| of_row(fault, key))?,
        Err(_) => own,
    };
    with_content(head, content.value()).map_err(|problem| fault(tables::DELIVERY_CONTENTS, key, problem))
}

/// The delivery under `key`.
pub(crate) fn delivery(
    heads: &impl Rows,
    contents: &impl Rows,
    key: &[u8; keys::ID],
) -> Result<Option<Delivery>, Fault> {
    let Some(head) = delivery_head(heads, key)? else { return Ok(None) };
    delivery_of(head, contents, key).map(Some)
}

/// The time that a row of `timers` is due.
pub(crate) fn timer(key: &[u8], value: &[u8]) -> Result<Timestamp, Fault> {
    value.try_into().map(keys::read_time).map_err(|_| not(tables::TIMERS, key, "a time"))
}

/// The paused connections, in the order of their names.
pub(crate) fn pauses(pauses: &impl Rows) -> Result<Vec<(String, Pause)>, Fault> {
    let mut paused = Vec::new();
    for row in pauses.iter()? {
        let (key, value) = row?;
        paused.push(named_pause(key.value(), value.value())?);
    }
    Ok(paused)
}

/// A row of `pauses`.
pub(crate) fn named_pause(key: &[u8], value: &[u8]) -> Result<(String, Pause), Fault> {
    let name = std::str::from_utf8(key).map_err(|_| not(tables::PAUSES, key, "a connection's name"))?;
    Ok((name.to_owned(), read(tables::PAUSES, key, value)?))
}

/// The row of `pauses` under `key`.
pub(crate) fn pause(pauses: &impl Rows, key: &[u8]) -> Result<Option<(String, Pause)>, Fault> {
    pauses.get(key)?.map(|value| named_pause(key, value.value())).transpose()
}

/// The incident with this id.
pub(crate) fn incident(incidents: &impl Rows, id: Id) -> Result<Option<Incident>, Fault> {
    let key = id.to_bytes();
    let found: Option<Incident> = get(incidents, tables::INCIDENTS, &key)?;
    match found {
        Some(other) if other.id != id => Err(not(tables::INCIDENTS, &key, "the incident of its key")),
        found => Ok(found),
    }
}

/// The receipt with this id.
pub(crate) fn receipt(receipts: &impl Rows, id: Id) -> Result<Option<ReceiptRecord>, Fault> {
    let key = id.to_bytes();
    let found: Option<ReceiptRecord> = get(receipts, tables::RECEIPTS, &key)?;
    match found {
        Some(other) if other.id != id => Err(not(tables::RECEIPTS, &key, "the receipt of its key")),
        found => Ok(found),
    }
}
