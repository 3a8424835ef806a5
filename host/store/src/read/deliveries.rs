//! Reading deliveries: lists of them, and what peers call their incidents.

use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::id::Id;

use super::due::next_text;
use super::{Newest, Snapshot, dangling, page};
use crate::error::{Fault, ReadError};
use crate::record::delivery::References;
use crate::store::Store;
use crate::tables;
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

    /// The deliveries of which an attempt began and did not end, as far as the store knows.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn sending(&self) -> Result<Vec<Id>, ReadError> {
        self.reading(|live| {
            let states = Snapshot::new(live)?.table(tables::DELIVERIES_BY_STATE)?;
            let state = [keys::delivery_state(DeliveryState::Sending)];
            Ok(rows::ids_below(&states, tables::DELIVERIES_BY_STATE, &state)?)
        })
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

fn references_of(snapshot: &Snapshot, incident: Id) -> Result<Vec<(String, Vec<Reference>)>, Fault> {
    let rows = snapshot.table(tables::REFERENCES)?;
    let mut found = Vec::new();
    let mut last: Option<String> = None;
    while found.len() < Store::REFERRERS_MAX
        && let Some(connection) = next_text(snapshot, &rows, tables::REFERENCES, &[], last.as_deref())?
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
