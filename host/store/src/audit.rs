//! The index of the entries that record what people did: for each, who it was. It follows from the journal and is written
//! and cut in the journal's transactions.
//!
//! Knows no other table than the two. What a person did is in the entry alone.

use redb::{Table, WriteTransaction};
use tocsin_core::journal::Entry;

use crate::block::Block;
use crate::error::Fault;
use crate::table::{Bytes, Rows};
use crate::{entries, rows, tables};

/// Indexes the entry with this number, if a person is behind it.
pub(crate) fn put(index: &mut Table<'_, Bytes, Bytes>, number: u64, entry: &Entry) -> Result<(), Fault> {
    if let Some(by) = entry.cause.by() {
        index.insert(number.to_be_bytes().as_slice(), by.as_bytes())?;
    }
    Ok(())
}

/// The journal was cut up to the entry `last`.
pub(crate) fn cut(transaction: &WriteTransaction, last: u64) -> Result<(), Fault> {
    let mut index = tables::beside::AUDIT.open(transaction)?;
    let end = last.to_be_bytes();
    for row in index.extract_from_if::<&[u8], _>(..=end.as_slice(), |_, _| true)? {
        row?;
    }
    Ok(())
}

/// Makes the index anew from the whole journal. An entry that cannot be read has no row.
pub(crate) fn fill(transaction: &WriteTransaction) -> Result<(), Fault> {
    let mut index = tables::beside::AUDIT.open(transaction)?;
    index.retain(|_, _| false)?;
    let journal = tables::JOURNAL.look_into(transaction)?;
    for read in entries::entries(&journal, (0, u64::MAX))? {
        if let (number, Ok(entry)) = read? {
            put(&mut index, number, &entry)?;
        }
    }
    Ok(())
}

/// The entry with this number; none if it is not kept or cannot be read.
pub(crate) fn entry(journal: &impl Rows, number: u64) -> Result<Option<Entry>, Fault> {
    let Some((first, row)) = entries::row_of(journal, number)? else { return Ok(None) };
    let Ok(block) = Block::read(first, &row) else { return Ok(None) };
    let found = block.entries().find(|(other, _)| *other == number);
    Ok(found.and_then(|(_, entry)| entry.ok()))
}

/// What is wrong with the row `key` of the index, if anything is.
pub(crate) fn wrong_row(journal: &impl Rows, key: &[u8], by: &[u8]) -> Result<Option<String>, Fault> {
    let Ok(number) = rows::sequence(key) else { return Ok(None) };
    let Some((first, row)) = entries::row_of(journal, number)? else {
        return Ok(Some("there is no such entry in the journal".to_owned()));
    };
    // A row of the journal that cannot be read is reported with the journal.
    let Ok(block) = Block::read(first, &row) else { return Ok(None) };
    match block.entries().find(|(other, _)| *other == number) {
        None => Ok(Some("there is no such entry in the journal".to_owned())),
        Some((_, Ok(entry))) if entry.cause.by().map(str::as_bytes) != Some(by) => {
            Ok(Some("the entry names another person, or none".to_owned()))
        }
        Some(_) => Ok(None),
    }
}

/// What is wrong if the index lacks the entry with this number.
pub(crate) fn missing_row(index: &impl Rows, number: u64, entry: &Entry) -> Result<Option<String>, Fault> {
    if entry.cause.by().is_none() {
        return Ok(None);
    }
    let found = index.get(number.to_be_bytes().as_slice())?;
    Ok(found.is_none().then(|| "the entry of a person is not in the index".to_owned()))
}
