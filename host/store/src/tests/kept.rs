//! The quota of a source's raw requests: which go, what is counted, and what a damaged row of it costs.

use std::collections::BTreeMap;

use tocsin_core::command::{Decoding, Received};
use tocsin_core::id::ReceiptId;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::time::Timestamp;

use super::disk::Disk;
use super::samples::{START, Script, assert_clean, options, received, request, routing, write};
use crate::record::Stored;
use crate::{Keep, KeptBytes, Options, Quota, Store, raw, tables};

/// A request that is compressed by itself.
fn small(at: Timestamp) -> SourceRequest {
    SourceRequest { body: (0..=255).collect(), ..request(at) }
}

/// Room for this many of the requests that the script makes.
fn room_for(requests: u64) -> Options {
    let bytes = small(START).to_bytes().unwrap().len() as u64;
    // A time takes a byte more or less.
    let usual = requests * (bytes + 8);
    let bytes = Quota { usual, by_source: BTreeMap::new() };
    Options { keep: Keep { bytes, ..Keep::default() }, ..options() }
}

fn opened(disk: &Disk, requests: u64) -> (Store, Script) {
    let store = Store::open_backend(disk.clone(), room_for(requests)).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    (store, script)
}

/// Sends a request, and returns its id.
fn sent(store: &Store, script: &mut Script, source: &str, decoding: Decoding) -> ReceiptId {
    let identities = vec![format!("{source}-{}", script.now)];
    let mut write_of = script.write(Received { identities, ..received(source, decoding) });
    write_of.request = Some(small(script.now));
    let id = write_of.issued.seed;
    write(store, write_of).unwrap();
    id
}

fn dead() -> Decoding {
    Decoding::Failed("it trapped".to_owned())
}

fn ignored() -> Decoding {
    Decoding::Ignored("a ping".to_owned())
}

fn is_kept(store: &Store, ids: &[ReceiptId]) -> Vec<bool> {
    ids.iter().map(|id| store.request(*id).unwrap().is_some()).collect()
}

#[test]
fn decoded_requests_go_before_dead_letters_and_the_oldest_of_each_first() {
    let (store, mut script) = opened(&Disk::default(), 3);
    let first: Vec<ReceiptId> = [dead(), ignored(), dead()]
        .into_iter()
        .map(|decoding| sent(&store, &mut script, "grafana", decoding))
        .collect();
    let other = sent(&store, &mut script, "jira", dead());
    assert_eq!(is_kept(&store, &first), [true, true, true]);
    let fourth = sent(&store, &mut script, "grafana", dead());
    assert_eq!(is_kept(&store, &first), [true, false, true], "the decoded one went");
    let fifth = sent(&store, &mut script, "grafana", ignored());
    assert_eq!(is_kept(&store, &first), [false, false, true], "the oldest dead letter went");
    assert_eq!(
        is_kept(&store, &[fourth, fifth, other]),
        [true, true, true],
        "another source has its own room"
    );
    let kept = store.kept_bytes().unwrap();
    assert_eq!((kept["grafana"].dropped, kept["jira"].dropped), (1, 0));
    assert_clean(&store);
}

#[test]
fn a_damaged_total_is_counted_anew_and_costs_no_request() {
    for damage in [
        |mut row: Vec<u8>| {
            row[0] |= 0x80;
            row
        },
        |mut row: Vec<u8>| {
            row[15] ^= 1;
            row
        },
        |row: Vec<u8>| row[..7].to_vec(),
        |_| vec![0xff; 24],
    ] as [fn(Vec<u8>) -> Vec<u8>; 4]
    {
        let disk = Disk::default();
        let (store, mut script) = opened(&disk, 100);
        let before: Vec<ReceiptId> = (0..3).map(|_| sent(&store, &mut script, "grafana", dead())).collect();
        let kept = store.kept_bytes().unwrap()["grafana"];
        store.close();
        raw::alter(disk.clone(), tables::KEPT_TOTALS, b"grafana", |row| row.map(damage));
        let store = Store::open_backend(disk.clone(), room_for(100)).unwrap();
        let last = sent(&store, &mut script, "grafana", dead());
        assert_eq!(is_kept(&store, &before), [true, true, true]);
        let one = store.request(last).unwrap().unwrap().to_bytes().unwrap().len() as u64;
        let expected = KeptBytes { bytes: kept.bytes + one, dropped: 0 };
        assert_eq!(store.kept_bytes().unwrap()["grafana"], expected);
    }
}
