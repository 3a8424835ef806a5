//! A relay that has nothing yet: every list says what to do next.

use serde_json::json;

use crate::harness::{Relay, Site, source};

#[test]
fn every_empty_list_says_what_to_do_next() {
    let relay = Relay::start("");
    for (command, says) in [
        ("incidents list", &["no incidents: ", "tocsin sources list"][..]),
        ("incidents list --state open", &["no incidents: none matches", "`tocsin incidents list`"]),
        ("incidents list --since 2h", &["no incidents: none matches"]),
        ("deliveries list", &["no deliveries: ", "tocsin actions list"]),
        ("deliveries list --dead-letters", &["no dead letters: ", "`tocsin deliveries list`"]),
        ("deliveries list --state due", &["no deliveries: none matches"]),
        ("deliveries retry --dead-letters", &["no dead letters to retry; ", "`tocsin deliveries list`"]),
        ("deliveries discard --dead-letters", &["no dead letters to discard; "]),
        ("receipts list", &["no receipts: ", "tocsin sources list"]),
        ("receipts list --dead-letters", &["no dead letters: ", "`tocsin receipts list`"]),
        ("receipts list --ignored", &["no ignored requests: ", "`tocsin receipts list`"]),
        ("receipts list --until 2026-01-01", &["no receipts: none matches"]),
        ("sources list", &["no sources: ", "[sources.<name>]", "tocsin reload"]),
        ("connections list", &["no connections: ", "[connections.<name>]", "tocsin reload"]),
        ("actions list", &["no actions: ", "[actions.<name>]", "tocsin reload"]),
        ("secrets list", &["no managed secrets: ", "`tocsin secrets set NAME`"]),
        ("check", &["no source: ", "tocsin init"]),
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let ran = relay.run(&arguments);
        for words in says {
            assert!(ran.all().contains(words), "{command}: {words:?} is not in {ran:?}");
        }
        assert!(!ran.all().trim().is_empty(), "{command} says nothing");
    }
}

#[test]
fn an_empty_list_is_empty_in_json() {
    let relay = Relay::start("");
    for (command, empty) in [
        ("incidents list", json!({ "items": [], "next": null })),
        ("deliveries list", json!({ "items": [], "next": null })),
        ("receipts list", json!({ "items": [], "next": null })),
        ("sources list", json!([])),
        ("connections list", json!([])),
        ("actions list", json!([])),
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        assert_eq!(relay.json(&arguments), empty, "{command}");
    }
}

#[test]
fn a_source_without_dead_letters_has_none_to_decode_again() {
    let relay = Relay::start(&source("hook", "webhook"));
    let said = relay.run(&["receipts", "redecode", "--source", "hook"]).expect(0).stdout;
    assert!(said.contains("no dead letters of this source: `tocsin receipts list --dead-letters`"), "{said}");
    let said = relay.run(&["receipts", "discard", "--source", "hook"]).expect(0).stdout;
    assert!(said.contains("no dead letters: `tocsin receipts list --dead-letters`"), "{said}");
}

#[test]
fn without_a_relay_every_list_says_how_to_start_one() {
    let site = Site::new("");
    for command in ["incidents list", "deliveries list", "receipts list", "sources list", "status"] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let said = site.run(&arguments).expect(1).stderr;
        assert!(said.contains("start it with `tocsin serve`"), "{command}: {said}");
    }
}
