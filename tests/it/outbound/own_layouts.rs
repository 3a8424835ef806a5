//! Layouts of an operator's own in Google Chat and Rocket.Chat: sent as they were written, and an alert's text in them
//! stays text.

use serde_json::json;

use crate::harness::{Receiver, Relay, Reply, Site, action, connection, settings, source};

/// An alert that tries to be markup.
const ALERT: &str = r#"{"title":"<a href='https://evil.example'>fix</a> [fix](https://evil.example)","id":"disk","severity":"high"}"#;

fn tables(plugin: &str, url: &str, own: &str) -> String {
    format!(
        "public_url = \"https://tocsin.example\"\n{}{}{}{}",
        source("hook", "webhook"),
        connection("chat", plugin, url),
        action("tell", "chat"),
        settings("actions.tell", own)
    )
}

#[test]
fn a_card_of_the_operators_own_reaches_google_chat() {
    let posted = r#"{"name":"spaces/A/messages/B","thread":{"name":"spaces/A/threads/C"}}"#;
    let receiver = Receiver::scripted(move |_, _| Reply::body(200, posted));
    let card = r#"card = '''{"sections": [{"widgets": [{"textParagraph": {"text": "<b>mine</b>"}},
        {"textParagraph": {"text": "{{ title }} {{ urls.incident | link('page') }}"}}]}]}'''"#;
    let relay = Relay::start(&tables("googlechat", &receiver.url("/v1/spaces/A/messages"), card));
    relay.post("hook", ALERT).expect(200);
    let got = receiver.wait(1);
    let widgets = &got[0].json()["cardsV2"][0]["card"]["sections"][0]["widgets"];
    assert_eq!(widgets[0]["textParagraph"]["text"], "<b>mine</b>");
    let text = widgets[1]["textParagraph"]["text"].as_str().unwrap_or_default().to_owned();
    assert!(text.starts_with("&lt;a href=") && text.matches("<a href=").count() == 1, "{text}");
    assert!(text.contains("<a href=\"https://tocsin.example/") && text.ends_with(">page</a>"), "{text}");
    assert_eq!(relay.settled()[0]["state"], "delivered");
}

#[test]
fn attachments_of_the_operators_own_reach_rocketchat() {
    let receiver = Receiver::scripted(|_, _| Reply::body(200, r#"{"success":true}"#));
    let attachments =
        r##"attachments = '''[{"color": "#d93025", "title": "*mine*", "text": "{{ title }}"}]'''"##;
    let relay = Relay::start(&tables("rocketchat", &receiver.url("/hooks/a/b"), attachments));
    relay.post("hook", ALERT).expect(200);
    let got = receiver.wait(1);
    let attachment = &got[0].json()["attachments"][0];
    assert_eq!((&attachment["title"], &attachment["color"]), (&json!("*mine*"), &json!("#d93025")));
    let text = attachment["text"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains("fix") && !text.contains("[fix](https://evil.example)"), "{text}");
}

#[test]
fn a_layout_that_is_none_is_found_by_check() {
    for (plugin, own, words) in [
        ("googlechat", "card = '{\"title\": \"x\"}'", "actions.tell.settings.card: is no card"),
        ("rocketchat", "attachments = '[1]'", "actions.tell.settings.attachments: has no object in place 1"),
    ] {
        let site = Site::new(&tables(plugin, "https://chat.googleapis.com/hooks/a/b", own));
        let said = site.run(&["check"]).expect(1).stderr;
        assert!(said.contains(words), "{plugin}: {said}");
    }
}
