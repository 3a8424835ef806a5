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

#[test]
fn a_tried_action_says_why_its_request_would_not_be_sent() {
    let receiver = Receiver::start();
    let lines = "leaves = [\"acknowledged\"]\non = [\"resolved\"]\nfilter = 'severity == \"critical\"'\n";
    let idle = "[actions.idle]\nconnection = \"out\"\nstatus = \"disabled\"\n";
    let relay = Relay::start(&format!("{}{idle}", to_webhook(&receiver, lines)));
    open(&relay, "Disk full", "high");
    open(&relay, "Disk gone", "critical");
    let said = |arguments: &[&str]| relay.run(&[&["actions", "try"], arguments].concat()).expect(0).stdout;

    let kept_out = said(&["tell", "--incident", "1", "--change", "resolved"]);
    assert!(
        kept_out.contains("would not be sent: its filter keeps this incident out: severity =="),
        "{kept_out}"
    );
    assert!(!kept_out.contains("does not run on"), "{kept_out}");
    let before = kept_out.find("would not be sent").expect("it is there");
    assert!(before < kept_out.find("POST http").expect("the request is shown as well"), "{kept_out}");

    let both = said(&["tell", "--incident", "1"]);
    assert!(both.contains("would not be sent: it does not run on opened, but on resolved"), "{both}");
    assert!(both.contains("its filter keeps"), "{both}");
    let disabled = said(&["idle", "--incident", "2"]);
    assert!(disabled.contains("would not be sent: the action is disabled"), "{disabled}");

    let resolved = &["tell", "--incident", "2", "--change", "resolved"];
    assert!(!said(resolved).contains("would not be sent"), "trigger and filter have it sent");
    // It leaves a state by what would happen to it, as it is now.
    let unacknowledged = &["tell", "--incident", "2", "--change", "unacknowledged"];
    relay.run(&["incidents", "ack", "2"]).expect(0);
    assert!(!said(unacknowledged).contains("would not be sent"), "it leaves acknowledged");
    let tried = relay.json(&["actions", "try", "tell", "--incident", "2", "--change", "noted"]);
    assert_eq!(tried["not_sent"].as_array().map(Vec::len), Some(1), "{tried}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn an_incident_is_tried_as_it_would_be_after_the_change() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, "status = \"disabled\"\n"));
    open(&relay, "Disk full", "high");
    let tried = |change: &str| {
        let tried = relay.json(&["actions", "try", "tell", "--incident", "1", "--change", change]);
        let body = tried["requests"][0]["body"]["text"].as_str().expect("a text").to_owned();
        serde_json::from_str::<serde_json::Value>(&body).expect("JSON")["incident"].clone()
    };
    for (change, state) in
        [("resolved", "resolved"), ("acknowledged", "acknowledged"), ("noted", "open"), ("reopened", "open")]
    {
        let incident = tried(change);
        assert_eq!(incident["state"], state, "{change}: {incident}");
        let has = |name: &str| incident.get(name).is_some_and(|time| !time.is_null() && time != "");
        assert_eq!(has("resolved_at"), state == "resolved", "{change}: {incident}");
        assert_eq!(has("acknowledged_at"), state == "acknowledged", "{change}: {incident}");
    }
    assert_eq!(relay.incident()["state"], "open", "nothing was recorded");
}
