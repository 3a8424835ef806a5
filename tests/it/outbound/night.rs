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

/// The channel-by-severity template of an operator: a severity that rises moves the incident.
const BY_SEVERITY: &str =
    "channel = '{% if severity == \"critical\" %}C0CRITICAL{% else %}C0NORMALXX{% endif %}'";

#[test]
fn an_incident_that_a_template_moves_to_another_channel_is_closed_in_the_old_one_with_a_pointer() {
    let receiver = Receiver::scripted(|request, number| {
        let channel =
            if request.method == "POST" { request.json()["channel"].clone() } else { json!("C0NORMALXX") };
        let ts = format!("1767323045.{number:06}");
        let answer =
            json!({ "ok": true, "channel": channel, "ts": ts, "messages": [], "message": { "ts": ts } });
        Reply::body(200, &answer.to_string())
    });
    let bot = "settings = { mode = \"bot\" }\nsecrets = { token = \"token-of-a-bot\" }\n";
    let relay = Relay::start(&format!(
        "{}{}{bot}{}on = [\"opened\", \"updated\", \"resolved\"]\n{}",
        source("hook", "webhook"),
        connection("bot", "slack", &receiver.url("/api")),
        action("tell", "bot"),
        settings("actions.tell", BY_SEVERITY)
    ));
    open(&relay, "disk", "medium");
    relay.settled();
    open(&relay, "disk", "critical");
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    let requests = receiver.requests();
    let sent = |path: &str, channel: &str| {
        let is_it = |request: &&crate::harness::Recorded| {
            request.path.ends_with(path) && request.method == "POST" && request.json()["channel"] == channel
        };
        requests.iter().find(is_it).map(|request| request.body.clone())
    };
    assert!(sent("chat.postMessage", "C0CRITICAL").is_some(), "{requests:#?}");
    let closed = sent("chat.update", "C0NORMALXX").expect("the old message is edited");
    assert!(closed.contains("C0CRITICAL"), "{closed}");
}

#[test]
fn a_text_that_only_begins_like_an_address_is_no_link() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_slack(&receiver, "attributes = [\"none\"]"));
    relay.post("hook", r#"{"title":"see http://[::1 now","id":"disk","severity":"high"}"#).expect(200);
    let got = receiver.wait(1);
    assert!(got[0].body.contains("http://[::1"), "{}", got[0].body);
    assert!(!got[0].body.contains("<http://[::1"), "{}", got[0].body);
    assert!(!got[0].body.contains(r#""url":"http://[::1"#), "{}", got[0].body);
}
