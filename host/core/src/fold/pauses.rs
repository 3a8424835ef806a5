//! Paused connections: nothing is claimed over one but a trial, and one that works again goes on.
//!
//! Never decides that a connection is to be paused or tried: that is in the entries.

use super::{Fold, Kept, Pause, State, Step};

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
    pub(super) fn bars(self, paused: &[(String, Pause)], connection: &str) -> bool {
        self == Self::AnyThatRuns && paused.iter().any(|(name, _)| name == connection)
    }
}

impl<S: State> Step<'_, S> {
    /// Pauses a connection. One that is paused already stays so since then, for the latest reason.
    pub(super) fn pause(&mut self, connection: &str, why: &str) -> Fold<(), S> {
        let known = self.paused(connection)?;
        let since = known.map_or(self.at, |pause| pause.since);
        self.state.set_pause(connection, Some(&Pause { since, reason: why.to_owned() })).kept()
    }

    /// Has a connection go on, if it is paused.
    pub(super) fn resumed(&mut self, connection: &str) -> Fold<(), S> {
        if self.paused(connection)?.is_some() {
            self.state.set_pause(connection, None).kept()?;
            self.applied.scheduled = true;
        }
        Ok(())
    }

    fn paused(&self, connection: &str) -> Fold<Option<Pause>, S> {
        let pauses = self.state.pauses().kept()?;
        Ok(pauses.into_iter().find(|(name, _)| name == connection).map(|(_, pause)| pause))
    }
}
