//! Deliveries on disk, and what peers call incidents.
//!
//! A row does not repeat what other rows have: the incident is in its own row, and a change that stands in the
//! incident's timeline is in the line there.

use minicbor::{Decode, Encode};
use tocsin_core::delivery::{Attempt, Change, Delivery, DeliveryState, LineId, Reference};
use tocsin_core::id::{DeliveryId, IncidentId};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::name::{ActionName, ConnectionName};
use tocsin_core::time::Timestamp;
use tocsin_core::trace::Origin;

/// The references of one incident and connection.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct References(#[n(0)] pub(crate) Vec<Reference>);

/// A row of `deliveries`. Its key is the delivery's id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct DeliveryRow {
    #[n(0)]
    pub(crate) incident: IncidentId,
    /// Of the incident.
    #[n(1)]
    pub(crate) source: String,
    #[n(2)]
    pub(crate) action: ActionName,
    #[n(3)]
    pub(crate) connection: ConnectionName,
    #[n(4)]
    #[cbor(skip_if = "is_false")]
    test: bool,
    #[n(5)]
    pub(crate) change: RowChange,
    #[n(6)]
    shown: IncidentState,
    #[n(7)]
    pub(crate) state: DeliveryState,
    #[n(8)]
    attempts: u32,
    #[n(9)]
    pub(crate) next_at: Timestamp,
    #[n(10)]
    pub(crate) owed_since: Timestamp,
    #[n(11)]
    #[cbor(skip_if = "Vec::is_empty")]
    log: Vec<Attempt>,
}

/// Where the change of a delivery is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub(crate) enum RowChange {
    /// In this line of its incident's timeline.
    #[n(0)]
    Line(#[n(0)] LineId),
    /// Here.
    #[n(1)]
    Own(#[n(0)] Change),
}

impl From<&Delivery> for DeliveryRow {
    fn from(delivery: &Delivery) -> Self {
        let Delivery {
            id: _,
            action,
            connection,
            test,
            incident,
            shown,
            change,
            line,
            origin: _,
            state,
            attempts,
            next_at,
            owed_since,
            log,
        } = delivery;
        Self {
            incident: incident.id,
            source: incident.source.to_string(),
            action: action.clone(),
            connection: connection.clone(),
            test: *test,
            change: line.map_or_else(|| RowChange::Own(change.clone()), RowChange::Line),
            shown: *shown,
            state: *state,
            attempts: *attempts,
            next_at: *next_at,
            owed_since: *owed_since,
            log: log.clone(),
        }
    }
}

impl DeliveryRow {
    /// The line that has its change.
    pub(crate) const fn line(&self) -> Option<LineId> {
        match self.change {
            RowChange::Line(line) => Some(line),
            RowChange::Own(_) => None,
        }
    }

    /// The delivery with this id, whose incident and change were found, and the request that brought the change.
    pub(crate) fn with(
        self,
        id: DeliveryId,
        incident: Incident,
        (change, origin): (Change, Option<Origin>),
    ) -> Delivery {
        let line = self.line();
        Delivery {
            id,
            action: self.action,
            connection: self.connection,
            test: self.test,
            incident,
            shown: self.shown,
            change,
            line,
            origin,
            state: self.state,
            attempts: self.attempts,
            next_at: self.next_at,
            owed_since: self.owed_since,
            log: self.log,
        }
    }
}

/// Whether a flag says what leaving it out says.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the derive macro gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
