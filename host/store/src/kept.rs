//! How many bytes of raw requests are kept of each source, and which go when they are more than its quota: the oldest
//! that were decoded, then the oldest dead letters, which are counted.
//!
//! Beside the state, as the requests are. Knows nothing of what is in a request.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table, WriteTransaction};
use tocsin_core::id::{Id, ReceiptId};

use crate::error::Fault;
use crate::keep::Quota;
use crate::keys;
use crate::table::Bytes;
use crate::tables;

/// Bytes of a total's row: two numbers, and a third by which a damaged row is known.
const ROW_BYTES: usize = 24;
/// Any number of mixed bits.
const CHECK: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is kept of a source's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptBytes {
    /// Bytes of raw requests.
    pub bytes: u64,
    /// Dead letters whose bytes went because there were more than the source's quota.
    pub dropped: u64,
}

impl KeptBytes {
    fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut row = [0; ROW_BYTES];
        for (place, number) in row.chunks_exact_mut(8).zip([self.bytes, self.dropped, self.check()]) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        row
    }

    /// What [`KeptBytes::to_bytes`] wrote; nothing, for bytes that it did not.
    pub(crate) fn from_bytes(row: &[u8]) -> Option<Self> {
        let row: &[u8; ROW_BYTES] = row.try_into().ok()?;
        let mut numbers =
            row.chunks_exact(8).filter_map(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
        let kept = Self { bytes: numbers.next()?, dropped: numbers.next()? };
        numbers.next().filter(|check| *check == kept.check()).map(|_| kept)
    }

    /// Differs when a bit of either number does. A row of zeros or of ones alone does not fit.
    fn check(self) -> u64 {
        self.bytes ^ self.dropped.rotate_left(32) ^ CHECK
    }
}

/// One request's row.
struct Row {
    is_dead: bool,
    bytes: u64,
    source: String,
}

impl Row {
    fn to_bytes(&self) -> Vec<u8> {
        let mut row = vec![u8::from(self.is_dead)];
        row.extend(self.bytes.to_be_bytes());
        row.extend(self.source.as_bytes());
        row
    }

    fn from_bytes(row: &[u8]) -> Option<Self> {
        let (is_dead, rest) = row.split_first()?;
        let (bytes, source) = rest.split_first_chunk::<8>()?;
        let source = String::from_utf8(source.to_vec()).ok()?;
        Some(Self { is_dead: *is_dead != 0, bytes: u64::from_be_bytes(*bytes), source })
    }
}

/// Whether `row` is one of a request.
pub(crate) fn is_row(row: &[u8]) -> bool {
    Row::from_bytes(row).is_some()
}

/// The rows within one transaction.
pub(crate) struct Kept<'t> {
    rows: Table<'t, Bytes, Bytes>,
    by_source: Table<'t, Bytes, Bytes>,
    totals: Table<'t, Bytes, Bytes>,
    /// The totals that were looked at, and are written at the end.
    changed: BTreeMap<String, KeptBytes>,
}

impl<'t> Kept<'t> {
    /// As `transaction` sees them.
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            rows: tables::beside::KEPT.open(transaction)?,
            by_source: tables::beside::KEPT_BY_SOURCE.open(transaction)?,
            totals: tables::beside::KEPT_TOTALS.open(transaction)?,
            changed: BTreeMap::new(),
        })
    }

    /// A request of `bytes` bytes is kept.
    pub(crate) fn add(
        &mut self,
        source: &str,
        id: ReceiptId,
        is_dead: bool,
        bytes: u64,
    ) -> Result<(), Fault> {
        // First, since a total that is counted anew counts the rows that are there.
        let total = self.total(source)?;
        total.bytes = total.bytes.saturating_add(bytes);
        let row = Row { is_dead, bytes, source: source.to_owned() };
        self.rows.insert(id.to_bytes().as_slice(), row.to_bytes().as_slice())?;
        self.by_source.insert(key(source, is_dead, id).as_slice(), [].as_slice())?;
        Ok(())
    }

    /// It is no longer kept.
    pub(crate) fn remove(&mut self, id: ReceiptId) -> Result<(), Fault> {
        let row = self.rows.get(id.to_bytes().as_slice())?.map(|row| Row::from_bytes(row.value()));
        let Some(row) = row else { return Ok(()) };
        if let Some(row) = row {
            let total = self.total(&row.source)?;
            total.bytes = total.bytes.saturating_sub(row.bytes);
            self.by_source.remove(key(&row.source, row.is_dead, id).as_slice())?;
        }
        self.rows.remove(id.to_bytes().as_slice())?;
        Ok(())
    }

    /// The request that has to go for the newest one, `newest`, of `source` to be within `quota`, and whether it is a
    /// dead letter.
    pub(crate) fn over(
        &mut self,
        source: &str,
        newest: ReceiptId,
        quota: &Quota,
    ) -> Result<Option<(ReceiptId, bool)>, Fault> {
        if self.total(source)?.bytes <= quota.of(source) {
            return Ok(None);
        }
        for is_dead in [false, true] {
            if let Some(id) = self.oldest(source, is_dead)?.filter(|id| *id != newest) {
                return Ok(Some((id, is_dead)));
            }
        }
        Ok(None)
    }

    /// A dead letter went.
    pub(crate) fn count_dropped(&mut self, source: &str) -> Result<(), Fault> {
        let total = self.total(source)?;
        total.dropped = total.dropped.saturating_add(1);
        Ok(())
    }

    fn oldest(&self, source: &str, is_dead: bool) -> Result<Option<ReceiptId>, Fault> {
        let (first, last) = ends(source, is_dead);
        let found = self.by_source.range(first.as_slice()..=last.as_slice())?.next().transpose()?;
        let id = found.and_then(|(key, _)| key.value().last_chunk::<{ keys::ID }>().copied());
        Ok(id.map(Id::from_bytes))
    }

    fn total(&mut self, source: &str) -> Result<&mut KeptBytes, Fault> {
        if !self.changed.contains_key(source) {
            let row = self.totals.get(source.as_bytes())?.map(|row| KeptBytes::from_bytes(row.value()));
            let total = match row {
                None => KeptBytes::default(),
                Some(Some(total)) => total,
                Some(None) => KeptBytes { bytes: self.counted(source)?, dropped: 0 },
            };
            self.changed.insert(source.to_owned(), total);
        }
        Ok(self.changed.entry(source.to_owned()).or_default())
    }

    /// The bytes that are kept of `source`, counted anew: its total was damaged.
    fn counted(&self, source: &str) -> Result<u64, Fault> {
        let mut bytes = 0_u64;
        for found in
            self.by_source.range(ends(source, false).0.as_slice()..=ends(source, true).1.as_slice())?
        {
            let (key, _) = found?;
            let Some(id) = key.value().last_chunk::<{ keys::ID }>() else { continue };
            let row = self.rows.get(id.as_slice())?.and_then(|row| Row::from_bytes(row.value()));
            bytes = bytes.saturating_add(row.map_or(0, |row| row.bytes));
        }
        Ok(bytes)
    }

    /// Writes the totals.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        for (source, total) in &self.changed {
            self.totals.insert(source.as_bytes(), total.to_bytes().as_slice())?;
        }
        Ok(())
    }
}

/// The keys around those of a source's requests that are dead letters, or are not.
fn ends(source: &str, is_dead: bool) -> (Vec<u8>, Vec<u8>) {
    let end = |byte| key(source, is_dead, Id::from_bytes([byte; keys::ID]));
    (end(0), end(0xff))
}

fn key(source: &str, is_dead: bool, id: ReceiptId) -> Vec<u8> {
    let mut key = keys::text(source);
    key.push(u8::from(is_dead));
    key.extend(id.to_bytes());
    key
}
