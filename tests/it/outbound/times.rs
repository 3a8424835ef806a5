//! Time zones, and the filters for times, links and mentions, through the real binary; the address for Slack's buttons.

use serde_json::json;

use super::{open, resolve, to_webhook};
use crate::harness::{Receiver, Relay, Request, Site, settings};

/// A configuration with this line at its top.
fn with_top(line: &str, tables: &str) -> String {
    format!("{line}\n{tables}")
}

#[test]
fn an_unknown_time_zone_is_a_mistake_with_suggestions() {
    let receiver = Receiver::start();
    let site = Site::new("");
    let tables = to_webhook(&receiver, "time_zone = \"Berlin\"\n");
    site.configure_whole(&with_top("time_zone = \"Europe/Pariss\"", &tables));
    let said = site.run(&["check"]).expect(1).stderr;
    for words in [
        "time_zone: `Europe/Pariss` is not a time zone: did you mean `Europe/Paris`?",
        "actions.tell.time_zone: `Berlin` is not a time zone: did you mean `Europe/Berlin`?",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn a_message_writes_times_in_its_actions_zone() {
    let receiver = Receiver::start();
    let tables = to_webhook(&receiver, "time_zone = \"Asia/Kolkata\"\n");
    let payload =
        r#"payload = '{"at": "{{ change.at | date }}", "utc": "{{ change.at }}", "ago": "{{ now | ago }}"}'"#;
    let relay = Relay::start(&format!("{tables}{}", settings("actions.tell", payload)));
    open(&relay, "disk", "high");
    let told = receiver.wait(1)[0].json();
    let at = told["at"].as_str().expect("a text");
    assert!(at.ends_with(" IST") && at.len() == "2026-01-02 03:04 IST".len(), "{told}");
    assert_ne!(at[11..16], told["utc"].as_str().expect("a text")[11..16], "{told}");
    assert_eq!(told["ago"], "just now");
}

#[test]
fn a_filter_for_times_on_what_is_no_time_is_a_mistake_of_the_configuration() {
    let receiver = Receiver::start();
    let own = settings("actions.tell", r#"payload = '{"at": "{{ title | date }}"}'"#);
    let said = Site::new(&format!("{}{own}", to_webhook(&receiver, ""))).run(&["check"]).expect(1).stderr;
    assert!(said.contains("actions.tell.settings.payload"), "{said}");
    assert!(said.contains("`Sample incident` is not a time: `date` is for `opened_at`"), "{said}");
}

#[test]
fn a_peer_whose_plugin_knows_no_markers_gets_links_and_mentions_as_text() {
    let receiver = Receiver::start();
    let text = "{{ labels.wiki | link('Runbook') }} {{ labels.who | mention }} {{ title }}";
    let payload = format!("payload = '''{}'''", json!({ "text": text }));
    let relay = Relay::start(&format!("{}{}", to_webhook(&receiver, ""), settings("actions.tell", &payload)));
    let title = "Disk \u{e010}https://evil.example\u{e011}full\u{e012}";
    let body = json!({ "title": title, "id": "disk", "wiki": "https://wiki.example.com/disk", "who": "U1" })
        .to_string();
    relay.post("hook", &body).expect(200);
    let told = receiver.wait(1)[0].json();
    assert_eq!(told["text"], "Runbook (https://wiki.example.com/disk) U1 Disk https://evil.examplefull");
}

#[test]
fn slacks_buttons_are_answered_and_change_and_count_nothing() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, ""));
    let before = relay.json(&["sources", "list"]);
    let long = "x".repeat(200_000);
    for body in ["payload=%7B%22type%22%3A%22block_actions%22%7D", "", long.as_str()] {
        let answer = relay.send(&Request::json("/interactions", body)).expect(200);
        assert_eq!(answer.body, "", "{} bytes", body.len());
    }
    assert_eq!(relay.json(&["sources", "list"]), before);
    open(&relay, "disk", "high");
    receiver.wait(1);
    resolve(&relay, "disk");
    assert_eq!(receiver.wait(2).len(), 2, "it goes on");
}
