//! What an action is told: a context, and the times of its incident where they do not follow from the incident's state.
//!
//! Never used by a relay, whose incidents have the times of their states. A case gives the plugin's own view of an
//! incident, in which each of these times is optional.

use tocsin_core::plugin::Context;
use tocsin_core::time::Timestamp;

use crate::wasi::Origin;
use crate::wit::action_encoder;

/// A context, with the times of its incident as the plugin sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The rest.
    pub context: Context,
    /// When the incident was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// When the incident was resolved.
    pub resolved_at: Option<Timestamp>,
}

impl From<Context> for Told {
    fn from(context: Context) -> Self {
        let (acknowledged_at, resolved_at) =
            (context.incident.acknowledged_at(), context.incident.resolved_at());
        Self { context, acknowledged_at, resolved_at }
    }
}

impl Told {
    /// The clock that the plugin sees, and what its random numbers follow from.
    pub(crate) fn origin(&self) -> Origin {
        Origin::new(self.context.now, self.context.delivery_id.as_bytes())
    }
}

impl From<Told> for action_encoder::Context {
    fn from(told: Told) -> Self {
        let Told { context, acknowledged_at, resolved_at } = told;
        let mut given = Self::from(context);
        given.incident.acknowledged_at = acknowledged_at.map(Timestamp::micros);
        given.incident.resolved_at = resolved_at.map(Timestamp::micros);
        given
    }
}
