//! A row of the journal: some entries that follow one another, compressed together.
//!
//! Entries are much alike, and each by itself would leave a part of its page empty. The last row grows until a page has no
//! room for more. Knows records and their digests, and nothing of what is in an entry.

use tocsin_core::journal::Entry;

use crate::record::{RecordProblem, Stored, packed};
use crate::rows;

/// Bytes of a row that fit into a page of redb with its key.
const ROOM: usize = 4_000;
/// Bytes of it that are left free where records are taken in by an estimate.
const MARGIN: usize = 100;
/// Bytes before the records: the digest of the entries up to the row's last, that of the entries before its first, how many
/// entries there are, and four bytes of the XXH3 of these.
pub(crate) const HEAD: usize = CHECKED + 4;
/// Bytes that the check covers.
const CHECKED: usize = 36;

/// The end of a part of the journal: what the entry after it has to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// The number of its last entry; 0 before the first.
    pub(crate) number: u64,
    /// The digest of the entries up to there.
    pub(crate) chain: u128,
}

impl Link {
    /// Before the first entry of all.
    pub(crate) const START: Self = Self { number: 0, chain: 0 };

    /// What the entry behind the one with this record has to follow.
    pub(crate) fn next(self, record: &[u8]) -> Self {
        Self { number: self.number + 1, chain: rows::chained(self.chain, record) }
    }
}

/// Records one after the other, each behind its length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) count: u32,
    bytes: Vec<u8>,
}

impl Records {
    pub(crate) fn push(&mut self, record: &[u8]) {
        self.count += 1;
        // A record is below the bytes of a batch, which are below 4 GB.
        self.bytes.extend(u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes.extend_from_slice(record);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (record, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            rest = after;
            Some(record)
        })
    }

    /// All but the last.
    fn without_last(&self) -> Self {
        let mut kept = Self::default();
        self.iter().take(self.count.saturating_sub(1) as usize).for_each(|record| kept.push(record));
        kept
    }

    /// Compressed, where that is smaller.
    pub(crate) fn pack(&self) -> Result<Vec<u8>, RecordProblem> {
        packed::pack(&self.bytes)
    }

    /// Reads `count` records that [`Records::pack`] wrote.
    pub(crate) fn unpack(count: u32, packed: &[u8]) -> Result<Self, RecordProblem> {
        let records = Self { count, bytes: packed::unpack(packed)?.into_owned() };
        let there = records
            .iter()
            .map(|record| record.len() + 4)
            .fold((0_u32, 0), |(n, bytes), more| (n + 1, bytes + more));
        let is_whole = there == (count, records.bytes.len());
        is_whole
            .then_some(records)
            .ok_or_else(|| RecordProblem::Body("not all of its entries are there".to_owned()))
    }
}

/// A row that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The number of its first entry.
    pub(crate) first: u64,
    /// The digest of the entries before it.
    pub(crate) before: u128,
    /// The number of its last entry, and the digest of the entries up to it.
    pub(crate) end: Link,
    pub(crate) records: Records,
}

impl Block {
    /// The row under the key `first`.
    pub(crate) fn read(first: u64, row: &[u8]) -> Result<Self, RecordProblem> {
        let damaged = || RecordProblem::Body("it is cut short, or its head was changed".to_owned());
        let (end, before) = head(first, row).ok_or_else(damaged)?;
        let count = u32::try_from(end.number - first + 1).unwrap_or(0);
        Ok(Self { first, before, end, records: Records::unpack(count, &row[HEAD..])? })
    }

    /// What its first entry follows.
    pub(crate) const fn begins(&self) -> Link {
        Link { number: self.first.saturating_sub(1), chain: self.before }
    }

    /// Its records, each with the number of its entry.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (self.first..).zip(self.records.iter())
    }

    /// Its entries with their numbers.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, Result<Entry, RecordProblem>)> {
        self.records().map(|(number, record)| (number, Entry::read(record)))
    }

    /// Its last entry.
    pub(crate) fn last(&self) -> Option<Result<Entry, RecordProblem>> {
        self.records.iter().last().map(Entry::read)
    }
}

/// Where the row under the key `first` ends. A row whose head is damaged counts as if its first entry were its last.
pub(crate) fn end(first: u64, row: &[u8]) -> Link {
    head(first, row).map_or(Link { number: first, chain: 0 }, |(end, _)| end)
}

/// The end of a row, and the digest of the entries before it. None, if its head is damaged: a wrong number of entries would
/// count for all entries to come.
fn head(first: u64, row: &[u8]) -> Option<(Link, u128)> {
    let (head, rest) = row.split_at_checked(CHECKED)?;
    if *rest.first_chunk::<4>()? != check(head) {
        return None;
    }
    let (after, rest) = head.split_first_chunk::<16>()?;
    let (before, count) = rest.split_first_chunk::<16>()?;
    let count = u32::from_be_bytes(*count.first_chunk::<4>()?);
    let number = first.checked_add(u64::from(count).checked_sub(1)?)?;
    Some((Link { number, chain: u128::from_be_bytes(*after) }, u128::from_be_bytes(*before)))
}

fn check(head: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxhash_rust::xxh3::xxh3_64(head).to_be_bytes();
    [a, b, c, d]
}

/// The row of `records`: the entries before it have the digest `before`, those up to its last `after`.
pub(crate) fn row((before, after): (u128, u128), records: &Records) -> Result<Vec<u8>, RecordProblem> {
    let count = records.count.to_be_bytes();
    let mut row = [after.to_be_bytes().as_slice(), &before.to_be_bytes(), &count].concat();
    let check = check(&row);
    row.extend(check);
    row.extend(records.pack()?);
    Ok(row)
}

/// The last row, while entries are appended to it.
pub(crate) struct Tail {
    first: u64,
    /// The digests of the entries before it, and of those up to its last.
    chains: (u128, u128),
    records: Records,
    packed: Packed,
}

/// What a row came to when it was packed last.
#[derive(Clone, Copy)]
struct Packed {
    /// Bytes of its records.
    plain: usize,
    /// Bytes of the row.
    bytes: usize,
}

impl Tail {
    /// One that begins behind `end`.
    pub(crate) const fn new(end: Link) -> Self {
        let records = Records { count: 0, bytes: Vec::new() };
        let packed = Packed { plain: 0, bytes: HEAD + 1 };
        Self { first: end.number + 1, chains: (end.chain, end.chain), records, packed }
    }

    /// The last row, of so many bytes, to be gone on with.
    pub(crate) fn of(block: Block, bytes: usize) -> Self {
        let packed = Packed { plain: block.records.bytes.len(), bytes };
        Self { first: block.first, chains: (block.before, block.end.chain), records: block.records, packed }
    }

    /// Appends a record, behind which the entries have the digest `chain`. Returns the row before it, if that is full.
    pub(crate) fn push(
        &mut self,
        chain: u128,
        record: &[u8],
    ) -> Result<Option<(u64, Vec<u8>)>, RecordProblem> {
        let mut full = None;
        if self.records.count > 0 && !self.has_room(record)? {
            full = self.cut()?;
        }
        self.records.push(record);
        self.chains.1 = chain;
        Ok(full)
    }

    /// Ends the row, and begins the next one with what a page has no room for: records were taken in by how well those
    /// before them could be compressed. Returns the row that ended.
    fn cut(&mut self) -> Result<Option<(u64, Vec<u8>)>, RecordProblem> {
        let records = std::mem::take(&mut self.records);
        let (mut kept, mut end) = (records.clone(), self.chains.1);
        let mut row = row((self.chains.0, end), &kept)?;
        while row.len() > ROOM && kept.count > 1 {
            kept = kept.without_last();
            end = kept.iter().fold(self.chains.0, rows::chained);
            row = self::row((self.chains.0, end), &kept)?;
        }
        let first = self.first;
        let rest = records.iter().skip(kept.count as usize);
        *self = Self::new(Link { number: first + u64::from(kept.count) - 1, chain: end });
        for record in rest {
            self.records.push(record);
            self.chains.1 = rows::chained(self.chains.1, record);
        }
        Ok(Some((first, row)))
    }

    /// The rows of what is in it, with their keys: one, as a rule.
    pub(crate) fn rows(&mut self) -> Result<Vec<(u64, Vec<u8>)>, RecordProblem> {
        let mut rows = Vec::new();
        while let Some((first, row)) = self.row()? {
            if row.len() <= ROOM || self.records.count == 1 {
                rows.push((first, row));
                break;
            }
            rows.extend(self.cut()?);
        }
        Ok(rows)
    }

    /// The key and the row of what is in it.
    fn row(&self) -> Result<Option<(u64, Vec<u8>)>, RecordProblem> {
        if self.records.count == 0 {
            return Ok(None);
        }
        Ok(Some((self.first, row(self.chains, &self.records)?)))
    }

    /// Whether the row is no longer than a page has room for, with `record` behind it.
    fn has_room(&mut self, record: &[u8]) -> Result<bool, RecordProblem> {
        let plain = self.records.bytes.len() + 4 + record.len();
        // What came since is taken to be like what was there before: it is packed again only where that is too much.
        let Packed { plain: before, bytes } = self.packed;
        let more = plain.saturating_sub(before);
        let like_before = (more * bytes).checked_div(before).unwrap_or(more);
        if bytes + like_before.min(more) <= ROOM - MARGIN {
            return Ok(true);
        }
        let mut with = self.records.clone();
        with.push(record);
        self.packed = Packed { plain, bytes: HEAD + with.pack()?.len() };
        Ok(self.packed.bytes <= ROOM)
    }
}

/// The row without the entries up to the one at `last`, and its key; none, if nothing is left.
pub(crate) fn without_head(block: &Block, last: Link) -> Result<Option<(u64, Vec<u8>)>, RecordProblem> {
    let mut records = Records::default();
    block.records().filter(|(number, _)| *number > last.number).for_each(|(_, record)| records.push(record));
    if records.count == 0 {
        return Ok(None);
    }
    Ok(Some((last.number + 1, row((last.chain, block.end.chain), &records)?)))
}

impl<C> minicbor::Encode<C> for Records {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let packed = self.pack().map_err(minicbor::encode::Error::message)?;
        e.array(2)?.u32(self.count)?.bytes(&packed)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Records {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let wrong = minicbor::decode::Error::message;
        if d.array()? != Some(2) {
            return Err(wrong("records are a number and bytes"));
        }
        let count = d.u32()?;
        Self::unpack(count, d.bytes()?).map_err(minicbor::decode::Error::message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Records of which some are like each other and some are not.
    fn records() -> Vec<Vec<u8>> {
        let noise = |n: usize, byte: usize| (n * 31 + byte * 17 + byte * byte * n) as u8;
        let record = |n: usize| {
            let length = [40, 900, 120, 2_000, 60, 5_000][n % 6];
            let is_noise = n / 40 % 2 == 1;
            (0..length).map(|byte| if is_noise { noise(n, byte) } else { b'a' + (byte % 7) as u8 }).collect()
        };
        (0..400).map(record).collect()
    }

    #[test]
    fn a_row_takes_entries_until_a_page_is_full_and_all_of_them_are_read_back() {
        let (mut link, mut tail, mut rows) = (Link::START, Tail::new(Link::START), BTreeMap::new());
        for (n, record) in records().into_iter().enumerate() {
            link = link.next(&record);
            rows.extend(tail.push(link.chain, &record).unwrap());
            // As often as a commit ends.
            if n % 3 == 0 {
                rows.extend(tail.rows().unwrap());
            }
        }
        rows.extend(tail.rows().unwrap());
        let mut read = Vec::new();
        let mut end = Link::START;
        for (first, row) in &rows {
            let block = Block::read(*first, row).unwrap();
            assert!(row.len() <= ROOM || block.records.count == 1, "{} bytes", row.len());
            assert_eq!(block.begins(), end);
            end = block.end;
            read.extend(block.records.iter().map(<[u8]>::to_vec));
        }
        assert_eq!(read, records());
        assert_eq!(end, link);
        assert!(rows.len() < records().len() / 2, "{} rows", rows.len());
    }

    #[test]
    fn a_row_whose_head_was_changed_does_not_say_where_it_ends() {
        let mut records = Records::default();
        records.push(b"one");
        records.push(b"two");
        let row = row((1, 2), &records).unwrap();
        assert_eq!(end(7, &row), Link { number: 8, chain: 2 });
        for byte in 0..HEAD {
            let mut changed = row.clone();
            changed[byte] ^= 0x10;
            assert!(Block::read(7, &changed).is_err(), "byte {byte}");
            assert_eq!(end(7, &changed), Link { number: 7, chain: 0 }, "byte {byte}");
        }
    }
}
