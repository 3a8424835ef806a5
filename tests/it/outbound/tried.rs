//! Trying an action and a connection: the exact request, masked; sent only where it may be.

use serde_json::json;

use super::{open, to_webhook};
use crate::harness::{Receiver, Relay, Reply, connection, settings};

/// A relay whose webhook authenticates with a secret, with a test connection.
fn relay(receiver: &Receiver) -> Relay {
    let tables = to_webhook(receiver, "test_connection = \"try\"\n");
    let secrets = |name: &str| {
        format!(
            "[connections.{name}.settings]\nauthentication = \"bearer\"\n\
             [connections.{name}.secrets]\ntoken = \"very-secret-token\"\n"
        )
    };
    let own =
        settings("actions.tell", "path = \"/tickets/{{ number }}\"\npayload = '{\"t\": \"$this->title$\"}'");
    let test = connection("try", "webhook", &receiver.url("/secret-path?key=secret-key"));
    Relay::start(&format!("{tables}{own}{}{test}{}", secrets("out"), secrets("try")))
}

#[test]
fn a_tried_action_prints_the_exact_request_with_its_secrets_masked() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    open(&relay, "Disk \"full\"", "high");
    receiver.wait(1);
    let said = relay.run(&["actions", "try", "tell", "--incident", "1"]).expect(0).stdout;
    for words in [
        "tell over out: #1 Disk \"full\" (opened)",
        "POST http://127.0.0.1:",
        "{{url of out}}/tickets/1",
        "authorization: Bearer {{secret:token}}",
        "content-type: application/json",
        "\"t\": \"Disk \\\"full\\\"\"",
        "not sent",
        "Nothing was recorded.",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("very-secret"), "{said}");
    let shown = relay.run(&["actions", "try", "tell", "--incident", "1", "--show-url"]).expect(0).stdout;
    assert!(shown.contains(&receiver.url("/hook/tickets/1")), "{shown}");
    assert_eq!(receiver.requests().len(), 1, "nothing was sent");
    assert_eq!(relay.settled().len(), 1);
}

#[test]
fn an_action_is_tried_on_a_sample_when_there_is_no_incident() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    let tried = relay.json(&["actions", "try", "tell", "--change", "resolved"]);
    assert_eq!((&tried["incident"], &tried["change"]), (&json!("a sample incident"), &json!("resolved")));
    assert_eq!(tried["requests"][0]["body"]["text"], r#"{"t":"Sample incident"}"#);
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_trial_is_sent_over_the_test_connection_and_nowhere_else() {
    let receiver = Receiver::scripted(|_, _| Reply::body(503, "come back later"));
    let relay = relay(&receiver);
    let ran = relay.run(&["actions", "try", "tell", "--send"]).expect(1);
    for words in ["over try, marked as a test", "answered 503", "come back later", "again at"] {
        assert!(ran.stdout.contains(words), "{words} in {}", ran.stdout);
    }
    let got = &receiver.wait(1)[0];
    assert_eq!(got.path, "/secret-path/tickets/1?key=secret-key");
    assert_eq!(got.header("authorization"), Some("Bearer very-secret-token"));
    assert!(!ran.stdout.contains("secret-path") && !ran.stdout.contains("secret-key"), "{}", ran.stdout);
    assert!(relay.list(&["deliveries", "list"]).is_empty());
}

#[test]
fn without_a_test_connection_a_trial_is_not_sent_and_says_what_is_missing() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, ""));
    let said = relay.run(&["actions", "try", "tell", "--send"]).expect(1).stderr;
    assert!(said.contains("add `test_connection` to [actions.tell]"), "{said}");
    let said = relay.run(&["actions", "try", "nobody"]).expect(1).stderr;
    assert!(said.contains("There is no action `nobody`"), "{said}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_connection_is_tried_without_a_trace_or_says_how_else() {
    let receiver = Receiver::scripted(|request, _| match request.path.as_str() {
        "/hooks/info/id/token" => Reply::body(200, r#"{"success":true}"#),
        _ => Reply::body(404, r#"{"success":false}"#),
    });
    let relay = Relay::start(&format!(
        "{}{}{}",
        to_webhook(&receiver, ""),
        connection("rocket", "rocketchat", &receiver.url("/hooks/id/token")),
        connection("gone", "rocketchat", &receiver.url("/hooks/other/token")),
    ));
    relay.run(&["connections", "test", "rocket"]).expect(0);
    let got = &receiver.wait(1)[0];
    assert_eq!((got.method.as_str(), got.path.as_str()), ("GET", "/hooks/info/id/token"));
    relay.run(&["connections", "test", "gone"]).expect(1);
    let said = relay.run(&["connections", "test", "out"]).expect(0).stdout;
    assert!(said.contains("actions try ACTION --send"), "{said}");
    assert_eq!(receiver.wait(2).len(), 2, "the webhook was not asked");
    let listed = relay.run(&["connections", "list"]).expect(0).stdout;
    assert!(listed.contains("rocketchat") && !listed.contains("/hooks/"), "{listed}");
}
