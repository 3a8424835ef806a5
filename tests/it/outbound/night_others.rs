//! A layout that Teams, Google Chat or Rocket.Chat refuses: the relay sends the message once more as plain text, in the
//! same attempt, and says so.

use serde_json::{Value, json};

use super::open;
use crate::harness::{Receiver, Recorded, Relay, Reply, action, connection, source};

/// A peer that refuses every message with this piece of a layout in it, and takes all others.
struct Peer {
    plugin: &'static str,
    path: &'static str,
    /// Lines of its connection.
    own: &'static str,
    layout: &'static str,
    refusal: (u16, &'static str),
    taken: (u16, &'static str),
}

/// Opens an incident; returns the delivery when it is settled, and what the peer got.
fn delivered(peer: &Peer) -> (Value, Vec<Recorded>) {
    let Peer { layout, refusal, taken, .. } = *peer;
    let receiver = Receiver::scripted(move |request, _| {
        let (status, body) = if request.body.contains(layout) { refusal } else { taken };
        Reply::body(status, body)
    });
    let relay = Relay::start(&format!(
        "{}{}{}{}",
        source("hook", "webhook"),
        connection("chat", peer.plugin, &receiver.url(peer.path)),
        peer.own,
        action("tell", "chat")
    ));
    open(&relay, "disk", "critical");
    let delivery = relay.settled()[0].clone();
    (delivery, receiver.wait(2))
}

/// Checks that the first message had the layout, and the second the text alone; `said` stands in the delivery's log.
fn is_sent_as_text(peer: &Peer, state: &str, said: &str) -> Vec<Recorded> {
    let (delivery, got) = delivered(peer);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!(state), &json!(1)), "{delivery}");
    let summary = delivery["last"]["summary"].as_str().expect("words");
    assert!(summary.contains(said), "{summary}");
    assert!(got[0].body.contains(peer.layout), "{}", got[0].body);
    assert!(got[1].body.contains("disk") && !got[1].body.contains(peer.layout), "{}", got[1].body);
    got
}

#[test]
fn a_card_that_a_teams_flow_refuses_goes_out_once_more_as_plain_text_in_the_same_attempt() {
    let peer = Peer {
        plugin: "teams",
        path: "/workflows/a/triggers/manual/paths/invoke?sig=x",
        own: "settings = { target = \"workflow\" }\n",
        layout: "\"Container\"",
        refusal: (
            400,
            r#"{"error":{"code":"TriggerInputSchemaMismatch","message":"The card is not valid."}}"#,
        ),
        taken: (202, ""),
    };
    // A flow never says more than that it took the message.
    let said = "as plain text, because the card was refused: the flow answered 400";
    is_sent_as_text(&peer, "accepted", said);
}

#[test]
fn a_card_that_a_teams_connector_refuses_inside_a_200_goes_out_once_more_as_plain_text() {
    let peer = Peer {
        plugin: "teams",
        path: "/webhookb2/a/IncomingWebhook/b/c",
        own: "settings = { target = \"connector\" }\n",
        layout: "\"themeColor\"",
        refusal: (
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 400 with ContextId x",
        ),
        taken: (200, "1"),
    };
    is_sent_as_text(&peer, "delivered", "as plain text, because the card was refused: not posted");
}

#[test]
fn a_card_that_google_chat_refuses_goes_out_once_more_as_text_under_another_request_id() {
    let peer = Peer {
        plugin: "googlechat",
        path: "/v1/spaces/AAAA/messages?key=k&token=t",
        own: "",
        layout: "\"cardsV2\"",
        refusal: (
            400,
            r#"{"error":{"code":400,"message":"Invalid JSON payload received.","status":"INVALID_ARGUMENT"}}"#,
        ),
        taken: (200, r#"{"name":"spaces/AAAA/messages/M.1","thread":{"name":"spaces/AAAA/threads/T"}}"#),
    };
    let got = is_sent_as_text(&peer, "delivered", "as text, because the card was refused: ");
    assert!(got[1].json()["text"].as_str().expect("a text").contains("disk"), "{}", got[1].body);
    // Google takes a second request with the same id for the first.
    assert_ne!(got[0].path, got[1].path);
}

#[test]
fn an_attachment_that_rocketchat_refuses_is_left_out_of_the_same_message_sent_once_more() {
    let peer = Peer {
        plugin: "rocketchat",
        path: "/hooks/id/token",
        own: "",
        layout: "\"attachments\"",
        refusal: (400, r#"{"success":false,"error":"Invalid attachment"}"#),
        taken: (200, r#"{"success":true}"#),
    };
    let got = is_sent_as_text(&peer, "delivered", "as text, because the attachment was refused: ");
    assert!(got[1].json()["text"].as_str().expect("a text").contains("disk"), "{}", got[1].body);
}

#[test]
fn a_text_that_is_refused_as_its_card_was_is_a_dead_letter_after_the_second_request() {
    let receiver = Receiver::scripted(|_, _| {
        Reply::body(400, r#"{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}"#)
    });
    let relay = Relay::start(&format!(
        "{}{}{}",
        source("hook", "webhook"),
        connection("chat", "googlechat", &receiver.url("/v1/spaces/AAAA/messages?key=k&token=t")),
        action("tell", "chat")
    ));
    open(&relay, "disk", "critical");
    let delivery = &relay.settled()[0];
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("rejected"), &json!(1)), "{delivery}");
    receiver.wait(2);
}
