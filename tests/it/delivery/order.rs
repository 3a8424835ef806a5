//! Who waits for whom: changes of one incident for each other, and nobody else for anybody.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use super::{open, to_webhook};
use crate::harness::{Gate, Receiver, Relay, Reply, action, connection, source, until};

#[test]
fn a_destination_that_hangs_does_not_delay_another() {
    let gate = Gate::new();
    let closed = Arc::clone(&gate);
    let slow = Receiver::scripted(move |_, _| {
        closed.wait();
        Reply::ok()
    });
    let quick = Receiver::start();
    let relay = Relay::start(&format!(
        "{}{}{}",
        to_webhook(&quick),
        connection("slow", "webhook", &slow.url("/slow")),
        action("tell-slowly", "slow"),
    ));
    for number in 0..10 {
        open(&relay, &format!("disk-{number}"));
    }
    // All of them, while the first of the other one's is not answered yet.
    quick.wait(10);
    assert!(slow.requests().len() <= 4, "no more than its `concurrency` at once");
    gate.open();
    slow.wait(10);
    assert_eq!(relay.settled().len(), 20);
}

#[test]
fn changes_of_one_incident_keep_their_order_while_another_incidents_go_on() {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let receiver = Receiver::scripted(move |request, _| {
        let fails = request.title() == "disk" && !is_mended.load(Ordering::SeqCst);
        if fails { Reply::status(503) } else { Reply::ok() }
    });
    let relay = Relay::start(&format!("{}on = [\"opened\", \"noted\"]\n", to_webhook(&receiver)));
    for (number, id) in [("1", "disk"), ("2", "cpu")] {
        open(&relay, id);
        for text in ["first", "second"] {
            relay.run(&["incidents", "note", number, text]).expect(0);
        }
    }
    let of = |title: &str| -> Vec<String> {
        let got = receiver.requests();
        got.iter().filter(|request| request.title() == title).map(|request| request.kind()).collect()
    };
    until("the other incident's changes have arrived", || (of("cpu").len() == 3).then_some(()));
    assert_eq!(of("cpu"), ["opened", "noted", "noted"]);
    until("the first change was tried again", || (of("disk").len() > 2).then_some(()));
    assert!(of("disk").iter().all(|kind| kind == "opened"), "nothing overtakes it: {:?}", of("disk"));
    mended.store(true, Ordering::SeqCst);
    assert!(relay.settled().iter().all(|delivery| delivery["state"] == "delivered"));
    let mut kinds = of("disk");
    kinds.dedup();
    assert_eq!(kinds, ["opened", "noted"]);
}

#[test]
fn a_connection_carries_as_many_at_once_as_it_is_allowed_and_no_more() {
    let barrier = Arc::new(Barrier::new(2));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = (Arc::clone(&now), Arc::clone(&most));
    let receiver = Receiver::scripted(move |_, _| {
        let (now, most) = &counted;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Only two at once can pass.
        barrier.wait();
        now.fetch_sub(1, Ordering::SeqCst);
        Reply::ok()
    });
    let tables = to_webhook(&receiver).replace("allow_private", "concurrency = 2\nallow_private");
    let relay = Relay::start(&tables);
    for number in 0..8 {
        open(&relay, &format!("disk-{number}"));
    }
    receiver.wait(8);
    relay.settled();
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_peer_is_asked_no_faster_than_its_plugin_says() {
    let receiver = Receiver::start();
    let relay = Relay::start(&super::to("slack", &receiver.url("/services/x")));
    open(&relay, "disk");
    open(&relay, "cpu");
    let got = receiver.wait(2);
    // A message a second; what a request takes on its way may shorten what is seen here.
    let between = got[1].at - got[0].at;
    assert!(between.as_millis() > 800, "{between:?}");
}

#[test]
fn a_flood_of_one_source_does_not_delay_the_message_of_another_over_the_same_connection() {
    let gate = Gate::new();
    let closed = Arc::clone(&gate);
    let slow = Receiver::scripted(move |_, _| {
        closed.wait();
        Reply::ok()
    });
    let relay = Relay::start(&format!(
        "{}{}{}concurrency = 1\n{}",
        source("flood", "webhook"),
        source("quiet", "webhook"),
        connection("slow", "webhook", &slow.url("/slow")),
        action("tell", "slow"),
    ));
    for number in 0..300 {
        relay.post("flood", &format!(r#"{{"title":"flood {number}"}}"#)).expect(200);
    }
    relay.post("quiet", r#"{"title":"quiet"}"#).expect(200);
    gate.open();
    let titles: Vec<String> = slow.wait(301).iter().map(|request| request.title()).collect();
    let quiet = titles.iter().position(|title| title == "quiet").expect("it arrives");
    // The first is on its way when the other source sends.
    assert!(quiet <= 2, "{quiet} messages were sent before it");
    let flood: Vec<String> = titles.into_iter().filter(|title| title != "quiet").collect();
    let sent: Vec<String> = (0..300).map(|number| format!("flood {number}")).collect();
    assert_eq!(flood, sent, "the earliest first");
}
