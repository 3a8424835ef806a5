//! Counts the deliveries that wait for each connection and the severities of incidents, for metrics.
//!
//! Reads only keys, and a limited number of them.

use std::collections::BTreeMap;

use tocsin_core::event::Severity;
use tocsin_core::incident::IncidentState;
use tocsin_core::time::Timestamp;

use super::Snapshot;
use super::due::{due_connections, next_due};
use crate::error::{Fault, ReadError};
use crate::kinds::Kinds;
use crate::store::Store;
use crate::{keys, rows, tables};

/// The limit of keys for one connection and of incidents for one state: a backlog must not slow the answer down.
const COUNTED_MAX: usize = 100_000;

/// The deliveries that wait for a connection. Of the deliveries of one incident, only the oldest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Deliveries that may be sent now. With `later`, 100,000 at most.
    pub due: u64,
    /// Deliveries that wait for a later time, usually that of the next attempt.
    pub later: u64,
    /// When the oldest due delivery became due.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// The queues of connections at `now`, by the connection's name, paused or not. A connection with an empty queue is
    /// left out.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn queues(&self, now: Timestamp) -> Result<BTreeMap<String, Queue>, ReadError> {
        self.reading(|live| Ok(queues(&Snapshot::new(live)?, now)?))
    }

    /// How many incidents in `state` have each severity, in the order of [`Severity::ALL`]. Counts 100,000 incidents at
    /// most.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn severities(
        &self,
        state: IncidentState,
    ) -> Result<[(Severity, u64); Severity::ALL.len()], ReadError> {
        self.reading(|live| Ok(severities(&Snapshot::new(live)?, state)?))
    }
}

fn queues(snapshot: &Snapshot, now: Timestamp) -> Result<BTreeMap<String, Queue>, Fault> {
    let mut queues = BTreeMap::new();
    for connection in due_connections(snapshot)? {
        let mut queue = queue(snapshot, &connection, now)?;
        // Not of the rows that were counted: these may be all of one source.
        queue.oldest = next_due(snapshot, &connection, None)?.filter(|oldest| *oldest <= now);
        queues.insert(connection, queue);
    }
    Ok(queues)
}

fn queue(snapshot: &Snapshot, connection: &str, now: Timestamp) -> Result<Queue, Fault> {
    let rows = snapshot.table(tables::DUE)?;
    let prefix = keys::text(connection);
    let mut queue = Queue::default();
    for row in rows.range::<&[u8]>(prefix.as_slice()..)?.take(COUNTED_MAX) {
        let (key, _) = row?;
        if !key.value().starts_with(&prefix) {
            break;
        }
        match snapshot.readable(rows::due(key.value()))? {
            Some((time, _)) if time > now => queue.later += 1,
            Some(_) => queue.due += 1,
            None => {}
        }
    }
    Ok(queue)
}

fn severities(
    snapshot: &Snapshot,
    state: IncidentState,
) -> Result<[(Severity, u64); Severity::ALL.len()], Fault> {
    let index = snapshot.table(tables::INCIDENTS_BY_KIND)?;
    let mut kinds = Kinds::wanted(&index, None, &[state], &[]);
    let mut counts = Severity::ALL.map(|severity| (severity, 0));
    let mut rest = COUNTED_MAX;
    loop {
        let kind = match snapshot.readable(kinds.next())? {
            Some(Some(kind)) => kind,
            Some(None) => return Ok(counts),
            None => continue,
        };
        let prefix = kind.prefix();
        let mut found = 0;
        for row in index.range::<&[u8]>(prefix.as_slice()..)?.take(rest) {
            let (key, _) = row?;
            if !key.value().starts_with(&prefix) {
                break;
            }
            found += 1;
        }
        rest -= found;
        let of_severity = counts.iter_mut().filter(|(severity, _)| *severity == kind.severity);
        of_severity.for_each(|(_, count)| *count += found as u64);
    }
}
