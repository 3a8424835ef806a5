//! An incident's life: merged, resolved, reopened, opened anew; and which of it is told.

use serde_json::{Value, json};

use super::to_webhook;
use crate::harness::{Receiver, Relay, Request, at, source};

fn alert(status: &str) -> String {
    json!({ "title": "Disk full", "id": "disk", "status": status, "severity": "high" }).to_string()
}

/// What happened to the request's only event.
fn did(relay: &Relay, body: &str) -> String {
    let said = relay.post("webhook", body).expect(200).json();
    said["incidents"][0]["change"].as_str().expect("an incident").to_owned()
}

#[test]
fn the_same_alert_again_is_counted_and_not_told_again() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    assert_eq!(did(&relay, &alert("trigger")), "opened");
    assert_eq!(did(&relay, &alert("trigger")), "merged");
    receiver.wait(1);
    assert_eq!(did(&relay, &alert("resolve")), "resolved");
    // Messages of one incident come in order, so none was sent for the second alert.
    let kinds: Vec<String> = receiver.wait(2).iter().map(|request| request.kind()).collect();
    assert_eq!(kinds, ["opened", "resolved"]);
    let incident = relay.incident();
    assert_eq!(incident["count"], 2);
    assert_eq!(incident["state"], "resolved");
    assert!(incident["resolved_at"].is_string());
    assert_eq!(relay.settled().len(), 2);
    assert_eq!(relay.list(&["receipts", "list"]).len(), 3);
}

#[test]
fn an_alert_that_says_something_new_updates_the_incident() {
    let receiver = Receiver::start();
    let config = format!("{}on = [\"updated\"]\n", to_webhook("webhook", &receiver));
    let relay = Relay::start(&config);
    did(&relay, &alert("trigger"));
    did(&relay, &alert("trigger"));
    let worse = json!({ "title": "Disk full", "id": "disk", "severity": "critical", "free": "0 %" });
    assert_eq!(did(&relay, &worse.to_string()), "merged");
    let told = receiver.wait(1)[0].json();
    assert_eq!(told["change"]["changed"], json!(["severity", "labels", "labels.free"]));
    assert_eq!(told["incident"]["severity"], "critical");
    assert_eq!(told["incident"]["labels"]["free"], "0 %");
    assert_eq!(told["incident"]["count"], 3);
}

#[test]
fn a_resolved_incident_that_comes_back_is_reopened_and_told_each_time() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    let steps =
        [("trigger", "opened"), ("resolve", "resolved"), ("trigger", "reopened"), ("resolve", "resolved")];
    for (number, (status, expected)) in steps.into_iter().enumerate() {
        assert_eq!(did(&relay, &alert(status)), expected);
        // What is overtaken before it is sent would not be.
        receiver.wait(number + 1);
    }
    let got = receiver.wait(4);
    let kinds: Vec<String> = got.iter().map(|request| request.kind()).collect();
    assert_eq!(kinds, ["opened", "resolved", "reopened", "resolved"]);
    // Each message shows the incident as it is when it is sent.
    let states: Vec<Value> = got.iter().map(|request| request.json()["incident"]["state"].clone()).collect();
    assert_eq!(states, ["open", "resolved", "open", "resolved"]);
    assert!(got.iter().all(|request| request.json()["incident"]["number"] == 1));
    assert_eq!(relay.incident()["count"], 2);
}

#[test]
fn after_the_reopen_window_an_alert_opens_a_new_incident() {
    let receiver = Receiver::start();
    let config = to_webhook("webhook", &receiver);
    let relay = Relay::start(&config.replace("[connections", "reopen_window = \"0ms\"\n[connections"));
    did(&relay, &alert("trigger"));
    receiver.wait(1);
    did(&relay, &alert("resolve"));
    // A message that arrived is proof that time has passed.
    receiver.wait(2);
    assert_eq!(did(&relay, &alert("trigger")), "opened");
    let numbers: Vec<_> = relay.list(&["incidents", "list"]).iter().map(|i| i["number"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    // From now on the key leads to the new one.
    let said = relay.post("webhook", &alert("resolve")).expect(200).json();
    assert_eq!(said["incidents"][0]["number"], 2);
}

#[test]
fn an_end_without_a_beginning_is_answered_and_opens_nothing() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    let answer = relay.post("webhook", &alert("resolve")).expect(200);
    assert_eq!(answer.json()["incidents"], json!([]));
    let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!(receipt["effects"][0]["did"], "orphan");
    assert!(relay.list(&["incidents", "list"]).is_empty());
    assert!(relay.list(&["deliveries", "list"]).is_empty());
}

#[test]
fn keys_of_different_sources_are_different_incidents() {
    let receiver = Receiver::start();
    let other = source("other", "webhook");
    let relay = Relay::start(&format!("{other}{}", to_webhook("webhook", &receiver)));
    relay.post("webhook", &alert("trigger")).expect(200);
    relay.post("other", &alert("trigger")).expect(200);
    relay.post("other", &alert("resolve")).expect(200);
    let states: Vec<_> = relay
        .list(&["incidents", "list"])
        .iter()
        .map(|incident| (incident["source"].clone(), incident["state"].clone()))
        .collect();
    assert_eq!(states, [(json!("other"), json!("resolved")), (json!("webhook"), json!("open"))]);
    assert_eq!(relay.list(&["incidents", "list", "--source", "other"]).len(), 1);
    assert_eq!(relay.list(&["incidents", "list", "--state", "open,acknowledged"]).len(), 1);
}

#[test]
fn an_up_finds_its_down_although_only_one_of_them_has_a_test_id() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("statuscake", &receiver));
    let target = at("statuscake");
    let down = "Status=Down&Name=Shop&URL=https%3A%2F%2Fshop.example%2F&TestID=42&StatusCode=0";
    let up = "Status=Up&Name=Shop&URL=https%3A%2F%2Fshop.example%2F&StatusCode=200";
    relay.send(&Request::form(&target, down)).expect(200);
    // What is over before it could be sent is not sent.
    receiver.wait(1);
    let said = relay.send(&Request::form(&target, up)).expect(200).json();
    assert_eq!(said["incidents"][0]["change"], "resolved", "{said}");
    assert_eq!(receiver.wait(2)[1].kind(), "resolved");
}
