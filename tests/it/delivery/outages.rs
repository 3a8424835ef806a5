//! Receivers that are down, slow, broken or busy, and come back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{id, open, the_delivery, to_webhook};
use crate::harness::{Gate, Receiver, Relay, Reply, action, connection, source, until};

/// Has an operator note this.
fn note(relay: &Relay, text: &str) {
    relay.run(&["incidents", "note", "1", text]).expect(0);
}

#[test]
fn what_a_receiver_missed_while_it_was_down_arrives_once_and_in_order() {
    let receiver = Receiver::down();
    let relay = Relay::start(&format!("{}on = [\"opened\", \"noted\"]\n", to_webhook(&receiver)));
    open(&relay, "disk");
    note(&relay, "first");
    note(&relay, "second");
    until("it was tried in vain more than once", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        assert_eq!(deliveries.len(), 3);
        let first = &deliveries[2];
        (first["attempts"].as_u64() > Some(1)).then_some(())
    });
    receiver.listen();
    let got = receiver.wait(3);
    let kinds: Vec<String> = got.iter().map(|request| request.kind()).collect();
    assert_eq!(kinds, ["opened", "noted", "noted"]);
    assert_eq!(got[2].json()["change"]["text"], "second");
    assert!(got[0].json()["attempt"].as_u64() > Some(1), "attempts are counted");
    let deliveries = relay.settled();
    for (delivery, request) in deliveries.iter().rev().zip(&got) {
        assert_eq!(delivery["state"], "delivered");
        assert_eq!(request.header("idempotency-key"), Some(id(delivery)));
    }
    receiver.wait(3);
}

#[test]
fn a_connection_that_is_cut_is_tried_again_with_the_same_key() {
    let receiver = Receiver::scripted(|_, number| if number < 2 { Reply::Cut } else { Reply::ok() });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    let got = receiver.wait(3);
    let keys: Vec<_> = got.iter().map(|request| request.header("idempotency-key").expect("a key")).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let attempts: Vec<_> = got.iter().map(|request| request.json()["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2, 3]);
    relay.settled();
    let delivery = the_delivery(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(3)));
    assert_eq!(delivery["id"], keys[0]);
    let statuses: Vec<_> =
        delivery["log"].as_array().expect("a log").iter().map(|a| a["status"].clone()).collect();
    assert_eq!(statuses, [json!(null), json!(null), json!(200)]);
}

#[test]
fn an_error_of_the_receiver_is_tried_again() {
    let receiver = Receiver::scripted(|_, number| match number {
        0 => Reply::body(500, "out of memory"),
        1 => Reply::status(503),
        _ => Reply::status(204),
    });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    receiver.wait(3);
    relay.settled();
    let log = the_delivery(&relay)["log"].clone();
    assert_eq!(log[0]["status"], 500);
    assert!(log[0]["summary"].as_str().expect("words").contains("out of memory"), "{log}");
    assert_eq!((&log[1]["status"], &log[2]["status"]), (&json!(503), &json!(204)));
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it() {
    let busy = || Reply::Answer(429, vec![("retry-after", "1".to_owned())], String::new());
    let receiver = Receiver::scripted(move |_, number| if number == 0 { busy() } else { Reply::ok() });
    let retry = "[retry]\nfirst = \"50ms\"\nlongest = \"5s\"\n";
    let relay = Relay::start(&format!("{retry}{}", to_webhook(&receiver)));
    open(&relay, "disk");
    let got = receiver.wait(2);
    let waited = got[1].at - got[0].at;
    assert!(waited >= Duration::from_secs(1), "asked for a second, got {waited:?}");
    let delivery = &relay.settled()[0];
    assert_eq!(delivery["attempts"], 2);
}

#[test]
fn what_a_receiver_asks_for_holds_for_all_that_is_owed_to_it_and_for_nothing_else() {
    let receiver = Receiver::scripted(|request, _| match request.path.as_str() {
        "/busy" => Reply::Answer(429, vec![("retry-after", "600".to_owned())], "slow down".to_owned()),
        _ => Reply::ok(),
    });
    let place = |name: &str| {
        let to = connection(name, "webhook", &receiver.url(&format!("/{name}")));
        format!("{to}{}", action(name, name))
    };
    let relay = Relay::start(&format!(
        "[retry]\nfirst = \"1s\"\nlongest = \"1h\"\n{}{}{}",
        source("hook", "webhook"),
        place("busy"),
        place("other")
    ));
    let of = |name: &str| relay.list(&["deliveries", "list", "--connection", name]);
    open(&relay, "disk");
    until("the busy one was asked", || (of("busy")[0]["last"]["status"] == 429).then_some(()));
    open(&relay, "memory");
    until("the other one has both", || {
        of("other").iter().all(|delivery| delivery["state"] == "delivered").then_some(())
    });
    let later = of("busy")[0].clone();
    assert_eq!((&later["state"], &later["attempts"]), (&json!("due"), &json!(0)), "{later}");
    let backoff = relay.list(&["connections", "list"])[0]["backoff"].clone();
    assert!(backoff["reason"].as_str().expect("why").contains("slow down"), "{backoff}");
    let said = relay.run(&["status"]).expect(0).stdout;
    assert!(said.contains("waits: connection busy until 20") && said.contains("slow down"), "{said}");
    let said = relay.run(&["connections", "list"]).expect(0).stdout;
    assert!(said.contains("waits until 20"), "{said}");

    receiver.script(|_, _| Reply::ok());
    relay.run(&["deliveries", "retry", id(&later)]).expect(0);
    until("an operator has it go on", || (of("busy")[0]["state"] == "delivered").then_some(()));
    assert!(relay.list(&["connections", "list"])[0]["backoff"].is_null());
}

#[test]
fn a_receiver_that_does_not_answer_in_time_is_tried_again() {
    let gate = Gate::new();
    let closed = Arc::clone(&gate);
    let receiver = Receiver::scripted(move |_, number| {
        if number == 0 {
            closed.wait();
        }
        Reply::ok()
    });
    let tables = to_webhook(&receiver).replace("allow_private", "timeout = \"300ms\"\nallow_private");
    let relay = Relay::start(&tables);
    open(&relay, "disk");
    receiver.wait(2);
    gate.open();
    relay.settled();
    let log = the_delivery(&relay)["log"].clone();
    assert!(log[0]["summary"].as_str().expect("words").contains("no answer in time"), "{log}");
    assert_eq!(log[1]["status"], 200);
}

#[test]
fn a_connection_may_have_a_patience_of_its_own() {
    let receiver = Receiver::scripted(|_, _| Reply::status(502));
    let place = |name: &str, retry: &str| {
        format!("{}{retry}{}", connection(name, "webhook", &receiver.url("/")), action(name, name))
    };
    let own = "retry = { first = \"20ms\", longest = \"20ms\", give_up_after = \"100ms\" }\n";
    let relay = Relay::start(&format!(
        "[retry]\nfirst = \"1h\"\nlongest = \"1h\"\n{}{}{}",
        source("hook", "webhook"),
        place("chat", own),
        place("ticket", "")
    ));
    open(&relay, "disk");
    until("the chat was given up", || {
        let deliveries = relay.list(&["deliveries", "list", "--connection", "chat"]);
        (deliveries[0]["state"] == "expired").then_some(())
    });
    let ticket = &relay.list(&["deliveries", "list", "--connection", "ticket"])[0];
    assert_eq!((&ticket["state"], &ticket["attempts"]), (&json!("due"), &json!(1)));
}

#[test]
fn an_attempt_that_hangs_does_not_put_off_what_is_due_meanwhile() {
    let gate = Gate::new();
    let holds = Arc::clone(&gate);
    let receiver = Receiver::scripted(move |request, number| {
        if request.title() == "memory" {
            holds.wait();
        }
        if number == 0 { Reply::status(502) } else { Reply::ok() }
    });
    let config = format!("{}timeout = \"60s\"\n", connection("out", "webhook", &receiver.url("/")));
    let relay = Relay::start(&format!(
        "[retry]\nfirst = \"5s\"\nlongest = \"5s\"\n{}{config}{}",
        source("hook", "webhook"),
        action("tell", "out")
    ));
    open(&relay, "disk");
    until("it is to be tried again", || (the_delivery(&relay)["log"][0]["status"] == 502).then_some(()));
    open(&relay, "memory");
    let got = receiver.wait(3);
    gate.open();
    assert_eq!([0, 1, 2].map(|number| got[number].title()), ["disk", "memory", "disk"]);
    // After the longest sleep, half a minute, it would be sent anyway.
    let waited = got[2].at - got[1].at;
    assert!(waited < Duration::from_secs(15), "{waited:?}");
    relay.settled();
}

#[test]
fn what_is_given_up_is_a_dead_letter_that_can_be_tried_again() {
    let receiver = Receiver::scripted(|_, _| Reply::status(502));
    let retry = "[retry]\nfirst = \"20ms\"\nlongest = \"50ms\"\ngive_up_after = \"400ms\"\n";
    let relay = Relay::start(&format!("{retry}{}", to_webhook(&receiver)));
    open(&relay, "disk");
    let delivery = relay.settled()[0].clone();
    assert_eq!(delivery["state"], "expired");
    let tried = delivery["attempts"].as_u64().expect("a number");
    assert!(tried > 1, "{delivery}");
    assert_eq!(receiver.requests().len() as u64, tried);
    let shown = relay.run(&["deliveries", "show", id(&delivery)]).expect(0).stdout;
    assert!(shown.contains("tocsin deliveries retry"), "{shown}");
    assert_eq!(relay.list(&["deliveries", "list", "--state", "rejected,expired"]).len(), 1);

    receiver.script(|_, _| Reply::ok());
    relay.run(&["deliveries", "retry", id(&delivery)]).expect(0);
    assert_eq!(relay.settled()[0]["state"], "delivered");
    let got = receiver.requests();
    assert!(got.iter().all(|request| request.header("idempotency-key") == Some(id(&delivery))));
}
