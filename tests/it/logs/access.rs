//! The access log: a line for each request, without what may be a secret.

use serde_json::{Value, json};

use super::lines_of;
use crate::harness::{Relay, Request, Site, TOKEN, at, source, until};

/// A relay with this before its tables.
fn relay(root: &str) -> Relay {
    let site = Site::new(&format!("[log]\nformat = \"json\"\naccess = true\n{}", source("hook", "webhook")));
    let text = std::fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&format!("{root}{text}"));
    Relay::start_in(site)
}

/// The fields of the last line of the access log, once there are so many beside those of the harness.
fn last(relay: &Relay, path: &str) -> Value {
    until("the access log has the request", || {
        let lines = lines_of(&relay.log(), "request");
        lines.into_iter().rev().map(|line| line["fields"].clone()).find(|fields| fields["path"] == path)
    })
}

#[test]
fn a_request_has_a_line_with_what_an_operator_asks_for_first() {
    let relay = relay("trusted_proxies = [\"127.0.0.1/32\"]\n");
    let body = r#"{"title":"Disk full","id":"disk"}"#;
    let request = Request::json(&at("hook"), body).header("x-forwarded-for", "203.0.113.9");
    let answer = relay.send(&request).expect(200);
    let line = last(&relay, "/in/hook?…");
    let request = answer.header("x-request-id").expect("an id");
    assert_eq!((&line["method"], &line["status"]), (&json!("POST"), &json!(200)), "{line}");
    assert_eq!((&line["bytes_in"], &line["bytes_out"]), (&json!(body.len()), &json!(answer.body.len())));
    assert_eq!((&line["client"], &line["source"]), (&json!("203.0.113.9"), &json!("hook")));
    assert_eq!((&line["request"], &line["receipt"]), (&json!(request), &json!(answer.receipt())));
    assert!(line["duration_us"].as_u64().is_some_and(|took| took > 0), "{line}");
}

#[test]
fn no_line_has_a_token_wherever_its_sender_puts_it() {
    let relay = relay("");
    let body = r#"{"title":"Disk full","id":"disk"}"#;
    relay.send(&Request::json(&format!("/in/hook/{TOKEN}"), body)).expect(200);
    last(&relay, "/in/hook/…");
    for path in [
        format!("/in/hook&token={TOKEN}"),
        format!("/in/{TOKEN}"),
        format!("/hook/{TOKEN}"),
        format!("/hook/{}", TOKEN.replace('t', "%74")),
        format!("/nowhere?token={TOKEN}"),
        format!("/in/hook/{TOKEN}x?token=x{TOKEN}"),
    ] {
        relay.send(&Request::json(&path, body));
    }
    last(&relay, "/nowhere?…");
    let requests = lines_of(&relay.log(), "request");
    assert!(requests.len() >= 7, "{requests:?}");
    assert!(!relay.log().contains(TOKEN), "{}", relay.log());
}

#[test]
fn a_path_writes_no_line_of_its_own() {
    let relay = relay("");
    relay.send(&Request::new("GET", "/x%0AERROR%1b%5b2J%e2%80%ae"));
    let line = last(&relay, "/x ERROR [2J\u{202e}");
    assert_eq!(line["status"], 404);
    let log = relay.log();
    assert!(!log.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{log:?}");
}

#[test]
fn without_a_word_in_the_configuration_there_is_no_access_log() {
    let relay = Relay::start(&format!("[log]\nformat = \"json\"\n{}", source("hook", "webhook")));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    assert!(lines_of(&relay.log(), "request").is_empty(), "{}", relay.log());
    relay.configure(&format!("[log]\nformat = \"json\"\naccess = true\n{}", source("hook", "webhook")));
    relay.run(&["reload"]).expect(0);
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    last(&relay, "/in/hook?…");
}
