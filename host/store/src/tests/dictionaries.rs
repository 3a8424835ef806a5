//! Requests that are compressed with earlier ones of their source.

use tocsin_core::command::{Decoding, Received};
use tocsin_core::id::ReceiptId;
use tocsin_core::plugin::SourceRequest;

use super::disk::Disk;
use super::samples::{Script, assert_clean, options, received, request, routing, write};
use crate::tables::{self, Definition};
use crate::{Store, raw};

/// The request with this number: much like the others, and larger than what is kept by itself.
fn alike(number: u64) -> SourceRequest {
    let name = |line: u64| line.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let line = |line: u64| format!("\"field-{:x}\": \"value {}\", ", name(line), number * line);
    let body = (0..60).map(line).collect::<String>().into_bytes();
    SourceRequest { body, ..request(super::samples::START) }
}

/// Sends requests with these numbers; returns their receipts' ids.
fn sent(store: &Store, script: &mut Script, source: &str, numbers: std::ops::Range<u64>) -> Vec<ReceiptId> {
    let one = |number| {
        let identities = vec![format!("{source} {number} {}", script.now)];
        let decoding = Decoding::Ignored("a ping".to_owned());
        let mut one = script.write(Received { identities, ..received(source, decoding) });
        one.request = Some(alike(number));
        let id = one.issued.seed;
        write(store, one).unwrap();
        id
    };
    numbers.map(one).collect()
}

fn opened(disk: &Disk) -> (Store, Script) {
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    (store, script)
}

fn sizes(store: &Store, table: Definition) -> Vec<usize> {
    raw::rows(store, table).iter().map(|(_, value)| value.len()).collect()
}

#[test]
fn requests_after_the_first_of_their_source_are_a_fraction_of_it_and_are_read_as_they_came() {
    let disk = Disk::default();
    let (store, mut script) = opened(&disk);
    let ids = sent(&store, &mut script, "grafana", 0..40);
    let bytes = sizes(&store, tables::REQUESTS);
    assert!(bytes[39] * 2 < bytes[0], "{bytes:?}");
    assert_eq!(sizes(&store, tables::DICTIONARIES).len(), 2, "one of the first request, one of a few");
    drop(store);
    let store = Store::open_backend(disk, options()).unwrap();
    for (id, number) in ids.into_iter().zip(0..) {
        assert_eq!(store.request(id).unwrap().unwrap(), alike(number));
    }
    let again = sent(&store, &mut script, "grafana", 40..41);
    assert_eq!(store.request(again[0]).unwrap().unwrap(), alike(40));
    let bytes = sizes(&store, tables::REQUESTS);
    assert!(bytes[40] * 2 < bytes[0], "dictionaries are in use again after opening: {bytes:?}");
    assert_clean(&store);
}

#[test]
fn a_dictionary_that_no_request_can_need_any_more_is_dropped_with_the_next_one() {
    let (store, mut script) = opened(&Disk::default());
    sent(&store, &mut script, "grafana", 0..16);
    assert_eq!(sizes(&store, tables::DICTIONARIES).len(), 2);
    // A week later the requests from before are dropped, and with another source's dictionary the one before the newest.
    script.now = script.now.plus_ms(options().keep.requests_ms + 1);
    sent(&store, &mut script, "jira", 0..1);
    sent(&store, &mut script, "zabbix", 0..1);
    let kept = raw::rows(&store, tables::DICTIONARIES);
    let names = ["grafana", "jira", "zabbix"];
    assert_eq!(kept.len(), 3);
    for ((_, value), name) in kept.iter().zip(names) {
        assert!(value[4..].starts_with(name.as_bytes()), "{name}");
    }
}

#[test]
fn a_request_whose_dictionary_is_gone_is_set_aside_with_the_reason() {
    let disk = Disk::default();
    let (store, mut script) = opened(&disk);
    let ids = sent(&store, &mut script, "grafana", 0..2);
    drop(store);
    raw::alter(disk.clone(), tables::DICTIONARIES, &ids[0].to_bytes(), |_| None);
    let store = Store::open_backend(disk, options()).unwrap();
    let error = store.request(ids[1]).unwrap_err();
    assert!(error.to_string().contains("the dictionary that it is compressed with is not there"), "{error}");
    assert_eq!(store.request(ids[0]).unwrap().unwrap(), alike(0));
    write(&store, script.trigger("next", "Next")).unwrap();
    let set_aside = store.set_aside().unwrap();
    assert_eq!((set_aside.len(), set_aside[0].table.as_str()), (1, "requests"));
}
