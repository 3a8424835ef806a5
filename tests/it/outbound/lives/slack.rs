//! Slack with a bot token: one message for each incident, edited as it changes, its history in its thread.

mod peer;

use serde_json::Value;

use self::peer::{CHANNEL, Workspace};
use super::{Shared, act, lock, newest, statuses};
use crate::harness::{Gate, Receiver, Relay, action, connection, settings, source, until};

fn start() -> (Relay, Shared<Workspace>) {
    let receiver = Receiver::start();
    let slack = Workspace::at(&receiver);
    let bot = "settings = { mode = \"bot\" }\nsecrets = { token = \"token-of-a-bot\" }\n";
    let tables = format!(
        "{}{}{bot}{}{}",
        source("hook", "webhook"),
        connection("slack", "slack", &receiver.url("/api")),
        action("ops", "slack"),
        settings("actions.ops", &format!("channel = \"{CHANNEL}\"\nuser_info = true"))
    );
    (Relay::start(&tables), slack)
}

fn shown(message: &Value) -> String {
    message["text"].as_str().expect("a text").to_owned()
}

#[test]
fn an_incident_is_one_message_in_slack_with_its_history_in_the_thread() {
    let (relay, slack) = start();
    super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["ack", "1", "on", "my", "way", "--as", "jane"]);
    let deliveries = act(&relay, &["resolve", "1", "new disk", "--as", "jane"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert_eq!(deliveries[0]["last"]["summary"], "message edited, replied in its thread");

    let slack = lock(&slack);
    let methods = ["chat.postMessage", "chat.update", "chat.postMessage", "chat.update", "chat.postMessage"];
    assert_eq!(slack.calls, methods);
    let (message, replies) = slack.thread();
    assert!(shown(message).starts_with("[RESOLVED] disk — after "), "the message shows how things are");
    let said: Vec<String> = replies.iter().map(|reply| reply["blocks"].to_string()).collect();
    assert_eq!(said.len(), 2);
    assert!(said[0].contains("HIGH · acknowledged by jane") && said[0].contains("on my way"), "{}", said[0]);
    assert!(said[1].contains("Resolved by jane after ") && said[1].contains("new disk"), "{}", said[1]);
}

#[test]
fn a_post_whose_answer_is_lost_is_one_message_that_is_edited_later() {
    let (relay, slack) = start();
    lock(&slack).lose = Some("chat.postMessage");
    super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()));
    assert_eq!(statuses(&delivery), [Value::Null, 200.into()]);
    assert_eq!(lock(&slack).calls, ["chat.postMessage", "conversations.history"]);
    act(&relay, &["resolve", "1"]);
    let slack = lock(&slack);
    let (message, replies) = slack.thread();
    assert!(shown(message).starts_with("[RESOLVED] disk — after ") && replies.len() == 1, "{message}");
}

#[test]
fn a_reply_whose_answer_is_lost_stands_in_the_thread_once() {
    let (relay, slack) = start();
    super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&slack).lose = Some("chat.postMessage");
    let deliveries = act(&relay, &["ack", "1"]);
    assert_eq!((&deliveries[0]["state"], &deliveries[0]["attempts"]), (&"delivered".into(), &2.into()));
    let slack = lock(&slack);
    assert_eq!(slack.calls[1..], ["chat.update", "chat.postMessage", "chat.update", "conversations.replies"]);
    assert_eq!(slack.thread().1.len(), 1);
}

#[test]
fn a_relay_that_is_killed_in_the_middle_of_a_post_makes_one_message() {
    let (mut relay, slack) = start();
    let gate = Gate::new();
    lock(&slack).gate = Some(gate.clone());
    super::super::open(&relay, "disk", "high");
    until("Slack has the message", || (lock(&slack).calls.len() == 1).then_some(()));
    relay.kill();
    gate.open();
    relay.restart();
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()), "{delivery:#}");
    act(&relay, &["resolve", "1"]);
    let slack = lock(&slack);
    let (message, replies) = slack.thread();
    assert!(shown(message).starts_with("[RESOLVED] disk — after ") && replies.len() == 1, "{message}");
}
