//! A relay that dies while it tries a file: the next start is well.

use std::time::{Duration, Instant};

use super::{digest, is_from, refusal, remove};
use crate::harness::{Relay, guest, source, until};

/// A relay that is trying a file whose description does not end.
fn trying() -> Relay {
    let relay = Relay::start(&format!("{}{}", source("hook", "webhook"), source("polite", "polite")));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    relay.drop_plugin("slow.wasm", &guest("slow-description"));
    until("it is being tried", || relay.path("state/plugin-records/trying.json").exists().then_some(()));
    relay
}

#[test]
fn a_file_that_was_being_tried_when_the_relay_died_is_skipped_by_the_next_start() {
    let mut relay = trying();
    relay.kill();
    let began = Instant::now();
    relay.restart();
    // Nothing waits for the five seconds that a description may take.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let why = refusal(&relay, "slow.wasm");
    assert!(
        why.contains("the relay ended while it tried this file")
            && why.contains("tocsin plugins approve slow.wasm"),
        "{why}"
    );
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("refused: plugin file slow.wasm: the relay ended while it tried"), "{status}");
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    assert_eq!(relay.post("polite", "body").body, "taken");
    let polite = digest(&relay, "polite");
    // Still so after a restart in peace, and tried again once an operator says so.
    relay.stop();
    relay.restart();
    assert!(refusal(&relay, "slow.wasm").contains("the relay ended while it tried this file"));
    let said = relay.run(&["plugins", "approve", "slow.wasm"]).expect(1).stdout;
    assert!(said.contains("not tried yet") && said.contains("time"), "{said}");
    assert!(!refusal(&relay, "slow.wasm").contains("the relay ended"), "it was tried to the end");
    // Another file in its place is tried.
    relay.drop_plugin("slow.wasm", &guest("many-events"));
    is_from(&relay, "many-events", "slow.wasm");
    remove(&relay, "slow.wasm");
    until("all is well", || (relay.run(&["status"]).code == 0).then_some(()));
    assert_eq!(digest(&relay, "polite"), polite);
}

#[test]
fn a_relay_that_is_stopped_while_it_tries_a_file_tries_it_again() {
    let mut relay = trying();
    relay.stop();
    assert!(!relay.path("state/plugin-records/trying.json").exists());
    relay.restart_unwell();
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    let why = refusal(&relay, "slow.wasm");
    assert!(!why.contains("the relay ended"), "{why}");
}
