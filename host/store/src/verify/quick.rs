//! The check that reads each row once, in parts that threads take one after another.
//!
//! A part is a stretch of a table. Where a stretch of the journal begins, the row before it says what has to follow.
//! A thread holds one row at a time.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use redb::{ReadableTable, ReadableTableMetadata};

use super::digest::kept;
use super::{Difference, DigestCheck, LISTED, TableCount, Verified, record};
use crate::audit;
use crate::block::{self, Block, Link};
use crate::dictionaries::Reader;
use crate::digest::Digest;
use crate::error::Fault;
use crate::journal;
use crate::read::Snapshot;
use crate::read::set_aside::{self, SetAside};
use crate::record::packed;
use crate::rows;
use crate::table::{Covered, Rows};
use crate::tables::{self, Definition};

/// Rows of a table in one part, about, and entries of the journal.
const STRETCH: u64 = 50_000;
/// Rows between two reports of a thread.
const STEP: u64 = 4096;

/// A piece of work.
enum Part {
    /// The rows of a table between these keys.
    Rows(Definition, Bound<Vec<u8>>, Bound<Vec<u8>>),
    /// The entries with these numbers, the last included.
    Entries(u64, u64),
}

/// What reading a part came to.
#[derive(Default)]
struct Found {
    rows: u64,
    digest: Digest,
    differing: u64,
    differences: Vec<Difference>,
    requests: Reader,
}

/// What a thread says.
enum Said {
    /// It has read so many rows more.
    Rows(u64),
    /// It is done with the part of this place.
    Done(usize, Result<Found, Fault>),
}

/// Checks `snapshot` with so many threads.
pub(crate) fn run(
    snapshot: &Snapshot,
    threads: usize,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, Fault> {
    let parts = parts(snapshot)?;
    let mut total = 0;
    for table in tables::ALL.into_iter().filter(|table| *table != tables::JOURNAL) {
        total += snapshot.table(table)?.len()?;
    }
    total += journal::ends(snapshot)?.map_or(0, |(first, last)| last - first + 1);
    progress(0, total);
    let mut found: Vec<Option<Found>> = parts.iter().map(|_| None).collect();
    let next = AtomicUsize::new(0);
    let mut done = 0;
    let (sender, said) = channel();
    thread::scope(|scope| {
        for thread in 0..threads.max(1) {
            let (sender, parts, next) = (sender.clone(), &parts, &next);
            let named = thread::Builder::new().name(format!("tocsin-verify-{thread}"));
            named.spawn_scoped(scope, move || work(snapshot, parts, next, &sender))?;
        }
        drop(sender);
        for said in said {
            match said {
                Said::Rows(rows) => {
                    done += rows;
                    progress(done, total);
                }
                Said::Done(place, result) => found[place] = Some(result?),
            }
        }
        Ok::<_, Fault>(())
    })?;
    progress(total, total);
    sum_up(snapshot, &parts, found)
}

/// Every row of every table, and every entry of the journal, is in one of them.
fn parts(snapshot: &Snapshot) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    if let Some((first, last)) = journal::ends(snapshot)? {
        let mut from = first;
        while from <= last {
            let to = last.min(from.saturating_add(STRETCH - 1));
            parts.push(Part::Entries(from, to));
            let Some(next) = to.checked_add(1) else { break };
            from = next;
        }
    }
    for table in tables::ALL.into_iter().filter(|table| *table != tables::JOURNAL) {
        let rows = snapshot.table(table)?;
        let keys = match (rows.first()?, rows.last()?) {
            (Some((first, _)), Some((last, _))) => {
                between(first.value(), last.value(), rows.len()? / STRETCH).collect()
            }
            _ => Vec::new(),
        };
        parts.extend(stretches(keys).map(|(from, to)| Part::Rows(table, from, to)));
    }
    Ok(parts)
}

/// From the beginning up to the first of `keys`, from there up to the next, and from the last one to the end.
fn stretches(keys: Vec<Vec<u8>>) -> impl Iterator<Item = (Bound<Vec<u8>>, Bound<Vec<u8>>)> {
    let from = std::iter::once(Bound::Unbounded).chain(keys.clone().into_iter().map(Bound::Included));
    let to = keys.into_iter().map(Bound::Excluded).chain([Bound::Unbounded]);
    from.zip(to)
}

/// So many keys between `first` and `last`, in order and evenly spread. A table's own keys need not be spread evenly; some
/// parts are larger then.
fn between(first: &[u8], last: &[u8], count: u64) -> impl Iterator<Item = Vec<u8>> {
    let shared = first.iter().zip(last).take_while(|(first, last)| first == last).count();
    let number = |key: &[u8]| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(&key[shared..]).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(bytes)
    };
    let (from, to) = (number(first), number(last));
    let step = to.saturating_sub(from) / (count + 1);
    (1..=count).map(move |n| [&first[..shared], &(from + n * step).to_be_bytes()].concat())
}

/// Takes parts until there are none.
fn work(snapshot: &Snapshot, parts: &[Part], next: &AtomicUsize, sender: &Sender<Said>) {
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(part) = parts.get(place) else { return };
        let result = read(snapshot, part, sender);
        if result.is_err() {
            // The others need not go on.
            next.store(parts.len(), Ordering::Relaxed);
        }
        if sender.send(Said::Done(place, result)).is_err() {
            return;
        }
    }
}

fn read(snapshot: &Snapshot, part: &Part, sender: &Sender<Said>) -> Result<Found, Fault> {
    let dictionaries = snapshot.table(tables::DICTIONARIES)?;
    let journal = snapshot.table(tables::JOURNAL)?;
    let mut found = Found::default();
    let mut reported = 0;
    let mut report = |rows: u64, is_end: bool| {
        if is_end || rows - reported >= STEP {
            // Without a listener, another thread has failed, which ends the check.
            let _ = sender.send(Said::Rows(rows - reported));
            reported = rows;
        }
    };
    match part {
        Part::Rows(table, from, to) => {
            let covered = table.covered();
            let range = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
            for row in snapshot.table(*table)?.range::<&[u8]>(range)? {
                let (key, value) = row?;
                found.row((*table, covered), key.value(), value.value(), &dictionaries);
                if *table == tables::AUDIT
                    && let Some(what) = audit::wrong_row(&journal, key.value(), value.value())?
                {
                    found.differ(*table, key.value(), what);
                }
                report(found.rows, false);
            }
        }
        Part::Entries(from, to) => {
            let audit = snapshot.table(tables::AUDIT)?;
            let (start, end) = (from.to_be_bytes(), to.to_be_bytes());
            let mut link = None;
            for row in journal.range::<&[u8]>(start.as_slice()..=end.as_slice())? {
                let (key, value) = row?;
                let first = rows::sequence(key.value())?;
                let before = match link {
                    Some(link) => link,
                    None => Link::before_row(snapshot, first)?,
                };
                link = Some(found.entries(before, first, value.value(), &audit)?);
                report(found.rows, false);
            }
        }
    }
    report(found.rows, true);
    Ok(found)
}

impl Found {
    fn row(
        &mut self,
        (table, covered): (Definition, Covered),
        key: &[u8],
        value: &[u8],
        dictionaries: &impl Rows,
    ) {
        self.rows += 1;
        // Once, for the digest and for the check; what cannot be decompressed is a problem below.
        let plain = if covered.is_packed { packed::plain(value).ok() } else { None };
        let value = plain.as_deref().unwrap_or(value);
        if covered.has(key) {
            self.digest.add(covered.digest(key, value));
        }
        if let Some(problem) = record::problem(table, key, value, (&mut self.requests, dictionaries)) {
            self.differ(table, key, format!("it cannot be read: {problem}"));
        }
    }

    /// A row of the journal, whose first entry has to follow `link`, and its rows of the index `audit`. Returns what the
    /// next row has to follow.
    fn entries(&mut self, mut link: Link, first: u64, row: &[u8], audit: &impl Rows) -> Result<Link, Fault> {
        let key = first.to_be_bytes();
        let block = match Block::read(first, row) {
            Ok(block) => block,
            Err(problem) => {
                self.rows += 1;
                self.differ(tables::JOURNAL, &key, format!("it cannot be read: {problem}"));
                return Ok(block::end(first, row));
            }
        };
        if let Some(what) = link.follow(&block) {
            self.differ(tables::JOURNAL, &key, what);
        }
        for (number, entry) in block.entries() {
            self.rows += 1;
            let key = number.to_be_bytes();
            match entry {
                Ok(entry) => {
                    if let Some(what) = audit::missing_row(audit, number, &entry)? {
                        self.differ(tables::AUDIT, &key, what);
                    }
                }
                Err(problem) => {
                    self.differ(tables::JOURNAL, &key, format!("it cannot be read: {problem}"));
                }
            }
        }
        Ok(link)
    }

    fn differ(&mut self, table: Definition, key: &[u8], what: String) {
        self.differing += 1;
        if self.differences.len() < LISTED {
            self.differences.push(Difference { table: table.name, key: table.key_words(key), what });
        }
    }
}

/// Puts the parts together, in the order of the tables.
fn sum_up(snapshot: &Snapshot, parts: &[Part], mut found: Vec<Option<Found>>) -> Result<Verified, Fault> {
    let begins = journal::ends(snapshot)?.map_or(0, |(first, _)| first);
    let mut verified = Verified { begins, ..Verified::default() };
    let mut digest = Digest::default();
    for table in tables::ALL {
        let mut rows = 0;
        for (part, found) in parts.iter().zip(&mut found) {
            let is_of_it = match part {
                Part::Rows(other, ..) => *other == table,
                Part::Entries(..) => table == tables::JOURNAL,
            };
            if let Some(found) = found.take_if(|_| is_of_it) {
                rows += found.rows;
                digest.add(found.digest);
                verified.add(found.differing, found.differences);
            }
        }
        if table == tables::JOURNAL {
            verified.entries = rows;
        }
        verified.tables.push(TableCount { table: table.name, rows });
    }
    verified.digest = DigestCheck { kept: kept(snapshot)?, rows: digest };
    verified.set_aside = set_aside::kept(snapshot)?.into_iter().map(SetAside::from).collect();
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use std::ops::RangeBounds;

    use super::*;

    /// Keys as tables have them: of different lengths, alike at the beginning, and close together at one end.
    fn keys() -> Vec<Vec<u8>> {
        let numbers = (0..500_u64).map(|n| (n * n * n).to_be_bytes().to_vec());
        let texts = (0..100).map(|n| format!("source-{n:x}").into_bytes());
        let short = [b"".to_vec(), b"s".to_vec(), vec![0xff], vec![0xff; 40]];
        let mut keys: Vec<Vec<u8>> = numbers.chain(texts).chain(short).collect();
        keys.sort();
        keys
    }

    #[test]
    fn every_key_of_a_table_is_in_exactly_one_of_its_parts() {
        let keys = keys();
        let (numbers, texts): (Vec<_>, Vec<_>) = keys.iter().cloned().partition(|key| key.len() == 8);
        let one = vec![b"the only one".to_vec()];
        for table in [keys, numbers, texts, one] {
            for count in [0, 1, 7, 1000] {
                let splits: Vec<Vec<u8>> = between(&table[0], &table[table.len() - 1], count).collect();
                assert_eq!(splits.len() as u64, count);
                assert!(splits.is_sorted());
                let parts: Vec<_> = stretches(splits).collect();
                for key in &table {
                    let of = parts.iter().filter(|part| RangeBounds::<Vec<u8>>::contains(*part, key)).count();
                    assert_eq!(of, 1, "{key:?} of {count} splits");
                }
            }
        }
    }

    #[test]
    fn keys_that_are_spread_evenly_make_parts_of_the_same_size() {
        let table: Vec<Vec<u8>> = (0..1000_u64).map(|n| (n << 20).to_be_bytes().to_vec()).collect();
        let parts = stretches(between(&table[0], &table[999], 9).collect());
        for part in parts {
            let rows = table.iter().filter(|key| RangeBounds::<Vec<u8>>::contains(&part, *key)).count();
            assert!((99..=101).contains(&rows), "{rows} rows");
        }
    }
}
