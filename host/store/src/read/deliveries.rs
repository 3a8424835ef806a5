//! Reading deliveries: lists of them, and what peers call their incidents.

use redb::ReadOnlyTable;
use tocsin_core::delivery::{Delivery, DeliveryState, Reference};
use tocsin_core::id::{DeliveryId, IncidentId, OfDelivery};
use tocsin_core::name::{ActionName, ConnectionName};

use super::page::{Looked, Newest, Page, Period, Span, page};
use super::{Snapshot, dangling};
use crate::error::{Fault, ReadError};
use crate::record::delivery::References;
use crate::rows::DeliveryTables;
use crate::store::Store;
use crate::table::Bytes;
use crate::tables;
use crate::{keys, rows};

/// Which deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// In one of these states; in any when empty.
    pub states: Vec<DeliveryState>,
    /// Over this connection. No index has it: each page looks at the newest of those that the rest of the query leaves.
    pub connection: Option<ConnectionName>,
    /// Of this action. Likewise.
    pub action: Option<ActionName>,
    /// Of this incident.
    pub incident: Option<IncidentId>,
    /// Made then, to the millisecond.
    pub made: Period,
    /// Made before this one.
    pub before: Option<DeliveryId>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

impl Store {
    /// A page of deliveries, newest first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery, OfDelivery>, ReadError> {
        self.reading(|live| Ok(deliveries(&Snapshot::new(live)?, query)?))
    }

    /// The delivery with this id.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, ReadError> {
        self.reading(|live| Ok(delivery(&Snapshot::new(live)?, id)?))
    }

    /// The deliveries of which an attempt began and did not end, as far as the store knows.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn sending(&self) -> Result<Vec<DeliveryId>, ReadError> {
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
    pub fn references(&self, connection: &str, incident: IncidentId) -> Result<Vec<Reference>, ReadError> {
        self.reading(|live| {
            let references = Snapshot::new(live)?.table(tables::REFERENCES)?;
            let key = keys::id_text(incident, connection);
            let kept: Option<References> = rows::get(&references, tables::REFERENCES, &key)?;
            Ok(kept.map_or_else(Vec::new, |kept| kept.0))
        })
    }

    /// What the peers behind all connections call `incident`, in the order of the connections' names,
    /// [`Store::REFERRERS_MAX`] at most.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn references_of(&self, incident: IncidentId) -> Result<Vec<(String, Vec<Reference>)>, ReadError> {
        self.reading(|live| Ok(references_of(&Snapshot::new(live)?, incident)?))
    }

    /// Connections of which [`Store::references_of`] tells.
    pub const REFERRERS_MAX: usize = 256;
}

fn deliveries(snapshot: &Snapshot, query: &DeliveryQuery) -> Result<Page<Delivery, OfDelivery>, Fault> {
    let rows = DeliveryRows::of(snapshot)?;
    let (index, prefixes) = match query.incident {
        Some(incident) => (tables::DELIVERIES_BY_INCIDENT, vec![incident.to_bytes().to_vec()]),
        None if query.states.is_empty() => (tables::DELIVERIES, vec![Vec::new()]),
        None => {
            let states = DeliveryState::ALL.into_iter().filter(|state| query.states.contains(state));
            (tables::DELIVERIES_BY_STATE, states.map(|state| vec![keys::delivery_state(state)]).collect())
        }
    };
    let ids = Newest::below(snapshot, index, &prefixes, Span::new(query.made, query.before))?;
    page(ids, query.limit, |id| {
        let row = rows.tables().row(id)?.ok_or_else(|| dangling(tables::DELIVERIES, id, index))?;
        let matches = query.connection.as_ref().is_none_or(|connection| *connection == row.connection)
            && query.action.as_ref().is_none_or(|action| *action == row.action)
            && (query.states.is_empty() || query.states.contains(&row.state));
        if matches { rows.tables().whole(id, row).map(Looked::Found) } else { Ok(Looked::Missed(1)) }
    })
}

/// The tables of a snapshot that deliveries are read from.
pub(super) struct DeliveryRows {
    deliveries: ReadOnlyTable<Bytes, Bytes>,
    incidents: ReadOnlyTable<Bytes, Bytes>,
    timeline: ReadOnlyTable<Bytes, Bytes>,
}

impl DeliveryRows {
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self, Fault> {
        Ok(Self {
            deliveries: snapshot.table(tables::DELIVERIES)?,
            incidents: snapshot.table(tables::INCIDENTS)?,
            timeline: snapshot.table(tables::TIMELINE)?,
        })
    }

    pub(super) fn tables(&self) -> DeliveryTables<'_, ReadOnlyTable<Bytes, Bytes>> {
        let Self { deliveries, incidents, timeline } = self;
        DeliveryTables { deliveries, incidents, timeline }
    }
}

fn delivery(snapshot: &Snapshot, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    DeliveryRows::of(snapshot)?.tables().delivery(id)
}

fn references_of(snapshot: &Snapshot, incident: IncidentId) -> Result<Vec<(String, Vec<Reference>)>, Fault> {
    let rows = snapshot.table(tables::REFERENCES)?;
    let prefix = incident.to_bytes();
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>(prefix.as_slice()..)? {
        let (key, value) = row?;
        let Some(connection) = key.value().strip_prefix(prefix.as_slice()) else { break };
        if found.len() == Store::REFERRERS_MAX {
            break;
        }
        let wrong = || rows::not(tables::REFERENCES, key.value(), "an incident and a connection");
        let read = std::str::from_utf8(connection).map_err(|_| wrong()).and_then(|connection| {
            let References(references) = rows::read(tables::REFERENCES, key.value(), value.value())?;
            Ok((connection.to_owned(), references))
        });
        found.extend(snapshot.readable(read)?);
    }
    Ok(found)
}
