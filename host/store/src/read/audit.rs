//! What people did, newest first, page by page: the entries that the index `audit` leads to.
//!
//! A page ends after so many entries, so many bytes or so many rows of the index, whichever comes first. An entry that
//! cannot be read is in its place.

use tocsin_core::journal::Entry;
use tocsin_core::time::Timestamp;

use super::journal::since_number;
use super::{Period, Snapshot};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::table::Rows;
use crate::{audit, journal, rows, tables};

/// Rows of the index that are looked at for one page.
const SEARCHED: usize = 20_000;
/// Bytes of entries in one page, about. The entry that crosses it is the last.
const BYTES: usize = 1024 * 1024;
/// Bytes that an entry, and each fact of it, takes about.
const ENTRY_BYTES: usize = 256;

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those of persons whose recorded name has this text, in capital or small letters.
    pub by: Option<String>,
    /// Only those of this time.
    pub period: Period,
    /// Only those before the entry with this number, such as a page's `next`.
    pub before: Option<u64>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

/// Entries, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditPage {
    /// With their numbers and the persons; none in place of an entry that cannot be read.
    pub entries: Vec<(u64, String, Option<Entry>)>,
    /// The number that the next page comes before; none when the list ends with this page.
    pub next: Option<u64>,
    /// How far back this page looked, if it ends early because it looked at too much.
    pub searched_until: Option<Timestamp>,
}

impl Store {
    /// A page of what people did, newest first: operators and readers, and authors of configurations.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn audit(&self, query: &AuditQuery) -> Result<AuditPage, ReadError> {
        self.reading(|live| Ok(page(&Snapshot::new(live)?, query)?))
    }
}

fn page(snapshot: &Snapshot, query: &AuditQuery) -> Result<AuditPage, Fault> {
    let mut page = AuditPage::default();
    let entries = snapshot.table(tables::JOURNAL)?;
    let Some((from, end)) = bounds(snapshot, &entries, query)? else { return Ok(page) };
    let by = query.by.as_deref().map(str::to_lowercase);
    let (mut bytes, mut last) = (0, None);
    let (from, end) = (from.to_be_bytes(), end.to_be_bytes());
    let index = snapshot.table(tables::AUDIT)?;
    for (searched, row) in index.range::<&[u8]>(from.as_slice()..end.as_slice())?.rev().enumerate() {
        let (key, value) = row?;
        // What is no key of the index is for `verify` to report.
        let Ok(number) = rows::sequence(key.value()) else { continue };
        if page.entries.len() == query.limit || bytes > BYTES {
            page.next = last;
            break;
        }
        if searched == SEARCHED {
            page.next = last;
            page.searched_until = audit::entry(&entries, number)?.map(|entry| entry.at);
            break;
        }
        last = Some(number);
        let person = String::from_utf8_lossy(value.value()).into_owned();
        if by.as_ref().is_some_and(|by| !person.to_lowercase().contains(by)) {
            continue;
        }
        let entry = audit::entry(&entries, number)?;
        // Where the clock was set back, the numbers of a time are not exact.
        if entry.as_ref().is_none_or(|entry| query.period.has(entry.at)) {
            bytes += entry.as_ref().map_or(0, |entry| ENTRY_BYTES * (1 + entry.facts.len()));
            page.entries.push((number, person, entry));
        }
    }
    Ok(page)
}

/// The number of the first entry that may belong to the list, and the one after the last; none when there is none.
fn bounds(snapshot: &Snapshot, entries: &impl Rows, query: &AuditQuery) -> Result<Option<(u64, u64)>, Fault> {
    let Some((first, last)) = journal::ends(snapshot)? else { return Ok(None) };
    let number = |at| since_number(entries, at, first, last);
    let from = query.period.since.map(number).transpose()?.unwrap_or(first);
    let until = query.period.until.map(number).transpose()?;
    let end = until.into_iter().chain(query.before).min().unwrap_or(u64::MAX);
    Ok((from < end && query.limit > 0).then_some((from, end)))
}
