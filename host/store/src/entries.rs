//! Walking through the journal's table: its rows, and the entries in them.

use tocsin_core::journal::Entry;

use crate::block::{self, Block, Link};
use crate::error::Fault;
use crate::record::RecordProblem;
use crate::rows;
use crate::table::Rows;

/// The row that has the entry `number`, or the last one before: the number of its first entry, and its bytes.
pub(crate) fn row_of(journal: &impl Rows, number: u64) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    let key = number.to_be_bytes();
    let Some(row) = journal.range::<&[u8]>(..=key.as_slice())?.next_back() else { return Ok(None) };
    let (key, value) = row?;
    Ok(Some((rows::sequence(key.value())?, value.value().to_vec())))
}

/// A row of the journal that was read.
pub(crate) struct Read {
    /// The number of its first entry.
    pub(crate) first: u64,
    /// Its last entry, as far as that can be seen.
    pub(crate) end: Link,
    /// Its entries, or what is wrong with it.
    pub(crate) block: Result<Block, RecordProblem>,
}

/// The rows that have the entries between two numbers.
pub(crate) fn blocks<'r>(
    journal: &'r impl Rows,
    (from, to): (u64, u64),
) -> Result<impl Iterator<Item = Result<Read, Fault>> + 'r, Fault> {
    let first = row_of(journal, from)?.map_or(from, |(first, _)| first);
    let (start, end) = (first.to_be_bytes(), to.to_be_bytes());
    let rows = journal.range::<&[u8]>(start.as_slice()..=end.as_slice())?;
    Ok(rows.map(|row| {
        let (key, value) = row?;
        let first = rows::sequence(key.value())?;
        let end = block::end(first, value.value());
        Ok(Read { first, end, block: Block::read(first, value.value()) })
    }))
}

/// The number of an entry, and the entry or what is wrong with it.
pub(crate) type ReadEntry = Result<(u64, Result<Entry, RecordProblem>), Fault>;

/// The entries between two numbers. A row that cannot be read stands for all of its entries.
pub(crate) fn entries<'r>(
    journal: &'r impl Rows,
    (from, to): (u64, u64),
) -> Result<impl Iterator<Item = ReadEntry> + 'r, Fault> {
    let listed = move |read: Result<Read, Fault>| match read {
        Ok(Read { block: Ok(block), .. }) => {
            let entries: Vec<_> =
                block.entries().filter(|(number, _)| (from..=to).contains(number)).map(Ok).collect();
            entries
        }
        Ok(Read { first, block: Err(problem), .. }) => vec![Ok((first, Err(problem)))],
        Err(fault) => vec![Err(fault)],
    };
    Ok(blocks(journal, (from, to))?.flat_map(listed))
}

/// The journal's end.
pub(crate) fn end(journal: &impl Rows) -> Result<Link, Fault> {
    let Some((key, value)) = journal.last()? else { return Ok(Link::START) };
    Ok(block::end(rows::sequence(key.value())?, value.value()))
}
