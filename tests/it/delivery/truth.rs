//! What is sent is the case when it is sent, through the real relay: nothing of what is over, dead letters that act
//! on the present incident, escalations, flapping, lost answers.

use serde_json::{Value, json};

use super::{id, open, resolve, to_webhook};
use crate::harness::{Receiver, Relay, Reply, until};

/// How deliveries ended, the oldest first.
fn ends(relay: &Relay) -> Vec<(String, String)> {
    let deliveries = relay.list(&["deliveries", "list"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    deliveries.iter().rev().map(|delivery| (text(&delivery["change"]), text(&delivery["state"]))).collect()
}

fn end(change: &str, state: &str) -> (String, String) {
    (change.to_owned(), state.to_owned())
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.kind()).collect()
}

/// Waits until every delivery has ended, and the relay owes `count`.
fn ended(relay: &Relay, count: usize) {
    until("every delivery has ended", || (relay.settled().len() == count).then_some(()));
}

fn open_as(relay: &Relay, severity: &str) {
    let body = json!({ "title": "disk", "id": "disk", "severity": severity });
    relay.post("hook", &body.to_string()).expect(200);
}

#[test]
fn what_was_resolved_before_its_peer_came_back_is_not_sent_and_the_list_says_why() {
    let receiver = Receiver::down();
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    resolve(&relay, "disk");
    receiver.listen();
    ended(&relay, 2);
    assert_eq!(ends(&relay), [end("opened", "skipped"), end("resolved", "skipped")]);
    let list = relay.run(&["deliveries", "list"]).expect(0).stdout;
    assert_eq!(list.matches("resolved before it could be sent").count(), 2, "{list}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_dead_letter_of_a_resolution_that_is_retried_leaves_an_open_incident_open() {
    let receiver = Receiver::scripted(|request, _| match request.kind().as_str() {
        "resolved" => Reply::body(400, "no"),
        _ => Reply::ok(),
    });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    ended(&relay, 1);
    resolve(&relay, "disk");
    ended(&relay, 2);
    open(&relay, "disk");
    ended(&relay, 3);
    receiver.script(|_, _| Reply::ok());
    let dead = relay.list(&["deliveries", "list", "--state", "rejected"]);
    relay.run(&["deliveries", "retry", id(&dead[0])]).expect(0);
    ended(&relay, 3);
    assert_eq!(ends(&relay)[1], end("resolved", "skipped"));
    assert_eq!(
        kinds(&receiver),
        ["opened", "resolved"],
        "the resolution was refused, and nothing was sent since"
    );
}

#[test]
fn a_dead_letter_of_an_opening_that_is_retried_opens_nothing_that_is_resolved() {
    let receiver = Receiver::scripted(|_, _| Reply::body(400, "no"));
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    ended(&relay, 1);
    resolve(&relay, "disk");
    ended(&relay, 2);
    receiver.script(|_, _| Reply::ok());
    let dead = relay.list(&["deliveries", "list", "--state", "rejected"]);
    relay.run(&["deliveries", "retry", id(&dead[0])]).expect(0);
    ended(&relay, 2);
    assert_eq!(ends(&relay), [end("opened", "skipped"), end("resolved", "skipped")]);
    assert_eq!(kinds(&receiver), ["opened"], "refused, and not sent again");
}

#[test]
fn an_escalation_into_a_filter_is_an_opening_and_its_resolution_follows() {
    let receiver = Receiver::start();
    let filter = "on = [\"opened\", \"resolved\"]\nfilter = 'severity in [\"critical\", \"high\"]'\n";
    let relay = Relay::start(&format!("{}{filter}", to_webhook(&receiver)));
    open_as(&relay, "medium");
    assert_eq!(ends(&relay), []);
    open_as(&relay, "critical");
    receiver.wait(1);
    open_as(&relay, "low");
    resolve(&relay, "disk");
    receiver.wait(2);
    assert_eq!(kinds(&receiver), ["opened", "resolved"]);
}

/// Has an incident flap, with an action on these changes; how many messages that is, is given.
fn flap(receiver: &Receiver, on: &str, messages: [usize; 5]) -> Relay {
    let flapping = "[sources.hook]\nflapping = { reopenings = 2, window = \"3s\" }\n";
    let tables = to_webhook(receiver).replace("[sources.hook]\n", flapping);
    let relay = Relay::start(&format!("{tables}{on}\n"));
    let steps = [open, resolve, open, resolve, open];
    for (step, count) in steps.into_iter().zip(messages) {
        step(&relay, "disk");
        receiver.wait(count);
    }
    relay
}

#[test]
fn flapping_that_ends_open_takes_the_resolution_back() {
    let receiver = Receiver::start();
    let _relay = flap(&receiver, r#"on = ["opened", "resolved"]"#, [1, 2, 3, 4, 4]);
    receiver.wait(5);
    assert_eq!(kinds(&receiver), ["opened", "resolved", "reopened", "resolved", "reopened"]);
    assert_eq!(receiver.requests()[4].json()["change"]["text"], "steady, and open");
}

#[test]
fn flapping_that_ends_resolved_closes_what_it_opened() {
    let receiver = Receiver::start();
    let relay = flap(&receiver, r#"on = ["flapping"]"#, [0, 0, 0, 0, 1]);
    resolve(&relay, "disk");
    receiver.wait(2);
    assert_eq!(kinds(&receiver), ["flapping", "resolved"]);
}

#[test]
fn an_answer_that_was_lost_is_followed_by_the_resolution() {
    let receiver = Receiver::scripted(|request, _| match request.kind().as_str() {
        "opened" => Reply::Cut,
        _ => Reply::ok(),
    });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    receiver.wait(1);
    resolve(&relay, "disk");
    until("the resolution arrives", || kinds(&receiver).iter().any(|kind| kind == "resolved").then_some(()));
    ended(&relay, 2);
    assert_eq!(ends(&relay), [end("opened", "skipped"), end("resolved", "delivered")]);
}
