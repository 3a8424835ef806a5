//! Senders that do not wait for their answer, and senders that do not finish.

use super::nothing_is_kept;
use crate::harness::{Receiver, Relay, Request, action, at, connection, source, until};

const ALERT: &str = r#"{"title":"Disk full"}"#;

#[test]
fn a_sender_that_closes_its_side_when_all_is_said_gets_its_answer() {
    let relay = Relay::start(&source("hook", "webhook"));
    let answer = Request::json(&at("hook"), ALERT).send_and_close(relay.address());
    answer.expect("an answer").expect(200);
}

#[test]
fn what_came_whole_is_told_of_although_its_sender_is_gone() {
    let receiver = Receiver::start();
    let to = connection("hook", "webhook", &receiver.url("/hook"));
    let relay = Relay::start(&format!("{}{to}{}", source("hook", "webhook"), action("tell", "hook")));
    Request::json(&at("hook"), ALERT).abandon(relay.address());
    let told = until("somebody is told", || receiver.requests().first().map(|request| request.json()));
    assert_eq!(told["incident"]["title"], "Disk full");
}

#[test]
fn a_body_that_does_not_come_is_408_and_says_how_long_it_may_take() {
    let limits = "[limits]\nbody_time = \"50ms\"\n";
    let relay = Relay::start(&format!("{limits}{}", source("hook", "webhook")));
    let detail = Request::json(&at("hook"), "").promise(1000, relay.address()).problem(408);
    assert!(detail.contains("50ms") && detail.contains("limits.body_time"), "{detail}");
    nothing_is_kept(&relay);
}
