//! The relay is killed while a peer is at work: after the next start there is one ticket.

use super::itop::following;
use super::itop::peer::Itop;
use super::{act, lock, newest};
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
    relay.run(&["verify"]).expect(0);
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
