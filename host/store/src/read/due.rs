//! Reading what is due: over which connections, which deliveries next, and when. Sources that share a connection
//! take turns.
//!
//! Goes from connection to connection and from source to source, never over all rows between them.

use std::collections::VecDeque;
use std::ops::Bound;

use redb::{Range, ReadOnlyTable};
use tocsin_core::delivery::Delivery;
use tocsin_core::time::Timestamp;

use super::deliveries::DeliveryRows;
use super::{Snapshot, dangling};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::table::Bytes;
use crate::tables::{self, Definition};
use crate::{keys, rows};

impl Store {
    /// At most `limit` deliveries over `connection` that are due at `now`, whether or not the connection is paused.
    ///
    /// The sources of their incidents take turns: one delivery of each source, then a second of each, and so on. The
    /// source behind `after`, the one that was served last, begins. Of one source, the earliest comes first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn due(
        &self,
        connection: &str,
        after: Option<&str>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, ReadError> {
        self.reading(|live| Ok(due(&Snapshot::new(live)?, connection, after, now, limit)?))
    }

    /// When the next delivery over `connection` is due, be it long ago, or, of those that are due after `behind`, the
    /// first; none when there is none.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn next_due(
        &self,
        connection: &str,
        behind: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, ReadError> {
        self.reading(|live| Ok(next_due(&Snapshot::new(live)?, connection, behind)?))
    }

    /// The connections over which a delivery is due, now or later, paused or not.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn due_connections(&self) -> Result<Vec<String>, ReadError> {
        self.reading(|live| Ok(due_connections(&Snapshot::new(live)?)?))
    }
}

fn due(
    snapshot: &Snapshot,
    connection: &str,
    after: Option<&str>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Delivery>, Fault> {
    let deliveries = DeliveryRows::of(snapshot)?;
    let rows = snapshot.table(tables::DUE)?;
    let mut sources = sources(snapshot, &rows, connection)?;
    let first = after.map_or(0, |after| {
        let after = keys::text(after);
        sources.partition_point(|source| keys::text(source) <= after)
    });
    sources.rotate_left(first);
    let mut turns: VecDeque<(String, Option<Line>)> = sources.into_iter().map(|name| (name, None)).collect();
    let mut found = Vec::new();
    while found.len() < limit
        && let Some((source, line)) = turns.pop_front()
    {
        let mut line = match line {
            Some(line) => line,
            None => line_of(&rows, connection, &source, None, now)?,
        };
        while let Some((key, _)) = line.next().transpose()? {
            let read = rows::due(key.value()).and_then(|(_, id)| {
                let delivery = deliveries.tables().delivery(id)?;
                delivery.ok_or_else(|| dangling(tables::DELIVERIES, id, tables::DUE))
            });
            if let Some(delivery) = snapshot.readable(read)? {
                found.push(delivery);
                turns.push_back((source, Some(line)));
                break;
            }
        }
    }
    Ok(found)
}

/// The rows of one source, as far as they were read.
type Line = Range<'static, Bytes, Bytes>;

/// What is due of a source over a connection after `behind` and until `end`.
fn line_of(
    rows: &ReadOnlyTable<Bytes, Bytes>,
    connection: &str,
    source: &str,
    behind: Option<Timestamp>,
    end: Timestamp,
) -> Result<Line, Fault> {
    let line = [keys::text(connection), keys::text(source)].concat();
    // All ids of that moment count as due at it.
    let last_of = |time| [line.as_slice(), &keys::time(time), &[u8::MAX; keys::ID]].concat();
    let (start, end) = (behind.map_or_else(|| line.clone(), last_of), last_of(end));
    Ok(rows.range::<&[u8]>((Bound::Excluded(start.as_slice()), Bound::Included(end.as_slice())))?)
}

pub(super) fn next_due(
    snapshot: &Snapshot,
    connection: &str,
    behind: Option<Timestamp>,
) -> Result<Option<Timestamp>, Fault> {
    let rows = snapshot.table(tables::DUE)?;
    let mut next: Option<Timestamp> = None;
    for source in sources(snapshot, &rows, connection)? {
        for row in line_of(&rows, connection, &source, behind, Timestamp::from_micros(i64::MAX))? {
            let (key, _) = row?;
            if let Some((time, _)) = snapshot.readable(rows::due(key.value()))? {
                next = Some(next.map_or(time, |earliest| earliest.min(time)));
                break;
            }
        }
    }
    Ok(next)
}

/// The sources of the incidents of which a delivery over `connection` is due, now or later, in the order of keys.
fn sources(
    snapshot: &Snapshot,
    rows: &ReadOnlyTable<Bytes, Bytes>,
    connection: &str,
) -> Result<Vec<String>, Fault> {
    texts(snapshot, rows, &keys::text(connection))
}

pub(super) fn due_connections(snapshot: &Snapshot) -> Result<Vec<String>, Fault> {
    texts(snapshot, &snapshot.table(tables::DUE)?, &[])
}

/// The texts that follow `prefix` in the keys of `due`.
fn texts(
    snapshot: &Snapshot,
    rows: &ReadOnlyTable<Bytes, Bytes>,
    prefix: &[u8],
) -> Result<Vec<String>, Fault> {
    let mut texts: Vec<String> = Vec::new();
    while let Some(text) = next_text(snapshot, rows, tables::DUE, prefix, texts.last().map(String::as_str))? {
        texts.push(text);
    }
    Ok(texts)
}

/// The first text after `last` that follows `prefix` in the keys of a table.
fn next_text(
    snapshot: &Snapshot,
    rows: &ReadOnlyTable<Bytes, Bytes>,
    table: Definition,
    prefix: &[u8],
    last: Option<&str>,
) -> Result<Option<String>, Fault> {
    // From one text's rows past all of them to the next text's.
    let from = match last {
        Some(last) => keys::after(&[prefix, &keys::text(last)].concat()),
        None => Some(prefix.to_vec()),
    };
    let Some(from) = from else { return Ok(None) };
    for row in rows.range::<&[u8]>(from.as_slice()..)? {
        let (key, _) = row?;
        let Some(rest) = key.value().strip_prefix(prefix) else { break };
        let text = keys::split_text(rest).map(|(text, _)| text.to_owned());
        let wrong = || rows::not(table, key.value(), "a name and what follows it");
        if let Some(text) = snapshot.readable(text.ok_or_else(wrong))? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}
