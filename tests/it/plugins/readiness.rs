//! A relay that has to compile its plugins: it is ready before, and what comes meanwhile is decoded afterwards.

use serde_json::json;

use super::in_force;
use crate::harness::{Receiver, Relay, Reply, Request, Site, action, at, connection, source, until};

#[test]
fn a_first_start_is_ready_before_its_plugins_are_compiled_and_loses_nothing_that_comes() {
    let receiver = Receiver::start();
    let site = Site::new("");
    let signed = "[sources.signed]\nplugin = \"jira\"\nsigning_key = \"0123456789abcdef0123456789abcdef\"\n";
    site.configure_whole(&format!(
        "listen = \"127.0.0.1:0\"\ncache_dir = \"own-cache\"\n[retry]\nfirst = \"50ms\"\nlongest = \"200ms\"\n{}{}{signed}{}{}",
        source("zap", "zapier"),
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/out")),
        action("tell", "out"),
    ));
    let mut relay = Relay::start_early(site);
    // The larger of the two is compiled second; an operator's view of a machine that has better things to do.
    let waiting = relay.json_of_any_code(&["plugins", "list"])["pending"].clone();
    let waiting = waiting.as_array().expect("a list");
    assert!(waiting.len() > 5, "{waiting:?}");
    assert!(waiting[0]["compiling_seconds"].is_u64(), "{waiting:?}");
    let listed = relay.run(&["plugins", "list"]).stdout;
    assert!(listed.contains("compiling: ") && listed.contains(" s\n"), "{listed}");

    let kept = relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(202).json();
    assert_eq!(kept["status"], "kept");
    relay.post("hook", r#"{"title":"Disk full","id":"disk","status":"resolved"}"#).expect(202);
    relay.post("hook", r#"{"title":"Net down","id":"net"}"#).expect(202);
    let receipt = relay.json(&["receipts", "show", kept["receipt"].as_str().expect("a receipt")]);
    let reason = receipt["reason"].as_str().expect("a reason");
    assert!(reason.contains("is being compiled; requests are kept and decoded when it is done"), "{reason}");
    // Nobody can check its signature yet, so the sender has to come again.
    let answer = relay.send(&Request::json("/in/signed", "{}"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.problem(503);

    until("the other source is served", || in_force(&relay, "zapier"));
    let by_key = |key: &str| {
        let incidents = relay.list(&["incidents", "list"]);
        incidents.into_iter().find(|incident| incident["key"] == key)
    };
    until("the first alert is decoded, and its resolution after it", || {
        by_key("disk").filter(|incident| incident["state"] == "resolved")
    });
    let open = until("so is the other alert", || by_key("net"));
    assert_eq!((&open["state"], &open["count"]), (&json!("open"), &json!(1)));
    until("its message arrived", || {
        receiver.requests().iter().any(|request| request.title() == "Net down").then_some(())
    });
    relay.post("zap", r#"{"title":"CPU","status":"trigger"}"#);
    assert!(relay.list(&["receipts", "list", "--dead-letters", "--source", "hook"]).is_empty());
    relay.kill();
    // A start that has nothing to compile decodes the first request.
    relay.restart_unwell();
    relay.post("hook", r#"{"title":"Disk full","id":"disk 2"}"#).expect(200);
}

#[test]
fn deliveries_wait_for_the_plugin_of_their_connection_and_pause_nothing() {
    let receiver = Receiver::scripted(|_, _| Reply::status(500));
    let tables = format!(
        "{}{}{}",
        source("zap", "zapier"),
        connection("out", "rocketchat", &receiver.url("/out")),
        action("tell", "out"),
    );
    let mut relay = Relay::start(&tables);
    relay.post("zap", r#"{"title":"CPU","status":"trigger"}"#).expect(200);
    until("it was tried", || (!receiver.requests().is_empty()).then_some(()));
    relay.stop();
    let before = receiver.requests().len();
    let retry = "[retry]\nfirst = \"50ms\"\nlongest = \"200ms\"\n";
    relay.configure_whole(&format!("listen = \"127.0.0.1:0\"\ncache_dir = \"own-cache\"\n{retry}{tables}"));
    receiver.script(|_, _| Reply::ok());
    relay.restart_unwell();
    // While its plugin is being compiled, the delivery is due and nothing is wrong with its connection.
    let seen = relay.list(&["deliveries", "list"]);
    let connections = relay.list(&["connections", "list"]);
    assert!(connections[0]["paused"].is_null(), "{connections:?}");
    let is_compiling =
        connections[0]["problem"].as_str().is_some_and(|why| why.contains("is being compiled"));
    assert!(!is_compiling || seen[0]["settled"] == json!(false), "{seen:?}");
    until("it is delivered", || (receiver.requests().len() > before).then_some(()));
    relay.settled();
    assert!(relay.list(&["connections", "list"])[0]["paused"].is_null());
}

#[test]
fn the_token_of_a_source_is_asked_for_while_its_plugin_is_missing() {
    let relay = Relay::start(&source("polite", "polite"));
    relay.send(&Request::json("/in/polite?token=wrong-0123456789abcdef", "body")).problem(401);
    relay.send(&Request::json(&at("polite"), "body")).expect(202);
}
