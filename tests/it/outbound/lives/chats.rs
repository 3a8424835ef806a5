//! Rocket.Chat and Google Chat: what is told later stands in the thread of what was told first.

use std::collections::BTreeSet;

use super::{act, newest, parts, statuses};
use crate::harness::{Receiver, Recorded, Relay, Reply, action, connection, source};

fn start(plugin: &str, receiver: &Receiver, path: &str) -> Relay {
    let to = connection("chat", plugin, &receiver.url(path));
    Relay::start(&format!("{}{to}{}", source("hook", "webhook"), action("tell", "chat")))
}

/// Opens an incident, acknowledges and resolves it, each after the one before was told.
fn live(relay: &Relay) {
    super::super::open(relay, "disk", "high");
    relay.settled();
    act(relay, &["ack", "1"]);
    let deliveries = act(relay, &["resolve", "1"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
}

#[test]
fn rocketchat_gets_later_messages_in_the_thread_of_the_first() {
    let receiver = Receiver::scripted(|_, number| {
        Reply::body(
            200,
            &format!(
                r##"{{"success":true,"responses":[{{"channel":"#ops","message":{{"_id":"M{number}"}}}}]}}"##
            ),
        )
    });
    let relay = start("rocketchat", &receiver, "/hooks/id/token");
    live(&relay);
    let got = receiver.wait(3);
    let threads: Vec<_> = got.iter().map(|request| request.json()["tmid"].clone()).collect();
    assert_eq!(threads, [serde_json::Value::Null, "M0".into(), "M0".into()]);
    assert!(got.iter().all(|request| request.json()["separateResponse"] == true));
    assert!(got.iter().all(|request| request.path == "/hooks/id/token"));
}

#[test]
fn rocketchat_without_an_id_gets_every_message_in_the_channel() {
    let receiver = Receiver::scripted(|_, _| Reply::body(200, r#"{"success":true}"#));
    let relay = start("rocketchat", &receiver, "/hooks/id/token");
    live(&relay);
    assert!(receiver.wait(3).iter().all(|request| request.json()["tmid"].is_null()));
}

/// A parameter of a request's address.
fn parameter(request: &Recorded, name: &str) -> String {
    let (_, query) = parts(&request.path);
    query.get(name).unwrap_or_else(|| unreachable!("no {name} in {}", request.path)).clone()
}

#[test]
fn googlechat_gets_one_thread_and_knows_a_repeated_request_again() {
    let receiver = Receiver::scripted(|_, number| match number {
        0 => Reply::Cut,
        number => Reply::body(
            200,
            &format!(
                r#"{{"name":"spaces/AAAA/messages/M.{number}","thread":{{"name":"spaces/AAAA/threads/T"}}}}"#
            ),
        ),
    });
    let relay = start("googlechat", &receiver, "/v1/spaces/AAAA/messages?key=k%2B1&token=t-1");
    super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!(statuses(&delivery), [serde_json::Value::Null, 200.into()]);
    act(&relay, &["ack", "1"]);
    act(&relay, &["resolve", "1"]);

    let got = receiver.wait(4);
    assert_eq!(parameter(&got[0], "requestId"), parameter(&got[1], "requestId"), "the same message");
    assert_eq!(got[0].body, got[1].body);
    let ids: BTreeSet<String> = got.iter().map(|request| parameter(request, "requestId")).collect();
    assert_eq!(ids.len(), 3, "another delivery is another message: {ids:?}");
    let incident = relay.incident()["id"].clone();
    for request in &got {
        assert_eq!(request.json()["thread"]["threadKey"], incident);
        assert_eq!(parameter(request, "messageReplyOption"), "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
        assert_eq!((parameter(request, "key"), parameter(request, "token")), ("k+1".into(), "t-1".into()));
    }
}
