//! Paused connections: nothing is claimed over one but a trial, and one that works again goes on.
//!
//! Never decides that a connection is to be paused or tried: that is in the entries.

use super::{Decided, Kept, Step};
use crate::journal::Fact;
use crate::name::ConnectionName;
use crate::state::{Pause, State};

/// Over which connections attempts may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Over each that is not paused.
    AnyThatRuns,
    /// Over a paused one too: the attempt is to show whether it works again.
    APausedOne,
}

impl Over {
    /// Whether no attempt may begin over `connection`.
    pub(super) fn bars(self, paused: &[(ConnectionName, Pause)], connection: &ConnectionName) -> bool {
        self == Self::AnyThatRuns && paused.iter().any(|(name, _)| name == connection)
    }
}

impl<S: State> Step<'_, S> {
    /// Pauses a connection. One that is paused already stays so since then, for the latest reason.
    pub(super) fn pause(&mut self, connection: &ConnectionName, why: &str) -> Decided<(), S> {
        let (connection, reason) = (connection.to_owned(), why.to_owned());
        self.record(Fact::ConnectionPaused { connection, reason })
    }

    /// Has a connection go on, if it is paused.
    pub(super) fn resume(&mut self, connection: &ConnectionName) -> Decided<(), S> {
        let is_paused = self.state.pauses().kept()?.iter().any(|(name, _)| name == connection);
        if !is_paused {
            return Ok(());
        }
        self.record(Fact::ConnectionResumed { connection: connection.clone() })
    }
}
