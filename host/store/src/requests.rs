//! Raw requests beside the state: kept with their receipt's transaction, dropped by age and by their source's quota.
//! No part of the state, so `verify` does not look at them.

use redb::{ReadableTable, Table, WriteTransaction};
use tocsin_core::id::{Id, ReceiptId};
use tocsin_core::time::Timestamp;

use crate::error::Fault;
use crate::keep::{Keep, Quota};
use crate::kept::Kept;
use crate::log::Keeping;
use crate::table::Bytes;
use crate::tables;

/// Requests dropped with one transaction beyond those that came in with it: enough to catch up, too few to be
/// noticed.
const DROPPED_AT_ONCE: usize = 16;

/// The raw requests within one transaction.
pub(crate) struct Requests<'t> {
    decoded: Table<'t, Bytes, Bytes>,
    dead: Table<'t, Bytes, Bytes>,
    kept: Kept<'t>,
}

impl<'t> Requests<'t> {
    /// As `transaction` sees them.
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            decoded: tables::beside::REQUESTS.open(transaction)?,
            dead: tables::beside::REQUESTS_DEAD.open(transaction)?,
            kept: Kept::open(transaction)?,
        })
    }

    /// Keeps a request, or moves what is kept. What is more than the `quota` of its source goes.
    pub(crate) fn keep(&mut self, keeping: &Keeping, quota: &Quota) -> Result<(), Fault> {
        self.put(keeping)?;
        self.keep_within(&keeping.source, keeping.receipt, quota)
    }

    /// Keeps a request, or moves what is kept, whatever else is kept of its source.
    pub(crate) fn put(&mut self, keeping: &Keeping) -> Result<(), Fault> {
        let Keeping { receipt, source, is_dead, record } = keeping;
        let (table, other) =
            if *is_dead { (&mut self.dead, &mut self.decoded) } else { (&mut self.decoded, &mut self.dead) };
        let key = receipt.to_bytes();
        let bytes = if let Some(request) = record {
            table.insert(key.as_slice(), request.as_slice())?;
            request.len()
        } else if let Some(request) = other.remove(key.as_slice())? {
            // It was decoded again, with another outcome.
            table.insert(key.as_slice(), request.value())?;
            request.value().len()
        } else {
            return Ok(());
        };
        self.kept.remove(*receipt)?;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.kept.add(source, *receipt, *is_dead, bytes)
    }

    /// Drops requests of `source` until `newest` fits into its quota; at most a few at once.
    fn keep_within(&mut self, source: &str, newest: ReceiptId, quota: &Quota) -> Result<(), Fault> {
        for _ in 0..DROPPED_AT_ONCE {
            let Some((id, is_dead)) = self.kept.over(source, newest, quota)? else { break };
            let table = if is_dead { &mut self.dead } else { &mut self.decoded };
            table.remove(id.to_bytes().as_slice())?;
            self.kept.remove(id)?;
            if is_dead {
                self.kept.count_dropped(source)?;
            }
        }
        Ok(())
    }

    /// Drops the requests of receipts that were forgotten.
    pub(crate) fn forget(&mut self, receipts: &[ReceiptId]) -> Result<(), Fault> {
        for receipt in receipts {
            let key = receipt.to_bytes();
            self.decoded.remove(key.as_slice())?;
            self.dead.remove(key.as_slice())?;
            self.kept.remove(*receipt)?;
        }
        Ok(())
    }

    /// Writes how many bytes are kept.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        self.kept.finish()
    }

    /// Drops what is past its time at `now`, oldest first: as many as came in and a few.
    pub(crate) fn drop_old(&mut self, now: Timestamp, came_in: usize, keep: &Keep) -> Result<(), Fault> {
        let limit = came_in + DROPPED_AT_ONCE;
        drop_before(&mut self.decoded, &mut self.kept, now.minus_ms(keep.requests_ms), limit)?;
        drop_before(&mut self.dead, &mut self.kept, now.minus_ms(keep.dead_letters_ms), limit)
    }
}

fn drop_before(
    requests: &mut Table<'_, Bytes, Bytes>,
    kept: &mut Kept<'_>,
    time: Timestamp,
    limit: usize,
) -> Result<(), Fault> {
    // An id begins with its time: the first one of that millisecond.
    let end = ReceiptId::new(time, 0).to_bytes();
    for _ in 0..limit {
        let first = requests.first()?.map(|(key, _)| key.value().to_vec());
        match first {
            Some(key) if key.as_slice() < end.as_slice() => {
                requests.remove(key.as_slice())?;
                if let Ok(id) = key.try_into() {
                    kept.remove(Id::from_bytes(id))?;
                }
            }
            _ => break,
        }
    }
    Ok(())
}
