//! Ignored requests are visible and can be decoded again; what a plugin does not explain is not ignored.

use serde_json::json;

use crate::harness::{Relay, Site, guest, settings, source};

fn config(program: &str) -> String {
    format!("{}{}", source("hook", "webhook"), settings("sources.hook", &format!("jq = '{program}'")))
}

#[test]
fn ignored_requests_are_listed_and_decoded_again_after_the_program_was_fixed() {
    let mut relay = Relay::start(&config(r#"{ignored: "all of it"}"#));
    let first = relay.post("hook", r#"{"name":"Disk full"}"#).expect(200);
    assert_eq!(first.json()["status"], "ignored");
    relay.post("hook", r#"{"name":"CPU busy"}"#).expect(200);
    let ignored = relay.list(&["receipts", "list", "--ignored"]);
    assert_eq!(ignored.len(), 2);
    assert!(ignored.iter().all(|receipt| receipt["status"] == "ignored"), "{ignored:#?}");
    assert!(relay.list(&["receipts", "list", "--dead-letters"]).is_empty());
    let shown = relay.json(&["receipts", "show", &first.receipt()]);
    assert_eq!(shown["request"]["body"]["text"], r#"{"name":"Disk full"}"#);
    let words = relay.run(&["receipts", "show", &first.receipt()]).expect(0).stdout;
    assert!(words.contains("receipts redecode"), "{words}");

    relay.stop();
    relay.configure(&config("{title: .name}"));
    relay.restart();
    let one = relay.json(&["receipts", "redecode", &first.receipt()]);
    assert_eq!((&one["status"], &one["effects"][0]["did"]), (&json!("applied"), &json!("opened")));
    assert!(
        relay.list(&["receipts", "redecode", "--source", "hook"]).is_empty(),
        "there are no dead letters"
    );
    let rest = relay.list(&["receipts", "redecode", "--source", "hook", "--ignored"]);
    assert_eq!(rest.len(), 1);
    assert!(relay.list(&["receipts", "list", "--ignored"]).is_empty());
    let said = relay.run(&["receipts", "redecode", "--source", "hook", "--ignored"]).expect(0).stdout;
    assert!(said.starts_with("no ignored requests"), "{said}");
    assert_eq!(relay.list(&["incidents", "list"]).len(), 2);
    relay.run(&["receipts", "list", "--ignored", "--dead-letters"]).expect(2);
}

/// A plugin that did not understand a body once answered 200, and it was forgotten.
#[test]
fn a_plugin_that_finds_nothing_and_says_nothing_has_refused_the_request() {
    let site = Site::new(&source("many", "many-events"));
    site.drop_plugin("many-events.wasm", &guest("many-events"));
    let relay = Relay::start_in(site);
    let answer = relay.post("many", "0");
    let receipt = answer.receipt();
    assert_eq!(answer.problem(422), "the plugin found nothing in it and gave no reason");
    let shown = relay.json(&["receipts", "show", &receipt]);
    assert_eq!((&shown["status"], &shown["dead_letter"]), (&json!("refused"), &json!(true)));
    assert_eq!(shown["request"]["body"]["text"], "0");
}

#[test]
fn the_receipt_of_a_subscription_holds_the_address_that_confirms_it() {
    let relay = Relay::start(&config(r#"{confirm: .url, ignored: "a subscription"}"#));
    let answer = relay.post("hook", r#"{"url":"https://sns.example.com/?confirm=1"}"#).expect(200);
    let reason = answer.json()["reason"].as_str().expect("a reason").to_owned();
    let wanted =
        "a subscription; the sender asks to confirm its subscription at https://sns.example.com/?confirm=1";
    assert_eq!(reason, wanted);
    assert_eq!(relay.json(&["receipts", "show", &answer.receipt()])["reason"], reason);
}
