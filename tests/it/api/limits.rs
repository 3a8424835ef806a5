//! What a token does not allow, and what holds however a request is made.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{get, open, post, relay, token, with};
use crate::harness::{Relay, Request, action, connection, source, until};

#[test]
fn a_claimed_name_of_any_length_hides_no_token() {
    let relay = relay();
    let admin = token(&relay, "admin", "admin");
    let claim = format!("ada (token laptop from 192.0.2.7)\n{}", "x".repeat(300));
    post(&relay, &admin, "/tokens", &json!({ "name": "ci", "scope": "viewer", "actor": claim })).expect(201);
    let newest = relay.list(&["audit", "--limit", "1"]).remove(0);
    let by = newest["by"].as_str().expect("a name");
    assert!(by.ends_with("(token admin from 127.0.0.1)") && !by.contains('\n'), "{by}");
}

#[test]
fn a_token_for_one_source_learns_nothing_about_actions() {
    let relay = Relay::start(&format!(
        "{}{}{}filter = \"labels.customer == 'acme'\"\n",
        source("hook", "webhook"),
        connection("out", "webhook", "http://127.0.0.1:1/"),
        action("tell", "out"),
    ));
    let number = open(&relay, "hook", "Disk full");
    let (own, all) = (token(&relay, "hook", "source:hook"), token(&relay, "all", "viewer"));
    let path = format!("/incidents/{number}");
    assert_eq!(get(&relay, &own, &path).expect(200).json()["actions"], json!([]));
    let actions = get(&relay, &all, &path).expect(200).json()["actions"].to_string();
    assert!(actions.contains("acme"), "{actions}");
}

#[test]
fn a_stream_ends_when_its_token_is_revoked() {
    let relay = relay();
    let viewer = token(&relay, "viewer", "viewer");
    let mut lines = BufReader::new(asked(&relay, &viewer)).lines();
    assert!(lines.next().expect("an answer").expect("a line").contains("200"));
    relay.run(&["tokens", "revoke", "viewer"]).expect(0);
    // The next entry would be sent to it.
    open(&relay, "hook", "Not for everybody");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(!rest.iter().any(|line| line.contains("Not for everybody")), "{rest:?}");
}

#[test]
fn a_token_with_many_streams_takes_no_stream_of_another_token_or_of_the_control_socket() {
    let relay = relay();
    let (greedy, other) = (token(&relay, "greedy", "viewer"), token(&relay, "other", "viewer"));
    let mut streams: Vec<TcpStream> = (0..16).map(|_| stream(&relay, &greedy)).collect();
    let refused = get(&relay, &greedy, "/events").expect(429);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.json()["limit"], 16);
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("16 streams of events") && detail.contains("one token"), "{detail}");
    let _other = stream(&relay, &other);
    let local = format!("{}/control.sock", relay.path("state").display());
    let mut local = UnixStream::connect(local).expect("it listens");
    local.write_all(b"GET /api/v1/events HTTP/1.1\r\nhost: tocsin\r\n\r\n").expect("it reads");
    let mut head = String::new();
    BufReader::new(local).read_line(&mut head).expect("an answer");
    assert!(head.contains(" 200 "), "{head}");
    streams.pop();
    until("a place is free again", || {
        // The relay notices that a reader is gone when it writes to it.
        open(&relay, "hook", "Again");
        let mut again = asked(&relay, &greedy);
        head_of(&mut again).contains(" 200 ").then_some(())
    });
}

/// A stream of events that a token has begun.
fn stream(relay: &Relay, token: &str) -> TcpStream {
    let mut stream = asked(relay, token);
    let head = head_of(&mut stream);
    assert!(head.contains(" 200 "), "{head}");
    stream
}

fn asked(relay: &Relay, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(relay.address()).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
    let head =
        format!("GET /api/v1/events HTTP/1.1\r\nhost: tocsin\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    stream
}

/// The first line of the answer.
fn head_of(stream: &mut TcpStream) -> String {
    let mut head = String::new();
    BufReader::new(stream).read_line(&mut head).expect("an answer");
    head
}

#[test]
fn an_open_source_that_is_closed_gets_a_token() {
    let relay = relay();
    let admin = token(&relay, "admin", "admin");
    let put = |key: &str, settings: Value| {
        let request = Request::new("PUT", "/api/v1/config/sources/shop").header("idempotency-key", key);
        relay.send(&with(&admin, request.body(json!({ "settings": settings }).to_string())))
    };
    put("one", json!({ "plugin": "webhook", "open": true })).expect(201);
    relay.post("shop", r#"{"title":"anybody"}"#).expect(200);
    let closed = put("two", json!({ "plugin": "webhook", "open": false })).expect(200);
    assert_eq!(closed.header("cache-control"), Some("no-store"));
    assert!(closed.json()["token"]["token"].is_string());
    relay.send(&Request::json("/in/shop", r#"{"title":"nobody"}"#)).problem(401);
    // A repeat neither shows the token again nor makes another.
    let again = put("two", json!({ "plugin": "webhook", "open": false })).problem(409);
    assert!(again.contains("has a secret"), "{again}");
}

#[test]
fn whatever_is_wrong_is_a_problem_document() {
    let relay = relay();
    let admin = token(&relay, "admin", "admin");
    get(&relay, &admin, "/incidents/%FF").problem(400);
    get(&relay, &admin, "/nothing").problem(404);
    get(&relay, &admin, "/config/reload").problem(405);
    relay.send(&with(&admin, Request::new("DELETE", "/api/v1/status"))).problem(405);
    let large = Request::new("POST", "/api/v1/receipts/discard").body("x".repeat(3 * 1024 * 1024));
    relay.send(&with(&admin, large)).problem(413);
}
