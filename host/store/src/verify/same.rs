//! Whether two values of one row say the same, although they may be written in another form.
//!
//! A row is not rewritten when a record gets a new form, while what evolves from the journal is written in the newest.

use tocsin_core::incident::Incident;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, TimelineItem};

use crate::record::Stored;
use crate::record::counters::Counters;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::told::ToldRow;
use crate::tables::{self, Definition};

/// Whether `kept` says what `evolved` says.
pub(super) fn is_same(table: Definition, kept: &[u8], evolved: &[u8]) -> bool {
    kept == evolved
        || match table {
            tables::INCIDENTS => is_same_record::<Incident>(kept, evolved),
            tables::TIMELINE => is_same_record::<TimelineItem>(kept, evolved),
            tables::RECEIPTS => is_same_record::<ReceiptRecord>(kept, evolved),
            tables::DELIVERIES => is_same_record::<DeliveryRow>(kept, evolved),
            tables::REFERENCES => is_same_record::<References>(kept, evolved),
            tables::TOLD => is_same_record::<ToldRow>(kept, evolved),
            tables::PAUSES => is_same_record::<Pause>(kept, evolved),
            tables::META => is_same_record::<Counters>(kept, evolved),
            _ => false,
        }
}

fn is_same_record<T: Stored + PartialEq>(kept: &[u8], evolved: &[u8]) -> bool {
    matches!((T::read(kept), T::read(evolved)), (Ok(kept), Ok(evolved)) if kept == evolved)
}
