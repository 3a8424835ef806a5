//! One alert cannot stop a connection: what pauses one, what is rejected alone, and how a pause ends by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{id, open, resolve, to, to_webhook};
use crate::harness::{Receiver, Relay, Reply, action, connection, settings, source, until};

fn of<'a>(deliveries: &'a [Value], title: &str) -> &'a Value {
    let found = deliveries.iter().find(|delivery| delivery["incident"]["title"] == title);
    found.expect("a delivery of this incident")
}

fn paused(relay: &Relay) -> Value {
    relay.list(&["connections", "list"])[0]["paused"].clone()
}

/// A webhook whose test asks for `/health`, and which pauses its connection at 403.
fn with_probe(receiver: &Receiver) -> String {
    let probed = settings("connections.out", "test_method = \"GET\"\ntest_path = \"/health\"");
    let to = connection("out", "webhook", &receiver.url("/hook"));
    let pause = settings("actions.tell", "pause = \"401, 403\"");
    format!("{}{to}{probed}{}{pause}", source("hook", "webhook"), action("tell", "out"))
}

#[test]
fn a_firewalls_page_rejects_the_message_that_it_dislikes_and_no_other() {
    let receiver = Receiver::scripted(|request, _| match request.body.contains("script") {
        true => Reply::body(403, "<!DOCTYPE html><h1>Request blocked</h1>"),
        false => Reply::ok(),
    });
    let relay = Relay::start(&to("slack", &receiver.url("/services/x")));
    for title in ["<script>", "cpu"] {
        let body = json!({ "title": title, "id": title, "message": "see `<script`" }).to_string();
        let plain = json!({ "title": title, "id": title }).to_string();
        relay.post("hook", if title == "cpu" { &plain } else { &body }).expect(200);
    }
    let deliveries = relay.settled();
    assert_eq!(of(&deliveries, "cpu")["state"], "delivered", "{deliveries:#?}");
    let rejected = of(&deliveries, "<script>");
    assert_eq!((&rejected["state"], &rejected["attempts"]), (&json!("rejected"), &json!(1)), "{rejected}");
    let words = rejected["last"]["summary"].as_str().expect("words");
    assert!(words.contains("a firewall before the service"), "{words}");
    assert!(paused(&relay).is_null());
}

#[test]
fn a_message_that_is_refused_while_the_connections_own_probe_succeeds_is_rejected_alone() {
    let receiver = Receiver::scripted(|request, _| match request.path.as_str() {
        "/hook/health" => Reply::body(200, "fine"),
        _ if request.title() == "disk" => Reply::body(403, "not of class X"),
        _ => Reply::ok(),
    });
    let relay = Relay::start(&with_probe(&receiver));
    open(&relay, "disk");
    open(&relay, "cpu");
    let deliveries = relay.settled();
    let rejected = of(&deliveries, "disk");
    assert_eq!((&rejected["state"], &rejected["attempts"]), (&json!("rejected"), &json!(1)), "{rejected}");
    let words = rejected["last"]["summary"].as_str().expect("words");
    assert!(words.contains("not of class X") && words.contains("(the connection itself works: "), "{words}");
    assert_eq!(of(&deliveries, "cpu")["state"], "delivered");
    assert!(paused(&relay).is_null());
}

#[test]
fn a_connection_whose_probe_fails_too_is_paused_and_goes_on_by_itself_when_it_works() {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let receiver = Receiver::scripted(move |_, _| match is_mended.load(Ordering::SeqCst) {
        true => Reply::ok(),
        false => Reply::body(403, "who are you?"),
    });
    let relay = Relay::start(&with_probe(&receiver));
    open(&relay, "disk");
    let pause = until("the connection is paused", || Some(paused(&relay)).filter(|pause| !pause.is_null()));
    assert!(pause["reason"].as_str().expect("why").contains("who are you?"), "{pause}");
    let status = relay.run(&["status"]).expect(1).stdout;
    for words in
        ["paused: connection out since 20", "who are you?", "it is tried again at 20", "deliveries retry"]
    {
        assert!(status.contains(words), "{words} in {status}");
    }
    open(&relay, "cpu");
    mended.store(true, Ordering::SeqCst);
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert!(paused(&relay).is_null());
    relay.run(&["status"]).expect(0);
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn without_a_probe_two_incidents_pause_a_connection_and_one_delivery_that_arrives_ends_it() {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let receiver = Receiver::scripted(move |_, _| match is_mended.load(Ordering::SeqCst) {
        true => Reply::ok(),
        false => Reply::body(404, "no_service"),
    });
    let relay = Relay::start(&to("slack", &receiver.url("/services/x")));
    open(&relay, "disk");
    open(&relay, "cpu");
    until("the connection is paused", || (!paused(&relay).is_null()).then_some(()));
    assert!(relay.list(&["deliveries", "list"]).iter().all(|delivery| delivery["settled"] == false));
    mended.store(true, Ordering::SeqCst);
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert!(paused(&relay).is_null());
}

#[test]
fn without_a_probe_one_incident_alone_is_tried_for_a_while_and_pauses_nothing() {
    let receiver = Receiver::scripted(|_, _| Reply::body(404, "no_service"));
    let relay = Relay::start(&to("slack", &receiver.url("/services/x")));
    open(&relay, "disk");
    let deliveries = relay.settled();
    assert_eq!((&deliveries[0]["state"], &deliveries[0]["attempts"]), (&json!("rejected"), &json!(6)));
    let words = deliveries[0]["last"]["summary"].as_str().expect("words");
    assert!(words.contains("by no other incident's message"), "{words}");
    assert!(paused(&relay).is_null());
}

#[test]
fn what_waits_is_discarded_and_the_next_one_goes() {
    let receiver = Receiver::down();
    let tables = format!("[retry]\nfirst = \"1h\"\nlongest = \"1h\"\n{}", to_webhook(&receiver));
    let relay = Relay::start(&tables);
    open(&relay, "disk");
    until("it was tried in vain", || {
        (relay.list(&["deliveries", "list"])[0]["state"] == "due").then_some(())
    });
    resolve(&relay, "disk");
    open(&relay, "disk");
    let deliveries = relay.list(&["deliveries", "list"]);
    assert_eq!(deliveries.len(), 3);
    receiver.listen();
    until("the first one is not in flight", || {
        let first = &relay.list(&["deliveries", "list"])[2];
        (first["state"] == "due" && first["attempts"] == 1).then_some(())
    });
    relay.run(&["deliveries", "discard", id(&deliveries[1])]).expect(0);
    relay.run(&["deliveries", "discard", id(&deliveries[2])]).expect(0);
    let got = receiver.wait(1);
    let settled = relay.settled();
    let states: Vec<_> = settled.iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states, ["delivered", "discarded", "discarded"], "{got:?}");
    let again = relay.run(&["deliveries", "discard", id(&deliveries[0])]).expect(1).all();
    assert!(
        again.contains("only one that waits, is held, due, rejected or expired can be discarded"),
        "{again}"
    );
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn what_is_queued_for_an_action_is_not_sent_once_it_is_disabled() {
    let receiver = Receiver::down();
    let mut relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    open(&relay, "cpu");
    relay.stop();
    relay.configure(&format!("{}status = \"disabled\"\n", to_webhook(&receiver)));
    receiver.listen();
    relay.restart();
    let deliveries = relay.settled();
    for delivery in &deliveries {
        assert_eq!(delivery["state"], "skipped", "{delivery}");
        let why = delivery["last"]["summary"].as_str().expect("why");
        assert!(why.contains("its action is disabled"), "{delivery}");
    }
    assert!(receiver.requests().is_empty());
}

#[test]
fn all_dead_letters_are_tried_again_the_oldest_first_and_counted() {
    let receiver = Receiver::scripted(|_, _| Reply::body(422, "no"));
    let tables = to_webhook(&receiver).replace("allow_private", "concurrency = 1\nallow_private");
    let relay = Relay::start(&tables);
    let titles: Vec<String> = (0..5).map(|number| format!("disk-{number}")).collect();
    titles.iter().for_each(|title| open(&relay, title));
    assert!(relay.settled().iter().all(|delivery| delivery["state"] == "rejected"));
    receiver.script(|_, _| Reply::ok());
    let unknown = relay.run(&["deliveries", "retry", "--dead-letters", "--connection", "other"]).expect(1);
    assert!(unknown.stderr.contains("no connection `other`"), "{}", unknown.stderr);
    let said = relay.run(&["deliveries", "retry", "--dead-letters", "--connection", "out"]).expect(0).stdout;
    assert_eq!(said, "5 dead letters are tried again\n");
    let got = receiver.wait(10);
    let tried: Vec<String> = got[5..].iter().map(|request| request.title()).collect();
    assert_eq!(tried, titles);
    assert!(relay.settled().iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn what_a_peer_asks_for_is_bounded_for_the_delivery_as_for_its_connection() {
    let busy = || Reply::Answer(429, vec![("retry-after", "86400".to_owned())], String::new());
    let receiver = Receiver::scripted(move |_, number| if number == 0 { busy() } else { Reply::ok() });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    // A day was asked for, and `retry.longest` is 200 ms here.
    assert_eq!(relay.settled()[0]["state"], "delivered");
    receiver.wait(2);
}

#[test]
fn what_a_test_writes_back_reaches_neither_the_incident_nor_real_deliveries() {
    let receiver = Receiver::scripted(|_, _| Reply::body(201, r#"{"key":"TEST-1"}"#));
    let tables = format!(
        "{}status = \"test\"\ntest_connection = \"out\"\n{}",
        to_webhook(&receiver),
        settings("actions.tell", "write_back = [\"ticket = key\"]")
    );
    let relay = Relay::start(&tables);
    open(&relay, "disk");
    assert_eq!(relay.settled()[0]["state"], "delivered");
    assert!(relay.incident()["labels"]["ticket"].is_null());
}

#[test]
fn a_filter_that_fails_is_logged_once_and_shown_by_status() {
    let receiver = Receiver::start();
    let relay =
        Relay::start(&format!("{}filter = \"labels.load and labels.load|int > 5\"\n", to_webhook(&receiver)));
    for (title, load) in [("a", "9"), ("b", "high"), ("c", "higher")] {
        let body = json!({ "title": title, "id": title, "load": load }).to_string();
        relay.post("hook", &body).expect(200);
        relay.settled();
    }
    receiver.wait(3);
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(
        status.contains("fails: the filter of action tell, last on incident #3, on 2 incidents"),
        "{status}"
    );
    assert!(status.contains("correct actions.tell.filter"), "{status}");
    assert_eq!(relay.log().matches("a filter failed").count(), 1);
}

#[test]
fn a_new_repeat_reaches_incidents_that_are_open_already() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    receiver.wait(1);
    relay.settled();
    relay.stop();
    relay.configure(&format!("{}repeat = \"1m\"\n", to_webhook(&receiver)));
    relay.restart();
    relay.run(&["verify", "--replay"]).expect(0);
}
