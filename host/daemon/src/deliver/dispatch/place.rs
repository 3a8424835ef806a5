//! The places of a connection's attempts: as many as its `concurrency`.
//!
//! Gives them, and hears of what becomes free. Never decides who gets one, and counts nothing: the planner does.

use tocsin_core::name::ConnectionName;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A place among the attempts of a connection, until it is dropped. An attempt that arrived gives it up before that is
/// recorded: its peer is free for the next one.
pub(super) struct Place {
    connection: ConnectionName,
    freed: UnboundedSender<ConnectionName>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // When the relay stops, nobody receives it any more.
        let _ = self.freed.send(self.connection.clone());
    }
}

/// Gives places, and gets them back.
pub(super) struct Places {
    giver: UnboundedSender<ConnectionName>,
    freed: UnboundedReceiver<ConnectionName>,
}

impl Default for Places {
    fn default() -> Self {
        let (giver, freed) = mpsc::unbounded_channel();
        Self { giver, freed }
    }
}

impl Places {
    /// A place of `connection`.
    pub(super) fn give(&self, connection: &ConnectionName) -> Place {
        Place { connection: connection.clone(), freed: self.giver.clone() }
    }

    /// Waits until a place becomes free, and returns the connection that it belonged to. Never returns `None`: `giver` keeps
    /// the channel open.
    pub(super) async fn freed(&mut self) -> Option<ConnectionName> {
        self.freed.recv().await
    }

    /// The connection of a place that has become free, if there is one.
    pub(super) fn try_freed(&mut self) -> Option<ConnectionName> {
        self.freed.try_recv().ok()
    }
}
