//! Requests of up to 60 MiB, where a connection allows them, and what is said where it does not.

use super::open;
use crate::harness::{Receiver, Relay, Site, action, connection, settings, source};

const MIB: usize = 1024 * 1024;

/// A relay that sends `mib` mebibytes of text over a connection with this line.
fn tables(receiver: &Receiver, mib: usize, line: &str) -> String {
    // A program that makes the text, so that the configuration stays small.
    let payload = format!("payload_jq = '''{{text: (\"0123456789abcdef\" * {})}}'''", mib * MIB / 16);
    format!(
        "{}{}{line}{}{}[limits]\nplugin_memory = \"512MiB\"\nplugin_calls = 4\nplugin_time = \"60s\"\n",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/large")),
        action("tell", "out"),
        settings("actions.tell", &payload),
    )
}

#[test]
fn a_request_of_59_mebibytes_arrives_whole() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver, 59, "body = \"60MiB\"\ntimeout = \"60s\"\n"));
    open(&relay, "disk", "high");
    let got = &receiver.wait(1)[0];
    assert_eq!(got.body.len(), 59 * MIB + r#"{"text":""}"#.len());
    assert!(got.body.ends_with("abcdef\"}"));
    assert_eq!(relay.settled()[0]["state"], "delivered");
}

#[test]
fn a_request_beyond_its_connections_limit_is_a_dead_letter_that_says_what_to_raise() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver, 2, ""));
    open(&relay, "disk", "high");
    let delivery = &relay.settled()[0];
    assert_eq!(delivery["state"], "rejected");
    let why = delivery["last"]["summary"].as_str().expect("a reason");
    assert!(why.contains("the limit is 1048576. Raise `body` of the connection"), "{why}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_body_that_no_plugin_could_hold_is_a_mistake_of_the_configuration() {
    let receiver = Receiver::start();
    let site = Site::new(&format!(
        "{}{}body = \"60MiB\"\n",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/large")),
    ));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("connections.out.body: ") && said.contains("limits.plugin_memory"), "{said}");
}
