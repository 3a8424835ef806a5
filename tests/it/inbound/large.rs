//! Large groups: one request, one receipt, one answer, however many entries of the journal it takes.

use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Request, action, at, connection, settings, source};

const ALERTS: usize = 1200;

fn config(receiver: &Receiver) -> String {
    let actions = ["first", "second"].map(|name| {
        format!("{}{}", connection(name, "webhook", &receiver.url(&format!("/{name}"))), action(name, name))
    });
    let jq = "jq = '[.alerts[] | {title: .name, status: .state, key: .id}]'";
    format!(
        "{}body_limit = \"8MiB\"\n{}{}",
        source("k8s", "webhook"),
        settings("sources.k8s", jq),
        actions.concat()
    )
}

fn group(state: &str) -> String {
    let alert =
        |n: usize| json!({ "id": format!("pod-{n}"), "name": format!("Pod {n} restarts"), "state": state });
    json!({ "alerts": (0..ALERTS).map(alert).collect::<Value>() }).to_string()
}

#[test]
fn twelve_hundred_alerts_of_one_request_open_twelve_hundred_incidents_with_one_answer() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&config(&receiver));
    let send = |relay: &Relay, state: &str, id: &str| {
        relay.send(&Request::json(&at("k8s"), &group(state)).header("webhook-id", id)).expect(200)
    };
    let began = Instant::now();
    let opened = send(&relay, "down", "msg_1");
    let took = began.elapsed();
    let document = opened.json();
    assert_eq!(document["status"], "applied");
    let numbers = document["incidents"].as_array().expect("a list").iter().map(|i| i["number"].as_u64());
    assert!(numbers.eq((1..=ALERTS as u64).map(Some)), "in the order of the request");
    assert_eq!(relay.list(&["receipts", "list"]).len(), 1);
    let counts = &relay.json_of_any_code(&["status"])["counts"];
    assert_eq!(counts["incidents"]["open"], ALERTS);
    let words = relay.run(&["receipts", "show", &opened.receipt()]).expect(0).stdout;
    assert!(words.starts_with(&format!("{} applied: {ALERTS} opened\n", opened.receipt())), "{words:.300}");
    // Nothing that others wait for takes seconds.
    assert!(took.as_secs() < 20, "{took:?}");

    let again = send(&relay, "down", "msg_1").json();
    assert_eq!((&again["status"], &again["incidents"]), (&json!("duplicate"), &document["incidents"]));
    let resolved = send(&relay, "up", "msg_2").json();
    assert_eq!(resolved["incidents"].as_array().map(Vec::len), Some(ALERTS));
    let counts = &relay.json_of_any_code(&["status"])["counts"];
    assert_eq!((&counts["incidents"]["open"], &counts["incidents"]["resolved"]), (&json!(0), &json!(ALERTS)));
    relay.kill();
    relay.restart();
    assert_eq!(relay.json_of_any_code(&["status"])["counts"]["incidents"]["resolved"], ALERTS);
    relay.stop();
    relay.run(&["verify", "--replay"]).expect(0);
}
