//! Whether one row can be read: its key has the shape of its table, and its value is what belongs there.
//!
//! Looks at no other row but a request's dictionary: an index that leads nowhere shows in the digest, and in a replay.

use tocsin_core::id::OfIncident;
use tocsin_core::incident::Incident;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::TimelineItem;

use crate::cut::JournalCut;
use crate::dictionaries::{self, Reader};
use crate::digest::Digest;
use crate::error::{Fault, RecordProblem};
use crate::kept::{self, KeptBytes};
use crate::keys;
use crate::record::Stored;
use crate::record::counters::Counters;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::set_aside::Kept;
use crate::record::source_counts::SourceCounts;
use crate::record::told::ToldRow;
use crate::rows;
use crate::table::Rows;
use crate::tables::{self, Definition};

/// What is wrong with this row of `table`, if anything is.
pub(super) fn problem(
    table: Definition,
    key: &[u8],
    value: &[u8],
    (requests, dictionaries): (&mut Reader, &impl Rows),
) -> Option<RecordProblem> {
    if !table.has_shape(key) {
        return Some(RecordProblem::Body("its key is not one of its table".to_owned()));
    }
    match read(table, key, value, (requests, dictionaries)) {
        Ok(()) => None,
        Err(Fault::Record { problem, .. }) => Some(problem),
        Err(other) => Some(RecordProblem::Body(other.to_string())),
    }
}

fn read(
    table: Definition,
    key: &[u8],
    value: &[u8],
    (requests, dictionaries): (&mut Reader, &impl Rows),
) -> Result<(), Fault> {
    let is = |right: bool, what| if right { Ok(()) } else { Err(rows::not(table, key, what)) };
    match table {
        tables::INCIDENTS => {
            let incident: Incident = rows::read(table, key, value)?;
            is(incident.id.to_bytes() == key, "the incident of its key")
        }
        tables::RECEIPTS => {
            let receipt: ReceiptRecord = rows::read(table, key, value)?;
            is(receipt.id.to_bytes() == key, "the receipt of its key")
        }
        tables::TIMELINE => record::<TimelineItem>(table, key, value),
        tables::DELIVERIES => record::<DeliveryRow>(table, key, value),
        tables::REFERENCES => record::<References>(table, key, value),
        tables::TOLD => record::<ToldRow>(table, key, value),
        tables::PAUSES => rows::named_pause(key, value).map(|_| ()),
        tables::INCIDENT_NUMBERS | tables::IDENTITIES => {
            rows::id::<OfIncident>(table, key, value).map(|_| ())
        }
        tables::SEEN => rows::seen(key, value).map(|_| ()),
        tables::TIMERS => rows::timer(key, value).map(|_| ()),
        tables::LANES => is(keys::ids(value).is_some_and(|ids| !ids.is_empty()), "a list of ids"),
        tables::META if key == tables::META_COUNTERS => record::<Counters>(table, key, value),
        tables::META if key == tables::META_CUT => {
            is(JournalCut::from_bytes(value).is_some(), "where the journal was cut")
        }
        tables::META if key == tables::META_DIGEST => is(Digest::from_bytes(value).is_some(), "a digest"),
        tables::REQUESTS | tables::REQUESTS_DEAD => {
            requests.read(table, key, value, dictionaries).map(|_| ())
        }
        tables::DICTIONARIES => dictionaries::contents_of(key, value).map(|_| ()),
        tables::KEPT => is(kept::is_row(value), "the bytes of a request and its source"),
        tables::KEPT_TOTALS => is(KeptBytes::from_bytes(value).is_some(), "the bytes of a source's requests"),
        tables::SOURCE_COUNTS => record::<SourceCounts>(table, key, value),
        tables::SET_ASIDE => record::<Kept>(table, key, value),
        tables::AUDIT => is(std::str::from_utf8(value).is_ok(), "the name of a person"),
        // Their keys say all.
        _ => Ok(()),
    }
}

fn record<T: Stored>(table: Definition, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    rows::read::<T>(table, key, value).map(|_| ())
}
