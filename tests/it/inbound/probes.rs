//! Requests that only ask whether the source is there, and addresses with a slash too many.

use serde_json::json;

use crate::harness::{Relay, Request, TOKEN, at, source};

const ALERT: &str = r#"{"title":"Disk full"}"#;

fn jira() -> Relay {
    Relay::start(&source("jira", "jira"))
}

#[test]
fn a_method_that_asks_is_answered_with_a_sentence_and_nothing_is_kept() {
    let relay = jira();
    let sentence = "This is the source `jira` of Tocsin; it takes POST.\n";
    assert_eq!(relay.send(&Request::new("GET", &at("jira"))).expect(200).body, sentence);
    let answer = relay.send(&Request::new("OPTIONS", &at("jira"))).expect(200);
    assert_eq!((answer.header("allow"), answer.body.as_str()), (Some("POST"), sentence));
    assert_eq!(answer.header("webhook-allowed-origin"), None);
    // An answer to HEAD has the length of what it leaves out.
    let mut stream = std::net::TcpStream::connect(relay.address()).expect("it listens");
    let head = format!("HEAD {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", at("jira"));
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("it reads");
    let answer = std::io::read_to_string(stream).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");

    assert!(relay.list(&["receipts", "list"]).is_empty());
    let counted = relay.list(&["sources", "list"])[0]["requests"].clone();
    assert_eq!((&counted["probes"], &counted["rejected"]), (&json!(3), &json!(0)));
    assert!(counted["last_heard"].is_null(), "who asks has sent nothing");
}

#[test]
fn who_does_not_prove_it_may_learns_nothing() {
    let relay = jira();
    for method in ["GET", "OPTIONS"] {
        let request =
            Request::new(method, "/in/jira").header("webhook-request-origin", "eventgrid.example.com");
        let answer = relay.send(&request);
        assert_eq!(answer.header("webhook-allowed-origin"), None);
        answer.problem(401);
    }
    let signed =
        Relay::start("[sources.hook]\nplugin = \"jira\"\nsigning_key = \"key-of-the-tests-0123456789\"\n");
    signed.send(&Request::new("GET", "/in/hook")).problem(401);
}

#[test]
fn a_method_that_changes_things_stays_refused() {
    let relay = jira();
    let answer = relay.send(&Request::new("DELETE", &at("jira")));
    assert_eq!(answer.header("allow"), Some("POST"));
    answer.problem(405);
}

/// CloudEvents, "HTTP 1.1 Web Hooks", 4: Azure Event Grid and others ask before they send.
#[test]
fn the_handshake_of_cloudevents_is_answered_for_every_source() {
    let relay = Relay::start(&format!("{}{}", source("jira", "jira"), source("hook", "webhook")));
    for name in ["jira", "hook"] {
        let ask =
            || Request::new("OPTIONS", &at(name)).header("WebHook-Request-Origin", "eventgrid.example.com");
        let answer = relay.send(&ask()).expect(200);
        assert_eq!(answer.header("webhook-allowed-origin"), Some("eventgrid.example.com"));
        assert_eq!(answer.header("webhook-allowed-rate"), None);
        assert!(answer.header("allow").expect("methods").contains("POST"));
        let answer = relay.send(
            &ask()
                .header("WebHook-Request-Rate", "120")
                // Never called: the answer itself allows the sender.
                .header("WebHook-Request-Callback", "http://127.0.0.1:1/"),
        );
        assert_eq!(answer.expect(200).header("webhook-allowed-rate"), Some("*"));
    }
    assert!(relay.list(&["receipts", "list"]).is_empty());
    relay.run(&["status"]).expect(0);
}

#[test]
fn a_slash_at_the_end_of_the_address_changes_nothing() {
    let relay = Relay::start(&source("hook", "webhook"));
    for target in
        [format!("/in/hook/?token={TOKEN}"), format!("/in/hook/{TOKEN}/"), format!("/in/hook/{TOKEN}")]
    {
        relay.send(&Request::json(&target, ALERT)).expect(200);
    }
    for receipt in relay.list(&["receipts", "list"]) {
        let id = receipt["id"].as_str().expect("an id");
        assert_eq!(relay.json(&["receipts", "show", id])["request"]["path"], "");
    }
    assert_eq!(relay.incident()["count"], 3);
}
