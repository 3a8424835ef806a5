//! The chain of the journal: whether each entry is behind the one that it was written behind.

use redb::{ReadableTable, ReadableTableMetadata};

use super::Verified;
use crate::cut::JournalCut;
use crate::error::Fault;
use crate::read::Snapshot;
use crate::{rows, tables};

/// Entries between two reports of progress.
const STEP: u64 = 4096;

/// Notes what is wrong with the place of the row `key`, whose entry has this number and record, behind the entry
/// `before` with the digest `chain` of the entries up to it.
pub(super) fn look(
    before: u64,
    chain: u128,
    (key, number, record): (&[u8], u64, &[u8]),
    verified: &mut Verified,
) {
    let missing = number.saturating_sub(before.saturating_add(1));
    if missing > 0 {
        verified.differ(tables::JOURNAL, key, format!("{missing} entries before it are missing"));
    } else if let Some(body) = record.get(rows::CHAIN..)
        && rows::chained(chain, body) != rows::chain(record)
    {
        let what = "its digest is not that of the entries up to it".to_owned();
        verified.differ(tables::JOURNAL, key, what);
    }
}

/// Checks the entries after `cut`, and counts the rows of the state.
pub(super) fn walk(
    snapshot: &Snapshot,
    cut: JournalCut,
    progress: &mut dyn FnMut(u64, u64),
    verified: &mut Verified,
) -> Result<(), Fault> {
    let journal = snapshot.table(tables::JOURNAL)?;
    let total = journal.len()?;
    let (mut before, mut chain) = (cut.entry, cut.chain);
    progress(0, total);
    for row in journal.iter()? {
        let (key, value) = row?;
        let (key, record) = (key.value(), value.value());
        let number = rows::sequence(key)?;
        look(before, chain, (key, number, record), verified);
        if let Err(Fault::Record { problem, .. }) = rows::entry(key, record) {
            verified.differ(tables::JOURNAL, key, super::unreadable(&problem));
        }
        (before, chain) = (number, rows::chain(record));
        verified.entries += 1;
        if verified.entries.is_multiple_of(STEP) {
            progress(verified.entries, total);
        }
    }
    progress(total, total);
    verified.count_rows(snapshot)
}
