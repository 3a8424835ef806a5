//! The places of a connection's attempts: as many as its `concurrency`.
//!
//! Counts what is taken, and hears of what becomes free. Never decides who gets a place.

use std::collections::BTreeMap;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A place among the attempts of a connection, until it is dropped. An attempt that arrived gives it up before that is
/// recorded: its peer is free for the next one.
pub(super) struct Place {
    connection: String,
    freed: UnboundedSender<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nobody counts any more when the relay stops.
        let _ = self.freed.send(std::mem::take(&mut self.connection));
    }
}

/// The places that are taken.
pub(super) struct Places {
    /// By connection.
    taken: BTreeMap<String, usize>,
    /// The connections of places that became free.
    freed: (UnboundedSender<String>, UnboundedReceiver<String>),
}

impl Default for Places {
    fn default() -> Self {
        Self { taken: BTreeMap::new(), freed: mpsc::unbounded_channel() }
    }
}

impl Places {
    /// Takes a place of `connection`.
    pub(super) fn take(&mut self, connection: &str) -> Place {
        *self.taken.entry(connection.to_owned()).or_default() += 1;
        Place { connection: connection.to_owned(), freed: self.freed.0.clone() }
    }

    /// How many places of `connection` are taken.
    pub(super) fn taken(&self, connection: &str) -> usize {
        self.taken.get(connection).copied().unwrap_or(0)
    }

    /// Waits until a place becomes free.
    pub(super) async fn freed(&mut self) {
        if let Some(connection) = self.freed.1.recv().await {
            self.free(&connection);
        }
    }

    /// Counts the places that have become free.
    pub(super) fn take_in(&mut self) {
        while let Ok(connection) = self.freed.1.try_recv() {
            self.free(&connection);
        }
    }

    fn free(&mut self, connection: &str) {
        if let Some(count) = self.taken.get_mut(connection) {
            *count = count.saturating_sub(1);
        }
    }
}
