//! The relay is killed while a peer is at work: after the next start there is one ticket.

use super::itop::following;
use super::itop::peer::Itop;
use super::{act, lock, newest, summary};
use crate::harness::{Gate, Receiver, Relay, until};

#[test]
fn a_relay_that_is_killed_in_the_middle_of_a_create_makes_one_ticket() {
    let receiver = Receiver::start();
    let (itop, gate) = (Itop::at(&receiver), Gate::new());
    lock(&itop).gate = Some(gate.clone());
    let mut relay = Relay::start(&following(&receiver, ""));
    super::super::open(&relay, "disk", "high");
    until("iTop has made the ticket", || (lock(&itop).tickets() == 1).then_some(()));
    relay.kill();
    gate.open();
    relay.restart();
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()), "{delivery:#}");
    assert_eq!(lock(&itop).operations(), ["create", "get"]);
    act(&relay, &["resolve", "1"]);
    assert_eq!(lock(&itop).ticket()["status"], "resolved");
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_create_that_itop_is_still_at_work_on_when_the_relay_is_back_makes_one_ticket() {
    let receiver = Receiver::start();
    let (itop, gate) = (Itop::at(&receiver), Gate::new());
    lock(&itop).slow = Some(gate.clone());
    let mut relay = Relay::start(&following(&receiver, ""));
    super::super::open(&relay, "disk", "high");
    receiver.wait(1);
    relay.kill();
    relay.restart();
    let delivery = until("the second attempt has looked for the ticket", || {
        let mut deliveries = relay.list(&["deliveries", "list"]);
        let delivery = deliveries.remove(0);
        (delivery["attempts"] == 2 && delivery["state"] == "due").then_some(delivery)
    });
    assert!(summary(&delivery).contains("still be at work on the create"), "{delivery:#}");
    assert_eq!((receiver.requests().len(), lock(&itop).tickets()), (2, 0));
    gate.open();
    until("iTop has made the ticket", || (lock(&itop).tickets() == 1).then_some(()));
    // Nobody waits half a minute for this: an operator has it tried again at once.
    relay.run(&["deliveries", "retry", delivery["id"].as_str().expect("an id")]).expect(0);
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &3.into()), "{delivery:#}");
    assert_eq!(lock(&itop).operations(), ["get", "create", "get"], "as iTop was done with them");
    assert_eq!(lock(&itop).tickets(), 1);
}

#[test]
fn a_relay_that_is_killed_after_a_create_goes_on_with_that_ticket() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let mut relay = Relay::start(&following(&receiver, ""));
    super::super::open(&relay, "disk", "high");
    relay.settled();
    relay.kill();
    relay.restart();
    act(&relay, &["ack", "1"]);
    let itop = lock(&itop);
    assert_eq!(itop.operations(), ["create", "ev_assign"], "its number is kept");
    assert_eq!(itop.ticket()["status"], "assigned");
}
