//! What could not be decoded is kept with its bytes, is visible, and can be decoded again.

use serde_json::json;

use super::the_receipt;
use crate::harness::{Relay, Request, Site, at, guest, source, until};

#[test]
fn a_refusal_names_the_field_and_keeps_the_bytes() {
    let relay = Relay::start(&format!("{}{}", source("zapier", "zapier"), source("hook", "webhook")));
    for (source, body, words) in [
        ("zapier", r#"{"status":"trigger"}"#, "title"),
        ("zapier", r#"{"title":"Disk full"}"#, "status"),
        ("zapier", r#"{"title":"Disk full","status":"banana"}"#, "banana"),
        ("zapier", r#"{"title":"a "quoted" thing","status":"trigger"}"#, "quotes"),
        ("hook", r#"{"message":"no title"}"#, "title"),
        ("hook", "7", "JSON object"),
        ("hook", "{", "JSON"),
    ] {
        let answer = relay.post(source, body);
        let receipt = answer.receipt();
        let detail = answer.problem(422);
        assert!(detail.contains(words), "{body}: {detail}");
        let shown = relay.json(&["receipts", "show", &receipt]);
        assert_eq!(shown["status"], "refused");
        assert_eq!(shown["dead_letter"], true);
        assert_eq!(shown["reason"], detail);
        assert_eq!(shown["request"]["body"]["text"], body);
    }
    assert_eq!(relay.list(&["receipts", "list", "--dead-letters"]).len(), 7);
    assert!(relay.list(&["incidents", "list"]).is_empty());
    let words = relay.run(&["receipts", "list", "--dead-letters"]).expect(0).stdout;
    assert!(words.contains("refused") && words.contains("banana"), "{words}");
    assert_eq!(relay.json_of_any_code(&["status"])["counts"]["dead_letters"]["in"], 7);
}

#[test]
fn bytes_that_are_no_text_are_kept_as_they_are() {
    let relay = Relay::start(&source("hook", "webhook"));
    let bytes = [0xff, 0x00, 0xfe, b'{', 0x80];
    let request = Request::new("POST", &at("hook")).header("content-type", "application/json").body(bytes);
    relay.send(&request).problem(422);
    let receipt = the_receipt(&relay);
    assert_eq!(receipt["request"]["body"]["base64"], "/wD+e4A=");
    assert_eq!(receipt["request"]["body_bytes"], 5);
}

#[test]
fn what_a_plugin_does_not_read_at_all_is_415() {
    let relay = Relay::start(&format!("{}{}", source("zapier", "zapier"), source("jira", "jira")));
    let xml = "<alert><title>Disk full</title></alert>";
    let request = Request::new("POST", &at("zapier")).header("content-type", "application/xml").body(xml);
    let detail = relay.send(&request).problem(415);
    assert!(detail.contains("XML") && detail.contains("Payload Type"), "{detail}");
    assert_eq!(the_receipt(&relay)["request"]["body"]["text"], xml);
}

#[test]
fn a_request_for_a_plugin_that_is_missing_is_kept_and_applied_once_it_is_there() {
    let relay = Relay::start(&format!("{}{}", source("later", "many-events"), source("hook", "webhook")));
    let answer = relay.post("later", "1").expect(202);
    assert_eq!(answer.json()["status"], "kept");
    let id = answer.receipt();
    let receipt = relay.json(&["receipts", "show", &id]);
    assert_eq!(receipt["status"], "failed");
    let reason = receipt["reason"].as_str().expect("a reason");
    assert!(reason.contains("no plugin `many-events`") && reason.contains("many-events.wasm"), "{reason}");
    let status = relay.run(&["status"]).expect(1);
    assert!(status.stdout.contains("not working: sources.later"), "{}", status.stdout);
    // Still missing: decoding again says so, and the rest of the relay goes on.
    relay.run(&["receipts", "redecode", &id]).expect(1);
    relay.post("hook", r#"{"title":"beside"}"#).expect(200);

    relay.drop_plugin("many-events.wasm", &guest("many-events"));
    // What was kept for want of it is decoded by itself.
    let decoded = until("it is decoded", || {
        let receipt = relay.json(&["receipts", "show", &id]);
        (receipt["status"] == "applied").then_some(receipt)
    });
    assert_eq!(decoded["at"], receipt["at"]);
    assert_eq!(decoded["effects"][0]["did"], "opened");
    let titles: Vec<_> = relay.list(&["incidents", "list"]).iter().map(|i| i["title"].clone()).collect();
    assert_eq!(titles, ["0", "beside"]);
    assert!(relay.list(&["receipts", "list", "--dead-letters"]).is_empty());
    relay.run(&["status"]).expect(0);
    relay.post("later", "1").expect(200);
}

#[test]
fn a_trap_is_our_mistake_so_the_sender_is_answered_202() {
    let site = Site::new(&source("bad", "panic"));
    site.drop_plugin("panic.wasm", &guest("panic"));
    let relay = Relay::start_in(site);
    let answer = relay.post("bad", "body").expect(202);
    let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!((&receipt["status"], &receipt["dead_letter"]), (&json!("failed"), &json!(true)));
    let reason = receipt["reason"].as_str().expect("a reason");
    for word in ["`panic`", "1.0.0", "decode"] {
        assert!(reason.contains(word), "{reason}");
    }
    assert!(receipt["plugin"].as_str().expect("a plugin").starts_with("panic 1.0.0 "));
    assert_eq!(receipt["request"]["body"]["text"], "body");
    let again = relay.run(&["receipts", "redecode", &answer.receipt()]).expect(1);
    assert!(again.stdout.contains("failed"), "{}", again.stdout);
}

#[test]
fn what_was_applied_is_not_decoded_again() {
    let relay = Relay::start(&source("hook", "webhook"));
    let answer = relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    let ran = relay.run(&["receipts", "redecode", &answer.receipt()]).expect(1);
    assert!(
        ran.stderr.contains("only a refused, partly refused, failed or ignored one can be decoded again"),
        "{}",
        ran.stderr
    );
    assert_eq!(relay.incident()["count"], 1);
}
