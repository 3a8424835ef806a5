//! The order of the journal: where it begins, and that each entry follows the one before it.
//!
//! Knows numbers and digests of entries.

use redb::ReadableTable;

use crate::block::{self, Block, Link};
use crate::cut::{self, JournalCut};
use crate::error::Fault;
use crate::read::Snapshot;
use crate::{entries, rows, tables};

impl Link {
    /// What the first entry in `snapshot` has to follow: where the journal was cut, the entry that went last.
    pub(crate) fn before_first(snapshot: &Snapshot) -> Result<Self, Fault> {
        let cut = cut(snapshot)?;
        Ok(cut.map_or(Self::START, |cut| Self { number: cut.entry, chain: cut.chain }))
    }

    /// What the entry `number` has to follow; none, if that cannot be read.
    pub(crate) fn before(snapshot: &Snapshot, number: u64) -> Result<Option<Self>, Fault> {
        let journal = snapshot.table(tables::JOURNAL)?;
        let Some((first, row)) = entries::row_of(&journal, number.saturating_sub(1))? else {
            return Self::before_first(snapshot).map(Some);
        };
        let Ok(block) = Block::read(first, &row) else { return Ok(None) };
        let before = block.records().take_while(|(other, _)| *other < number);
        Ok(Some(before.fold(block.begins(), |link, (_, record)| link.next(record))))
    }

    /// What the first entry of the row under the key `first` has to follow.
    pub(crate) fn before_row(snapshot: &Snapshot, first: u64) -> Result<Self, Fault> {
        match entries::row_of(&snapshot.table(tables::JOURNAL)?, first.saturating_sub(1))? {
            Some((other, row)) => Ok(block::end(other, &row)),
            None => Self::before_first(snapshot),
        }
    }

    /// Moves to the end of `block`. The block may begin before the entry that comes next. Returns what is wrong with its
    /// place, if anything is.
    pub(crate) fn follow(&mut self, block: &Block) -> Option<String> {
        let before = std::mem::replace(self, block.end);
        let missing = block.first.saturating_sub(before.number.saturating_add(1));
        if missing > 0 {
            return Some(format!("{missing} entries before it are missing"));
        }
        let begins_right = block.first <= before.number || block.before == before.chain;
        let next = block.records().filter(|(number, _)| *number > before.number);
        let chain = next.fold(before.chain, |chain, (_, record)| rows::chained(chain, record));
        (!begins_right || chain != self.chain)
            .then(|| "its digest is not that of the entries up to it".to_owned())
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
    let Some((first, _)) = journal.first()? else { return Ok(None) };
    Ok(Some((rows::sequence(first.value())?, entries::end(&journal)?.number)))
}
