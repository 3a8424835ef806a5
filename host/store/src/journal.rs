//! The order of the journal: where it begins, and that each entry follows the one before it.
//!
//! Knows numbers and digests of entries, and nothing of what is in them.

use redb::ReadableTable;

use crate::error::Fault;
use crate::read::Snapshot;
use crate::table::Rows;
use crate::{rows, tables};

/// The end of a part of the journal: what the entry after it has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The number of its last entry; 0 before the first.
    pub(crate) number: u64,
    /// The digest of the entries up to there; none when it is not known.
    pub(crate) chain: Option<u128>,
}

impl Link {
    /// Before the first entry of all.
    pub(crate) const START: Self = Self { number: 0, chain: Some(0) };

    /// What the first entry of `journal` has to follow. Where the journal was cut, the entry before it is gone.
    pub(crate) fn before_first(journal: &impl Rows) -> Result<Self, Fault> {
        let Some((key, _)) = journal.first()? else { return Ok(Self::START) };
        match rows::sequence(key.value())? {
            0 | 1 => Ok(Self::START),
            first => Ok(Self { number: first - 1, chain: None }),
        }
    }

    /// What the entry `number` of `journal`, or the first behind it, has to follow.
    pub(crate) fn before(journal: &impl Rows, number: u64) -> Result<Self, Fault> {
        let end = number.to_be_bytes();
        match journal.range::<&[u8]>(..end.as_slice())?.next_back().transpose()? {
            Some((key, value)) => {
                Ok(Self { number: rows::sequence(key.value())?, chain: Some(rows::chain(value.value())) })
            }
            None => Self::before_first(journal),
        }
    }

    /// Goes on to the entry `number` with this row. Returns what is wrong with its place, if anything is.
    pub(crate) fn follow(&mut self, number: u64, row: &[u8]) -> Option<String> {
        let before = std::mem::replace(self, Self { number, chain: Some(rows::chain(row)) });
        let missing = number.saturating_sub(before.number.saturating_add(1));
        if missing > 0 {
            return Some(format!("{missing} entries before it are missing"));
        }
        let (chain, body) = (before.chain?, row.get(rows::CHAIN..)?);
        let is_right = Some(rows::chained(chain, body)) == self.chain;
        (!is_right).then(|| "its digest is not that of the entries up to it".to_owned())
    }
}

/// The numbers of the first and the last entry in `snapshot`; none when there is no entry.
pub(crate) fn ends(snapshot: &Snapshot) -> Result<Option<(u64, u64)>, Fault> {
    let journal = snapshot.table(tables::JOURNAL)?;
    let (Some((first, _)), Some((last, _))) = (journal.first()?, journal.last()?) else { return Ok(None) };
    Ok(Some((rows::sequence(first.value())?, rows::sequence(last.value())?)))
}
