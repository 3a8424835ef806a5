//! What actions told of incidents, on disk.

use serde::{Deserialize, Serialize};
use tocsin_core::fold::Told;

use super::words::IncidentStateV1;
use super::{IdV1, Text};

#[derive(Serialize, Deserialize)]
pub(super) struct ToldV1<'a> {
    action: Text<'a>,
    connection: Text<'a>,
    last: Option<IdV1>,
    state: Option<IncidentStateV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    maybe: Vec<IncidentStateV1>,
}

impl<'a> From<&'a Told> for ToldV1<'a> {
    fn from(told: &'a Told) -> Self {
        let Told { action, connection, last, state, maybe } = told;
        Self {
            action: action.into(),
            connection: connection.into(),
            last: last.map(IdV1),
            state: state.map(IncidentStateV1::from),
            maybe: maybe.iter().copied().map(IncidentStateV1::from).collect(),
        }
    }
}

impl From<ToldV1<'_>> for Told {
    fn from(v1: ToldV1<'_>) -> Self {
        Self {
            action: v1.action.into_owned(),
            connection: v1.connection.into_owned(),
            last: v1.last.map(|id| id.0),
            state: v1.state.map(Into::into),
            maybe: v1.maybe.into_iter().map(Into::into).collect(),
        }
    }
}
