//! What was released is read for ever: committed bytes of every record, and of a journal with every kind of fact.
//!
//! `format/` has a file for each kind of record, with one record a line in hexadecimal digits. A line that was released is
//! never changed or removed. A new variant is a new line at the end of its file; a new form of a record is a new file
//! beside, and the old one must still be read. `format/digest` has the digest of the state that follows from
//! `format/journal`: rows have other bytes when a record gets a new form, so it changes with
//! [`FORMAT`](crate::tables::FORMAT) alone.

use std::fmt::Debug;

use tocsin_core::journal::Entry;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::state::Pause;

use super::samples::{START, assert_clean, options, outcome, request};
use super::{counting, records, set_aside, story};
use crate::record::Stored;
use crate::record::delivery::{DeliveryRow, References};
use crate::record::told::ToldRow;
use crate::{Store, raw, tables};

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
    let written: String = values.iter().map(|value| hex(&value.to_bytes().unwrap()) + "\n").collect();
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
    let verified = store.verify(&mut |_, _| {}).unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    assert_eq!(assert_clean(&store), entries.len() as u64);
    let committed = include_str!("format/digest").trim();
    assert_eq!(verified.digest.rows.to_string(), committed, "the digest of format {}", tables::FORMAT);
}
