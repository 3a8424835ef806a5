//! What a person reads at night arrives: a layout that the peer refuses goes out as text, mentions reach who is on
//! call, and a mistake in an operator's own words is found before the night.

use serde_json::json;

use super::open;
use crate::harness::{Receiver, Relay, Reply, Site, action, connection, settings, source};

fn to_slack(receiver: &Receiver, own: &str) -> String {
    format!(
        "{}{}{}{}",
        source("hook", "webhook"),
        connection("chat", "slack", &receiver.url("/services/T/B/x")),
        action("tell", "chat"),
        settings("actions.tell", own)
    )
}

#[test]
fn a_layout_that_slack_refuses_goes_out_once_more_as_plain_text_in_the_same_attempt() {
    let receiver = Receiver::scripted(|request, _| match request.body.contains("\"blocks\"") {
        true => Reply::body(400, "invalid_blocks"),
        false => Reply::ok(),
    });
    let relay = Relay::start(&to_slack(&receiver, "user_info = true"));
    open(&relay, "disk", "critical");
    let delivery = &relay.settled()[0];
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)), "{delivery}");
    let words = delivery["last"]["summary"].as_str().expect("words");
    assert!(words.contains("as plain text, since Slack refused the layout (invalid_blocks)"), "{words}");
    let got = receiver.wait(2);
    assert!(got[1].json()["text"].as_str().expect("a text").contains("disk"), "{}", got[1].body);
}

#[test]
fn who_is_on_call_by_a_label_is_mentioned() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_slack(&receiver, "mention = [\"{{ labels.oncall }}\"]"));
    relay.post("hook", r#"{"title":"disk","id":"disk","severity":"high","oncall":"U012AB3CD"}"#).expect(200);
    let got = receiver.wait(1);
    assert!(got[0].body.contains("U012AB3CD"), "{}", got[0].body);
    let mentions = got[0].body.contains("<@U012AB3CD>") || got[0].body.contains(r#""user_id":"U012AB3CD""#);
    assert!(mentions, "{}", got[0].body);
}

#[test]
fn slacks_own_markup_that_would_be_shown_as_it_is_written_is_a_mistake_of_the_configuration() {
    let own = r#"message = "<https://wiki.example.org/{{ labels.app }}|Runbook> *{{ title }}*""#;
    let receiver = Receiver::start();
    let site = Site::new(&to_slack(&receiver, own));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("actions.tell.settings.message") && said.contains("link("), "{said}");
}
