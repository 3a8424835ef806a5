//! The order of the journal: where it begins, and that each entry follows the one before it.
//!
//! Knows numbers and digests of entries, and nothing of what is in them.

use redb::ReadableTable;

use crate::cut::{self, JournalCut};
use crate::error::Fault;
use crate::read::Snapshot;
use crate::{rows, tables};

/// The end of a part of the journal: what the entry after it has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The number of its last entry; 0 before the first.
    pub(crate) number: u64,
    /// The digest of the entries up to there.
    pub(crate) chain: u128,
}

impl Link {
    /// Before the first entry of all.
    pub(crate) const START: Self = Self { number: 0, chain: 0 };

    /// What the first entry in `snapshot` has to follow: where the journal was cut, the entry that went last.
    pub(crate) fn before_first(snapshot: &Snapshot) -> Result<Self, Fault> {
        let cut = cut(snapshot)?;
        Ok(cut.map_or(Self::START, |cut| Self { number: cut.entry, chain: cut.chain }))
    }

    /// What the entry `number`, or the first behind it, has to follow.
    pub(crate) fn before(snapshot: &Snapshot, number: u64) -> Result<Self, Fault> {
        let end = number.to_be_bytes();
        let journal = snapshot.table(tables::JOURNAL)?;
        match journal.range::<&[u8]>(..end.as_slice())?.next_back().transpose()? {
            Some((key, value)) => {
                Ok(Self { number: rows::sequence(key.value())?, chain: rows::chain(value.value()) })
            }
            None => Self::before_first(snapshot),
        }
    }

    /// Goes on to the entry `number` with this row. Returns what is wrong with its place, if anything is.
    pub(crate) fn follow(&mut self, number: u64, row: &[u8]) -> Option<String> {
        let before = std::mem::replace(self, Self { number, chain: rows::chain(row) });
        let missing = number.saturating_sub(before.number.saturating_add(1));
        if missing > 0 {
            return Some(format!("{missing} entries before it are missing"));
        }
        let is_right = rows::chained(before.chain, row.get(rows::CHAIN..)?) == self.chain;
        (!is_right).then(|| "its digest is not that of the entries up to it".to_owned())
    }
}

/// Where the journal was cut. A row that cannot be read is as good as none: then the entries that are missing show.
pub(crate) fn cut(snapshot: &Snapshot) -> Result<Option<JournalCut>, Fault> {
    match cut::kept(&snapshot.table(tables::META)?) {
        Err(Fault::Record { .. }) => Ok(None),
        read => read,
    }
}

/// The numbers of the first and the last entry in `snapshot`; none when there is no entry.
pub(crate) fn ends(snapshot: &Snapshot) -> Result<Option<(u64, u64)>, Fault> {
    let journal = snapshot.table(tables::JOURNAL)?;
    let (Some((first, _)), Some((last, _))) = (journal.first()?, journal.last()?) else { return Ok(None) };
    Ok(Some((rows::sequence(first.value())?, rows::sequence(last.value())?)))
}
