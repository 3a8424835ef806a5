//! Reading receipts and the raw requests beside them.

use tocsin_core::id::{OfReceipt, ReceiptId};
use tocsin_core::name::SourceName;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::receipt::ReceiptRecord;

use super::page::{Looked, Newest, Page, Period, Span, page};
use super::{Snapshot, dangling};
use crate::error::{Fault, ReadError};
use crate::store::Store;
use crate::{dictionaries, rows, tables};

/// Effects that take as long to read as a receipt without any.
const HEAVY_EFFECTS: usize = 8;

/// Which receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptQuery {
    /// Of this source. No index has it: each page looks at the newest of those that the rest of the query leaves.
    pub source: Option<SourceName>,
    /// Of which outcome.
    pub which: Receipts,
    /// Came then.
    pub came: Period,
    /// Made before this one.
    pub before: Option<ReceiptId>,
    /// At most so many; 0 gives none.
    pub limit: usize,
}

/// Receipts by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receipts {
    /// All of them.
    #[default]
    All,
    /// Those that were refused, also in part, or failed.
    DeadLetters,
    /// Those that were ignored.
    Ignored,
}

impl Store {
    /// A page of receipts, newest first.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn receipts(&self, query: &ReceiptQuery) -> Result<Page<ReceiptRecord, OfReceipt>, ReadError> {
        self.reading(|live| Ok(receipts(&Snapshot::new(live)?, query)?))
    }

    /// The receipt with this id.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn receipt(&self, id: ReceiptId) -> Result<Option<ReceiptRecord>, ReadError> {
        self.reading(|live| {
            let receipts = Snapshot::new(live)?.table(tables::RECEIPTS)?;
            Ok(rows::receipt(&receipts, id)?)
        })
    }

    /// The raw request of a receipt, as long as it is kept.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn request(&self, receipt: ReceiptId) -> Result<Option<SourceRequest>, ReadError> {
        self.reading(|live| {
            let snapshot = Snapshot::new(live)?;
            let key = receipt.to_bytes();
            let dictionaries = snapshot.table(tables::DICTIONARIES)?;
            for table in [tables::REQUESTS, tables::REQUESTS_DEAD] {
                let request = dictionaries::request(&snapshot.table(table)?, table, &dictionaries, &key)?;
                if request.is_some() {
                    return Ok(request);
                }
            }
            Ok(None)
        })
    }
}

fn receipts(snapshot: &Snapshot, query: &ReceiptQuery) -> Result<Page<ReceiptRecord, OfReceipt>, Fault> {
    let receipts = snapshot.table(tables::RECEIPTS)?;
    let index = match query.which {
        Receipts::All => tables::RECEIPTS,
        Receipts::DeadLetters => tables::DEAD_LETTERS,
        Receipts::Ignored => tables::IGNORED,
    };
    let ids = Newest::below(snapshot, index, &[Vec::new()], Span::of_arrivals(query.came, query.before))?;
    page(ids, query.limit, |id| {
        let receipt = rows::receipt(&receipts, id)?.ok_or_else(|| dangling(tables::RECEIPTS, id, index))?;
        let matches = query.source.as_ref().is_none_or(|source| *source == receipt.source)
            && query.came.has(receipt.at);
        let weight = 1 + receipt.effects.len() / HEAVY_EFFECTS;
        Ok(Looked::matched(matches, receipt, weight))
    })
}
