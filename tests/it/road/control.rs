//! The control socket itself: what it refuses, and that the command line prints what it answers.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use super::to_webhook;
use crate::harness::{Receiver, Relay};

/// Asks the relay's control socket as a program would that is not the command line. Returns the status and the answer.
pub(super) fn ask(relay: &Relay, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(relay.path("state/control.sock")).expect("the relay listens");
    let head = format!("{method} /api/v1{path} HTTP/1.1\r\nhost: tocsin\r\nconnection: close");
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("the relay reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the relay answers in text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}

fn with_an_incident(receiver: &Receiver) -> Relay {
    let relay = Relay::start(&to_webhook("webhook", receiver));
    relay.post("webhook", r#"{"title":"Disk full","id":"disk","labels":{"host":"db1"}}"#).expect(200);
    relay.settled();
    relay.loaded();
    relay
}

#[test]
fn a_field_that_a_request_does_not_have_is_refused_with_a_sentence() {
    let receiver = Receiver::start();
    let relay = with_an_incident(&receiver);
    for (method, path, body, words) in [
        (
            "POST",
            "/incidents/1/resolve",
            r#"{"actor":"ada","txet":"x"}"#,
            "unknown field `txet`, expected `actor` or `text`",
        ),
        (
            "POST",
            "/incidents/1/modify",
            r#"{"actor":"ada","state":"open"}"#,
            "unknown field `state`, expected one of `actor`",
        ),
        (
            "POST",
            "/sources/webhook/foresee",
            r#"{"events":[{"change":"trigger","key":"a","id":1}]}"#,
            "unknown field `id`",
        ),
        (
            "POST",
            "/sources/webhook/redecode",
            r#"{"which":"all"}"#,
            "unknown field `which`, expected `ignored`",
        ),
        ("POST", "/store/verify", r#"{"quick":true}"#, "unknown field `quick`"),
        ("POST", "/incidents/1/resolve", "{", "EOF while parsing"),
        (
            "GET",
            "/incidents?connection=slack",
            "",
            "unknown field `connection`, expected one of `state`, `source`",
        ),
        ("GET", "/deliveries?ignored=true", "", "unknown field `ignored`"),
        ("GET", "/receipts?limit=many", "", "invalid digit"),
    ] {
        let (status, problem) = ask(&relay, method, path, body);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{path}: {problem}");
        assert!(detail.starts_with("The request's ") && detail.contains(words), "{path}: {detail}");
        assert!(detail.ends_with('.'), "{path}: {detail}");
    }
    assert_eq!(relay.incident()["state"], "open", "nothing of it was done");
}

#[test]
fn the_command_line_prints_the_whole_answer_as_json() {
    let receiver = Receiver::start();
    let relay = with_an_incident(&receiver);
    relay.post("webhook", "{").problem(422);
    let id = |list: &str| {
        ask(&relay, "GET", list, "").1["items"][0]["id"].as_str().map(str::to_owned).expect("one")
    };
    let (delivery, receipt) = (id("/deliveries"), id("/receipts?dead_letters=true"));
    for (command, path) in [
        ("incidents list", "/incidents".to_owned()),
        ("incidents show 1", "/incidents/1".to_owned()),
        ("deliveries list", "/deliveries".to_owned()),
        (&*format!("deliveries show {delivery}"), format!("/deliveries/{delivery}")),
        ("receipts list", "/receipts".to_owned()),
        (&*format!("receipts show {receipt}"), format!("/receipts/{receipt}")),
        ("sources list", "/sources".to_owned()),
        ("connections list", "/connections".to_owned()),
        ("actions list", "/actions".to_owned()),
        ("plugins list", "/plugins".to_owned()),
    ] {
        let (status, answered) = ask(&relay, "GET", &path, "");
        assert_eq!(status, 200, "{answered}");
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(relay.json(&words), answered, "{command}");
    }
}
