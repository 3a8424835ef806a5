//! What actions told of incidents, on disk: the key has the names.

use minicbor::{Decode, Encode};
use tocsin_core::id::DeliveryId;
use tocsin_core::incident::IncidentState;
use tocsin_core::name::{ActionName, ConnectionName};
use tocsin_core::told::Told;

/// A row of `told`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ToldRow {
    #[n(0)]
    last: Option<DeliveryId>,
    #[n(1)]
    state: Option<IncidentState>,
    #[n(2)]
    #[cbor(skip_if = "Vec::is_empty")]
    maybe: Vec<IncidentState>,
}

impl From<&Told> for ToldRow {
    fn from(told: &Told) -> Self {
        let Told { action: _, connection: _, last, state, maybe } = told;
        Self { last: *last, state: *state, maybe: maybe.clone() }
    }
}

impl ToldRow {
    /// What this action told over this connection.
    pub(crate) fn of(self, action: ActionName, connection: ConnectionName) -> Told {
        let Self { last, state, maybe } = self;
        Told { action, connection, last, state, maybe }
    }
}
