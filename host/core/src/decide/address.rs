//! Where an action sends to. Never looks at an incident.

use crate::name::ConnectionName;
use crate::routing::{ActionRule, ActionStatus};

/// Where a delivery goes.
pub(super) struct Address {
    /// The connection's name.
    pub(super) connection: ConnectionName,
    /// Whether the action is in test.
    pub(super) test: bool,
    /// Whether there is such a place: an action in test may have no test connection.
    pub(super) exists: bool,
}

impl Address {
    /// Where `action` sends to.
    pub(super) fn of(action: &ActionRule) -> Self {
        let destination = action.destination();
        Self {
            connection: destination.unwrap_or(&action.connection).clone(),
            test: action.status == ActionStatus::Test,
            exists: destination.is_some(),
        }
    }
}
