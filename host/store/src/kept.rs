//! How many bytes of raw requests are kept of each source, and which go when they are more than its quota: the oldest
//! that were decoded, then the oldest dead letters, which are counted.
//!
//! Beside the state, as the requests are. Knows nothing of what is in a request.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table, WriteTransaction};
use tocsin_core::id::Id;

use crate::error::Fault;
use crate::keys;
use crate::tables::{self, Bytes};

/// Bytes of requests that each source may have kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of a source that has none of its own.
    pub usual: u64,
    /// By source.
    pub by_source: BTreeMap<String, u64>,
}

impl Quota {
    fn of(&self, source: &str) -> u64 {
        self.by_source.get(source).copied().unwrap_or(self.usual)
    }
}

/// What is kept of a source's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptBytes {
    /// Bytes of raw requests.
    pub bytes: u64,
    /// Dead letters whose bytes went because there were more than the source's quota.
    pub dropped: u64,
}

impl KeptBytes {
    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.bytes) << 64 | u128::from(self.dropped)).to_be_bytes()
    }

    /// What [`KeptBytes::to_bytes`] wrote; nothing, for bytes that it did not.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let Some((bytes, dropped)) = bytes.split_first_chunk::<8>() else { return Self::default() };
        let dropped = dropped.try_into().map(u64::from_be_bytes).unwrap_or(0);
        Self { bytes: u64::from_be_bytes(*bytes), dropped }
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
            rows: transaction.open_table(tables::KEPT.redb())?,
            by_source: transaction.open_table(tables::KEPT_BY_SOURCE.redb())?,
            totals: transaction.open_table(tables::KEPT_TOTALS.redb())?,
            changed: BTreeMap::new(),
        })
    }

    /// A request of `bytes` bytes is kept.
    pub(crate) fn add(&mut self, source: &str, id: Id, is_dead: bool, bytes: u64) -> Result<(), Fault> {
        let row = Row { is_dead, bytes, source: source.to_owned() };
        self.rows.insert(id.to_bytes().as_slice(), row.to_bytes().as_slice())?;
        self.by_source.insert(key(source, is_dead, id).as_slice(), [].as_slice())?;
        self.total(source)?.bytes += bytes;
        Ok(())
    }

    /// It is no longer kept.
    pub(crate) fn remove(&mut self, id: Id) -> Result<(), Fault> {
        let row = self.rows.remove(id.to_bytes().as_slice())?.and_then(|row| Row::from_bytes(row.value()));
        let Some(row) = row else { return Ok(()) };
        self.by_source.remove(key(&row.source, row.is_dead, id).as_slice())?;
        let total = self.total(&row.source)?;
        total.bytes = total.bytes.saturating_sub(row.bytes);
        Ok(())
    }

    /// The request that has to go for the newest one, `newest`, of `source` to be within `quota`, and whether it is a
    /// dead letter.
    pub(crate) fn over(
        &mut self,
        source: &str,
        newest: Id,
        quota: &Quota,
    ) -> Result<Option<(Id, bool)>, Fault> {
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
        self.total(source)?.dropped += 1;
        Ok(())
    }

    fn oldest(&self, source: &str, is_dead: bool) -> Result<Option<Id>, Fault> {
        let first = key(source, is_dead, Id::from_bytes([0; keys::ID]));
        let last = key(source, is_dead, Id::from_bytes([0xff; keys::ID]));
        let found = self.by_source.range(first.as_slice()..=last.as_slice())?.next().transpose()?;
        let id = found.and_then(|(key, _)| key.value().last_chunk::<{ keys::ID }>().copied());
        Ok(id.map(Id::from_bytes))
    }

    fn total(&mut self, source: &str) -> Result<&mut KeptBytes, Fault> {
        if !self.changed.contains_key(source) {
            let row = self.totals.get(source.as_bytes())?;
            let total = row.map(|row| KeptBytes::from_bytes(row.value())).unwrap_or_default();
            self.changed.insert(source.to_owned(), total);
        }
        Ok(self.changed.entry(source.to_owned()).or_default())
    }

    /// Writes the totals.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        for (source, total) in &self.changed {
            self.totals.insert(source.as_bytes(), total.to_bytes().as_slice())?;
        }
        Ok(())
    }
}

fn key(source: &str, is_dead: bool, id: Id) -> Vec<u8> {
    let mut key = keys::text(source);
    key.push(u8::from(is_dead));
    key.extend(id.to_bytes());
    key
}
