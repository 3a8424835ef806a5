//! Requests that no plugin ever sees: too large, cut short, by a wrong method, for a source that is not there.

use super::{nothing_is_kept, the_receipt};
use crate::harness::{Relay, Request, at, source};

fn limited(bytes: usize) -> String {
    format!("{}body_limit = {bytes}\n", source("hook", "webhook"))
}

/// An alert of exactly this many bytes.
fn alert_of(bytes: usize) -> String {
    let frame = r#"{"title":"Disk full","message":""}"#;
    frame.replace(r#":""}"#, &format!(r#":"{}"}}"#, "m".repeat(bytes - frame.len())))
}

#[test]
fn a_body_over_the_limit_is_413_whether_or_not_its_length_is_said() {
    let relay = Relay::start(&limited(2048));
    let request = Request::json(&at("hook"), &alert_of(2049));
    for answer in [
        relay.send(&request),
        request.send_chunked(relay.address()),
        request.promise(usize::MAX / 2, relay.address()),
    ] {
        let detail = answer.problem(413);
        assert!(detail.contains("2048") && detail.contains("body_limit"), "{detail}");
    }
    nothing_is_kept(&relay);
    let request = Request::json(&at("hook"), &alert_of(2048));
    relay.send(&request).expect(200);
    request.send_chunked(relay.address()).expect(200);
}

#[test]
fn a_body_is_not_read_before_its_sender_is_known() {
    let relay = Relay::start(&limited(2048));
    // Nothing of the promised body is ever sent: whoever waited for it would not answer.
    Request::json("/in/hook", "").promise(2000, relay.address()).problem(401);
}

#[test]
fn a_source_may_be_given_more_than_the_others() {
    let large = limited(1 << 20).replace("[sources.hook]", "[sources.large]");
    let relay = Relay::start(&format!("[limits]\nbody = \"2KiB\"\n{}{large}", source("hook", "webhook")));
    let body = alert_of(100_000);
    relay.post("hook", &body).problem(413);
    relay.post("large", &body).expect(200);
    assert_eq!(the_receipt(&relay)["request"]["body_bytes"], 100_000);
}

#[test]
fn a_message_of_many_megabytes_is_cut_and_marked_like_any_other() {
    let limits = "[limits]\nplugin_memory = \"256MiB\"\nplugin_calls = 4\nplugin_time = \"60s\"\n";
    let relay = Relay::start(&format!("{}{limits}", limited(20 << 20)));
    relay.post("hook", &alert_of(18 << 20)).expect(200);
    let incident = relay.incident();
    let message = incident["message"].as_str().expect("a message");
    assert!(message.ends_with("m…") && message.len() <= 64 * 1024, "{} bytes", message.len());
}

#[test]
fn an_address_without_a_source_is_404() {
    let relay = Relay::start(&source("hook", "webhook"));
    for target in
        [&at("other"), "/in/HOOK", "/in/hook%2f", "/in/", "/in", "/", "/incidents", "/in/..%2f..%2fetc"]
    {
        let detail = relay.send(&Request::json(target, "{}")).problem(404);
        assert!(!detail.is_empty());
    }
    nothing_is_kept(&relay);
}

#[test]
fn a_method_that_the_sender_does_not_use_is_405_and_says_which_ones_are() {
    let relay = Relay::start(&format!("{}{}", source("jira", "jira"), source("cake", "statuscake")));
    let answer = relay.send(&Request::new("DELETE", &at("cake")));
    assert_eq!(answer.header("allow"), Some("POST, GET"));
    answer.problem(405);
    let answer = relay.send(&Request::new("PUT", &at("jira")));
    assert_eq!(answer.header("allow"), Some("POST"));
    assert!(answer.problem(405).contains("POST"));
    nothing_is_kept(&relay);
}

#[test]
fn a_request_that_is_cut_short_is_kept_out() {
    let relay = Relay::start(&source("hook", "webhook"));
    let request = Request::json(&at("hook"), r#"{"title":"Disk full"}"#);
    if let Some(answer) = request.truncate(relay.address()) {
        assert_eq!(answer.status, 400);
    }
    // The relay goes on, and what comes whole is the first that it keeps.
    relay.send(&request).expect(200);
    the_receipt(&relay);
}

#[test]
fn too_many_headers_and_too_long_a_query_are_refused() {
    let relay = Relay::start(&source("hook", "webhook"));
    let mut request = Request::json(&at("hook"), "{}");
    for number in 0..120 {
        request = request.header(&format!("x-{number}"), "value");
    }
    assert_eq!(relay.send(&request).status, 431);
    let long = format!("{}&q={}", at("hook"), "q".repeat(20_000));
    assert_eq!(relay.send(&Request::json(&long, "{}")).status, 414);
    nothing_is_kept(&relay);
}

#[test]
fn what_is_not_http_is_turned_away_and_the_relay_goes_on() {
    use std::io::{Read, Write};
    let relay = Relay::start(&source("hook", "webhook"));
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"HELO mail\r\n\r\n", b"POST /in/hook\r\n\r\n", b"\0\0\0\0"]
    {
        let mut stream = std::net::TcpStream::connect(relay.address()).expect("it listens");
        stream.write_all(garbage).expect("it reads");
        stream.shutdown(std::net::Shutdown::Write).expect("it reads");
        let mut answer = Vec::new();
        // It may hang up with or without a word.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    }
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
}
