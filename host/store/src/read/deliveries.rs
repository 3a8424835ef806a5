//! Reading deliveries: lists of them, and what is due.

use redb::ReadOnlyTable;
use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::id::Id;
use tocsin_core::time::Timestamp;

use super::{Newest, Snapshot, dangling, page};
use crate::error::{Fault, ReadError};
use crate::record::delivery::References;
use crate::store::Store;
use crate::tables::{self, Bytes, Definition};
use crate::{keys, rows};

/// Which deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// In one of these states; in any when empty.
    pub states: Vec<DeliveryState>,
    /// Over this connection. Looked for among those of the states or of the incident.
    pub connection: Option<String>,
    /// Of this action. Looked for likewise.
    pub action: Option<String>,
    /// Of this incident.
    pub incident: Option<Id>,
    /// Made before this one.
    pub before: Option<Id>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

impl Store {
    /// Deliveries, newest first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, ReadError> {
        self.reading(|live| Ok(deliveries(&Snapshot::new(live)?, query)?))
    }

    /// The delivery with this id.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn delivery(&self, id: Id) -> Result<Option<Delivery>, ReadError> {
        self.reading(|live| Ok(delivery(&Snapshot::new(live)?, id)?))
    }

    /// At most `limit` deliveries over `connection` that are due at `now`, earliest first, whether or not the
    /// connection is paused.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn due(&self, connection: &str, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, ReadError> {
        self.reading(|live| Ok(due(&Snapshot::new(live)?, connection, now, limit)?))
    }

    /// When the next delivery over `connection` is due, be it long ago; none when there is none.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn next_due(&self, connection: &str) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let due = snapshot.table(tables::DUE)?;
            let prefix = keys::text(connection);
            for row in due.range::<&[u8]>(prefix.as_slice()..).map_err(Fault::from)? {
                let (key, _) = row.map_err(Fault::from)?;
                if !key.value().starts_with(&prefix) {
                    break;
                }
                if let Some((time, _)) = snapshot.readable(rows::due(key.value()))? {
                    return Ok(Some(time));
                }
            }
            Ok(None)
        })
    }

    /// The connections over which a delivery is due, now or later, paused or not.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn due_connections(&self) -> Result<Vec<String>, ReadError> {
        self.reading(|live| Ok(due_connections(&Snapshot::new(live)?)?))
    }

    /// What the peer behind `connection` calls `incident`.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn references(&self, connection: &str, incident: Id) -> Result<Vec<Reference>, ReadError> {
        self.reading(|live| {
            let references = Snapshot::new(live)?.table(tables::REFERENCES)?;
            let key = keys::text_id(connection, incident);
            let kept: Option<References> = rows::get(&references, tables::REFERENCES, &key)?;
            Ok(kept.map_or_else(Vec::new, |kept| kept.0))
        })
    }

    /// What the peers behind all connections call `incident`: the connections that have a name for it, the
    /// shortest names first, [`Store::REFERRERS_MAX`] at most. Two looks for each connection that ever had a
    /// name for any incident.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn references_of(&self, incident: Id) -> Result<Vec<(String, Vec<Reference>)>, ReadError> {
        self.reading(|live| Ok(references_of(&Snapshot::new(live)?, incident)?))
    }

    /// Connections of which [`Store::references_of`] tells.
    pub const REFERRERS_MAX: usize = 256;
}

fn deliveries(snapshot: &Snapshot, query: &DeliveryQuery) -> Result<Vec<Delivery>, Fault> {
    let heads = snapshot.table(tables::DELIVERIES)?;
    let contents = snapshot.table(tables::DELIVERY_CONTENTS)?;
    let (index, prefixes) = match query.incident {
        Some(incident) => (tables::DELIVERIES_BY_INCIDENT, vec![incident.to_bytes().to_vec()]),
        None if query.states.is_empty() => (tables::DELIVERIES, vec![Vec::new()]),
        None => {
            let states = DeliveryState::ALL.into_iter().filter(|state| query.states.contains(state));
            (tables::DELIVERIES_BY_STATE, states.map(|state| vec![keys::delivery_state(state)]).collect())
        }
    };
    page(Newest::below(snapshot, index, &prefixes, query.before)?, query.limit, |id| {
        let key = id.to_bytes();
        let head =
            rows::delivery_head(&heads, &key)?.ok_or_else(|| dangling(tables::DELIVERIES, id, index))?;
        let matches = query.connection.as_ref().is_none_or(|connection| *connection == head.connection)
            && query.action.as_ref().is_none_or(|action| *action == head.action)
            && (query.states.is_empty() || query.states.contains(&head.state()));
        if matches { rows::delivery_of(head, &contents, &key).map(Some) } else { Ok(None) }
    })
}

fn delivery(snapshot: &Snapshot, id: Id) -> Result<Option<Delivery>, Fault> {
    let heads = snapshot.table(tables::DELIVERIES)?;
    rows::delivery(&heads, &snapshot.table(tables::DELIVERY_CONTENTS)?, &id.to_bytes())
}

fn due(snapshot: &Snapshot, connection: &str, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, Fault> {
    let heads = snapshot.table(tables::DELIVERIES)?;
    let contents = snapshot.table(tables::DELIVERY_CONTENTS)?;
    let rows = snapshot.table(tables::DUE)?;
    let start = keys::text(connection);
    // All ids of that moment count as due at it.
    let end = [start.as_slice(), &keys::time(now), &[u8::MAX; keys::ID]].concat();
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>(start.as_slice()..=end.as_slice())? {
        if found.len() >= limit {
            break;
        }
        let (key, _) = row?;
        let read = rows::due(key.value()).and_then(|(_, id)| {
            let delivery = rows::delivery(&heads, &contents, &id.to_bytes())?;
            delivery.ok_or_else(|| dangling(tables::DELIVERIES, id, tables::DUE))
        });
        found.extend(snapshot.readable(read)?);
    }
    Ok(found)
}

fn due_connections(snapshot: &Snapshot) -> Result<Vec<String>, Fault> {
    let rows = snapshot.table(tables::DUE)?;
    let mut connections: Vec<String> = Vec::new();
    while let Some(connection) =
        next_connection(snapshot, &rows, tables::DUE, connections.last().map(String::as_str))?
    {
        connections.push(connection);
    }
    Ok(connections)
}

fn references_of(snapshot: &Snapshot, incident: Id) -> Result<Vec<(String, Vec<Reference>)>, Fault> {
    let rows = snapshot.table(tables::REFERENCES)?;
    let mut found = Vec::new();
    let mut last: Option<String> = None;
    while found.len() < Store::REFERRERS_MAX
        && let Some(connection) = next_connection(snapshot, &rows, tables::REFERENCES, last.as_deref())?
    {
        let key = keys::text_id(&connection, incident);
        let kept = snapshot.readable(rows::get(&rows, tables::REFERENCES, &key))?;
        if let Some(Some(References(references))) = kept {
            found.push((connection.clone(), references));
        }
        last = Some(connection);
    }
    Ok(found)
}

/// The first connection after `last` of those that the keys of a table begin with.
fn next_connection(
    snapshot: &Snapshot,
    rows: &ReadOnlyTable<Bytes, Bytes>,
    table: Definition,
    last: Option<&str>,
) -> Result<Option<String>, Fault> {
    // From one connection's rows past all of them to the next connection's.
    let from = match last {
        Some(last) => keys::after(&keys::text(last)),
        None => Some(Vec::new()),
    };
    let Some(from) = from else { return Ok(None) };
    for row in rows.range::<&[u8]>(from.as_slice()..)? {
        let (key, _) = row?;
        let connection = keys::split_text(key.value()).map(|(connection, _)| connection.to_owned());
        let wrong = || rows::not(table, key.value(), "a connection's");
        if let Some(connection) = snapshot.readable(connection.ok_or_else(wrong))? {
            return Ok(Some(connection));
        }
    }
    Ok(None)
}
