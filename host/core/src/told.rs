//! What an action's messages about an incident have told a connection: the last word that arrived, and what may
//! have arrived although no answer said so.
//!
//! Decides nothing: [`crate::decide`] does, from this.

use crate::delivery::ChangeKind;
use crate::id::DeliveryId;
use crate::incident::IncidentState;
use crate::journal::Left;
use crate::name::{ActionName, ConnectionName};

/// One action's last word about one incident over one connection. It is there from the first delivery on that the
/// action queues for that connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The action's name.
    pub action: ActionName,
    /// The connection's name.
    pub connection: ConnectionName,
    /// The latest delivery that says in which state the incident is.
    pub last: Option<DeliveryId>,
    /// The state that the last message which arrived gave.
    pub state: Option<IncidentState>,
    /// The states that messages without a clear answer may have given since.
    pub maybe: Vec<IncidentState>,
}

impl Told {
    /// Nothing was told yet.
    pub fn nothing(action: &ActionName, connection: &ConnectionName) -> Self {
        let (action, connection) = (action.to_owned(), connection.to_owned());
        Self { action, connection, last: None, state: None, maybe: Vec::new() }
    }

    /// Whether certainly no message arrived.
    pub fn is_nothing(&self) -> bool {
        self.state.is_none() && self.maybe.is_empty()
    }

    /// Whether the last word may be `state`.
    pub fn may_be(&self, state: IncidentState) -> bool {
        self.state == Some(state) || self.maybe.contains(&state)
    }

    /// Whether the last word may be that the incident is not over.
    pub fn may_be_unresolved(&self) -> bool {
        self.may_be(IncidentState::Open) || self.may_be(IncidentState::Acknowledged)
    }

    /// Whether the last word is certainly `state`.
    pub fn is(&self, state: IncidentState) -> bool {
        self.state == Some(state) && self.maybe.iter().all(|maybe| *maybe == state)
    }

    /// Whether the last word is certainly that the incident is not over.
    pub fn is_unresolved(&self) -> bool {
        self.may_be_unresolved() && !self.may_be(IncidentState::Resolved) && self.state.is_some()
    }

    /// What an attempt left at the reader.
    pub fn learn(&mut self, left: Left) {
        match left {
            Left::Says(state) => {
                self.state = Some(state);
                self.maybe.clear();
            }
            Left::Shows(state) if self.is_nothing() => self.state = Some(state),
            // Who knows a word keeps it; who knows none has this one.
            Left::Shows(_) if self.state.is_some() => {}
            Left::Shows(state) | Left::MaySay(state) if self.maybe.contains(&state) => {}
            Left::Shows(state) | Left::MaySay(state) => self.maybe.push(state),
        }
    }
}

/// The state that a message about `kind`, which shows the incident as `shown`, leaves behind at its reader; none for
/// one that leaves it as it was.
pub(crate) fn said(kind: ChangeKind, shown: IncidentState) -> Option<IncidentState> {
    match kind {
        ChangeKind::Flapping => Some(shown).filter(|state| *state != IncidentState::Resolved),
        ChangeKind::Repeated => Some(IncidentState::Open),
        _ => kind.entered(),
    }
}

/// What a message leaves behind that arrived.
pub(crate) fn left_by_arrival(kind: ChangeKind, shown: IncidentState) -> Option<Left> {
    match said(kind, shown) {
        Some(state) => Some(Left::Says(state)),
        // It says that the incident comes back, while it is over for the moment.
        None if kind == ChangeKind::Flapping => Some(Left::MaySay(IncidentState::Open)),
        None => (shown != IncidentState::Resolved).then_some(Left::Shows(shown)),
    }
}

/// Whether a delivery of `kind` is about the state, so that the next of them overtakes it.
pub(crate) const fn is_of_state(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::Flapping | ChangeKind::Steady) || kind.entered().is_some()
}
