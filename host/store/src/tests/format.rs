//! What was released is read for ever: committed bytes of every record, and of a journal with every kind of fact.
//!
//! `format/` has a file for each kind of record, with one record a line in hexadecimal digits. A line that was released is
//! never changed or removed. A new variant is a new line at the end of its file; a new form of a record is a new file
//! beside, and the old one must still be read. `format/digest` has the digest of the state that follows from
//! `format/journal`: rows have other bytes when a record gets a new form, so it changes with
//! [`FORMAT`](crate::tables::FORMAT) alone.

use std::fmt::Debug;

use tocsin_core::incident::Incident;
use tocsin_core::journal::Entry;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::state::{Pause, TimelineItem};

use super::samples::{START, assert_clean, options, outcome, request};
use super::{counting, records, set_aside, story};
use crate::record::Stored;
use crate::record::counters::Counters;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::packed;
use crate::record::set_aside::Kept;
use crate::record::told::ToldRow;
use crate::{SourceCounts, Store, raw, tables};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(line: &str) -> Vec<u8> {
    let pairs = line.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The values that the lines of `committed` are.
fn read<T: Stored>(committed: &str) -> Vec<T> {
    committed.lines().map(|line| T::read(&bytes(line)).unwrap()).collect()
}

/// That the lines of `committed` are read as `values`, and that these are written so.
fn assert_format<T: Stored + PartialEq + Debug>(name: &str, committed: &str, values: &[T]) {
    // How well a record is compressed may differ from version to version.
    let written = |value: &T| hex(&packed::plain(&value.to_bytes().unwrap()).unwrap()) + "\n";
    let written: String = values.iter().map(written).collect();
    assert!(written == committed, "format/{name} would be:\n{written}");
    assert_eq!(read::<T>(committed), values, "format/{name}");
}

#[test]
fn every_record_of_this_format_is_read_and_written_as_it_was() {
    let deliveries: Vec<DeliveryRow> = records::deliveries().iter().map(DeliveryRow::from).collect();
    let told: Vec<ToldRow> = records::told().iter().map(ToldRow::from).collect();
    assert_format("counters", include_str!("format/counters"), &[records::counters()]);
    assert_format("deliveries", include_str!("format/deliveries"), &deliveries);
    assert_format("entries", include_str!("format/entries"), &records::entries());
    assert_format("incidents", include_str!("format/incidents"), &records::incidents());
    assert_format("journal", include_str!("format/journal"), &story::entries());
    let pause = Pause { since: START, reason: "no token".to_owned() };
    assert_format("pauses", include_str!("format/pauses"), &[pause]);
    assert_format("receipts", include_str!("format/receipts"), &records::receipts());
    let references = References(outcome().references);
    assert_format("references", include_str!("format/references"), &[references]);
    assert_format("set_aside", include_str!("format/set_aside"), &[set_aside::kept()]);
    assert_format("source_counts", include_str!("format/source_counts"), &[counting::counts(7)]);
    assert_format("timeline", include_str!("format/timeline"), &records::lines());
    assert_format("told", include_str!("format/told"), &told);
}

/// How it is compressed may differ from version to version.
#[test]
fn every_request_of_this_format_is_read() {
    let read: Vec<SourceRequest> = read(include_str!("format/requests"));
    let written = hex(&request(START).to_bytes().unwrap());
    assert!(read == [request(START)], "format/requests would be:\n{written}");
}

#[test]
fn the_journal_of_this_format_evolves_to_the_state_that_it_did() {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options()).unwrap();
    let entries: Vec<Entry> = read(include_str!("format/journal"));
    raw::follow(&store, &entries);
    let verified = store.replay(None, &mut |_, _| {}).unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    assert_eq!(assert_clean(&store), entries.len() as u64);
    let committed = include_str!("format/digest").trim();
    assert_eq!(verified.digest.rows.to_string(), committed, "the digest of format {}", tables::FORMAT);
}

/// Reads every line of `committed` with each of its bytes changed, and cut at each; returns how often it was read all the
/// same.
fn read_damaged<T: Stored>(committed: &str) -> usize {
    let mut readable = 0;
    for line in committed.lines() {
        let whole = bytes(line);
        let mut changed = whole.clone();
        for place in 0..whole.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                changed[place] = whole[place] ^ mask;
                readable += usize::from(T::read(&changed).is_ok());
            }
            changed[place] = whole[place];
            readable += usize::from(T::read(&whole[..place]).is_ok());
        }
    }
    readable
}

/// Damage is a problem in words, or another value: never a panic, and never room for what a length promises.
#[test]
fn a_record_with_any_byte_changed_is_read_or_refused() {
    let readable = [
        read_damaged::<Counters>(include_str!("format/counters")),
        read_damaged::<DeliveryRow>(include_str!("format/deliveries")),
        read_damaged::<Entry>(include_str!("format/entries")),
        read_damaged::<Incident>(include_str!("format/incidents")),
        read_damaged::<Entry>(include_str!("format/journal")),
        read_damaged::<Pause>(include_str!("format/pauses")),
        read_damaged::<ReceiptRecord>(include_str!("format/receipts")),
        read_damaged::<References>(include_str!("format/references")),
        read_damaged::<SourceRequest>(include_str!("format/requests")),
        read_damaged::<Kept>(include_str!("format/set_aside")),
        read_damaged::<SourceCounts>(include_str!("format/source_counts")),
        read_damaged::<TimelineItem>(include_str!("format/timeline")),
        read_damaged::<ToldRow>(include_str!("format/told")),
    ];
    assert!(readable.iter().all(|readable| *readable > 0), "{readable:?}");
}
