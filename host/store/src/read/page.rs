//! Pages of lists, newest first: a page reads little more than it returns, and says where the next one begins.
//!
//! An id is a cursor: ids are in the order of time, so a list that is walked page by page has everything once that
//! was in it all along, whatever comes and changes meanwhile.

use std::collections::BinaryHeap;

use redb::Range;
use tocsin_core::id::{EARLIER_MS, Id, Kind};
use tocsin_core::time::Timestamp;

use super::Snapshot;
use crate::error::Fault;
use crate::table::Bytes;
use crate::tables::{self, Definition};
use crate::{keys, rows};

/// Rows that do not belong to it that one page looks at, at most, where no index says which do. Takes 5 to 20 ms, by what
/// the cache has.
const MISSED_MAX: usize = 1200;
/// Rows that lie side by side, which take as long to read as one that an index leads to: a page of the file each, maybe from
/// the disk.
const SPREAD: usize = 6;
/// The end of the times that an id can have.
const TIME_END: Timestamp = Timestamp::from_micros(((1 << 48) - 1) * 1000);

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, K: Kind> {
    /// Newest first.
    pub items: Vec<T>,
    /// What the next page comes before; none when the list ends with this page.
    pub next: Option<Id<K>>,
    /// How far back this page looked, if it ends early because it looked at too much. Then it may be short or empty,
    /// and the next page goes on.
    pub searched_until: Option<Timestamp>,
}

impl<T, K: Kind> Default for Page<T, K> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, searched_until: None }
    }
}

/// A time from one point to before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Not before; from the beginning when there is none.
    pub since: Option<Timestamp>,
    /// Before; to the end when there is none.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Whether `at` is in it.
    pub fn has(self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// A range of ids: the milliseconds that a period touches, before a cursor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<K: Kind> {
    from: Option<Id<K>>,
    end: Option<Id<K>>,
}

impl<K: Kind> Span<K> {
    /// As [`Self::new`], for things whose ids may be made a little before them.
    pub(crate) fn of_arrivals(period: Period, before: Option<Id<K>>) -> Self {
        let since = period.since.map(|since| since.minus_ms(EARLIER_MS));
        Self::new(Period { since, ..period }, before)
    }

    pub(crate) fn new(period: Period, before: Option<Id<K>>) -> Self {
        let first = |at: Timestamp| Id::new(at.min(TIME_END), 0);
        // With the whole of the millisecond that the period ends within.
        let end = period.until.map(|until| first(Timestamp::from_micros(until.micros().saturating_add(999))));
        Self { from: period.since.map(first), end: end.into_iter().chain(before).min() }
    }

    /// The keys of these ids below `prefix`; none when there are none.
    fn keys(&self, prefix: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        if self.from.zip(self.end).is_some_and(|(from, end)| from >= end) {
            return None;
        }
        let key = |id: Id<K>| [prefix, &id.to_bytes()].concat();
        let from = self.from.map_or_else(|| prefix.to_vec(), key);
        Some((from, self.end.map_or_else(|| keys::after(prefix), |end| Some(key(end)))))
    }
}

/// The ids that the keys of an index end with, newest first: of all keys that begin with one of `prefixes`,
/// merged.
pub(crate) struct Newest<'s, K: Kind> {
    snapshot: &'s Snapshot,
    table: Definition,
    ranges: Vec<Range<'static, Bytes, Bytes>>,
    /// The next id of each range that has one.
    heads: BinaryHeap<(Id<K>, usize)>,
}

impl<'s, K: Kind> Newest<'s, K> {
    /// Ids of `span` under `prefixes`.
    pub(crate) fn below(
        snapshot: &'s Snapshot,
        table: Definition,
        prefixes: &[Vec<u8>],
        span: Span<K>,
    ) -> Result<Self, Fault> {
        let rows = snapshot.table(table)?;
        let mut newest = Self { snapshot, table, ranges: Vec::new(), heads: BinaryHeap::new() };
        for prefix in prefixes {
            let range = match span.keys(prefix) {
                Some((from, Some(end))) => rows.range::<&[u8]>(from.as_slice()..end.as_slice())?,
                Some((from, None)) => rows.range::<&[u8]>(from.as_slice()..)?,
                None => continue,
            };
            newest.ranges.push(range);
            newest.advance(newest.ranges.len() - 1)?;
        }
        Ok(newest)
    }

    fn advance(&mut self, index: usize) -> Result<(), Fault> {
        while let Some((key, _)) = self.ranges[index].next_back().transpose()? {
            if let Some(id) = self.snapshot.readable(rows::key_id(self.table, key.value()))? {
                self.heads.push((id, index));
                break;
            }
        }
        Ok(())
    }

    /// Rows side by side that one of these takes as long as.
    fn spread(&self) -> usize {
        let side_by_side = [tables::INCIDENTS, tables::DELIVERIES, tables::RECEIPTS];
        if side_by_side.contains(&self.table) { 1 } else { SPREAD }
    }

    /// The next id.
    pub(crate) fn next(&mut self) -> Result<Option<Id<K>>, Fault> {
        let Some((id, index)) = self.heads.pop() else { return Ok(None) };
        self.advance(index)?;
        Ok(Some(id))
    }
}

/// What a look at a row found.
pub(crate) enum Looked<T> {
    /// It belongs to the list.
    Found(T),
    /// It does not. How much was read for that: 1 for a row as rows usually are.
    Missed(usize),
}

impl<T> Looked<T> {
    /// `row` if it `matches`; otherwise that so much was read for nothing.
    pub(crate) fn matched(matches: bool, row: T, weight: usize) -> Self {
        if matches { Self::Found(row) } else { Self::Missed(weight) }
    }
}

/// Asks `look` about each id until it found one thing more than `limit`, or missed too often. A record that cannot be read
/// is left out.
pub(crate) fn page<T, K: Kind>(
    mut ids: Newest<'_, K>,
    limit: usize,
    mut look: impl FnMut(Id<K>) -> Result<Looked<T>, Fault>,
) -> Result<Page<T, K>, Fault> {
    let mut page = Page::default();
    if limit == 0 {
        return Ok(page);
    }
    let (mut missed, mut last_found) = (0, None);
    while let Some(id) = ids.next()? {
        let looked = look(id);
        match ids.snapshot.readable(looked)? {
            Some(Looked::Found(_)) if page.items.len() == limit => {
                page.next = last_found;
                return Ok(page);
            }
            Some(Looked::Found(found)) => {
                page.items.push(found);
                last_found = Some(id);
            }
            Some(Looked::Missed(weight)) => missed += weight * ids.spread(),
            None => missed += ids.spread(),
        }
        if missed >= MISSED_MAX && !ids.heads.is_empty() {
            let is_full = page.items.len() == limit;
            // Whether anything follows a full page is for the next one to find out.
            page.next = if is_full { last_found } else { Some(id) };
            page.searched_until = (!is_full).then(|| id.at());
            return Ok(page);
        }
    }
    Ok(page)
}
