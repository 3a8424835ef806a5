//! A plugin's own answer to a sender: which headers it sets, and what a browser may do with it.

use crate::harness::{Relay, Request, settings, source};

/// A source whose program answers with these headers and body.
fn relay(headers: &str, body: &str) -> Relay {
    let jq = format!("jq = '''{{reply: {{status: 200, headers: {headers}, body: {body}}}}}'''");
    Relay::start(&format!("{}{}", source("hook", "webhook"), settings("sources.hook", &jq)))
}

#[test]
fn a_reply_sets_the_headers_that_a_sender_asks_for() {
    let headers = r#"{"content-type": "text/plain", "retry-after": "5", "X-Hook-Secret": "abc",
        "WebHook-Allowed-Origin": "events.example", "x-vendor-ack": "1"}"#;
    let relay = relay(headers, ".challenge");
    let answer = relay.post("hook", r#"{"challenge":"c0ffee"}"#).expect(200);
    assert_eq!(answer.body, "c0ffee");
    for (name, value) in [
        ("content-type", "text/plain"),
        ("retry-after", "5"),
        ("x-hook-secret", "abc"),
        ("webhook-allowed-origin", "events.example"),
        ("x-vendor-ack", "1"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let receipts = relay.list(&["receipts", "list"]);
    let receipt = relay.json(&["receipts", "show", receipts[0]["id"].as_str().expect("an id")]);
    assert!(!receipt.to_string().contains("it was left out"), "{receipt:#}");
}

/// A header of a reply once framed the answer, set a cookie, or sent the sender somewhere else.
#[test]
fn a_reply_sets_no_framing_no_cookie_and_no_other_place() {
    let names = [
        "content-length",
        "transfer-encoding",
        "connection",
        "set-cookie",
        "location",
        "refresh",
        "content-encoding",
        "content-security-policy",
        "x-content-type-options",
        "access-control-allow-origin",
    ];
    let pairs: Vec<String> = names.iter().map(|name| format!(r#""{name}": "7""#)).collect();
    let headers = format!(r#"{{"content-type": "text/html", {}}}"#, pairs.join(", "));
    let relay = relay(&headers, ".page");
    let page = "<script>alert(1)</script>";
    let body = format!(r#"{{"page":"{page}"}}"#);
    let answer = relay.send(&Request::json(&crate::harness::at("hook"), &body)).expect(200);
    assert_eq!(answer.body, page, "whole, whatever length the plugin said");
    for name in ["transfer-encoding", "set-cookie", "location", "refresh", "content-encoding"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("content-length"), Some(page.len().to_string().as_str()));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    // The receipt says so, once for each.
    let receipts = relay.list(&["receipts", "list"]);
    let receipt = relay.json(&["receipts", "show", receipts[0]["id"].as_str().expect("an id")]).to_string();
    for name in names {
        let remark = format!("the reply's header `{name}` is not one that a reply may set; it was left out");
        assert_eq!(receipt.matches(&remark).count(), 1, "{name}: {receipt}");
    }
}
