//! When an action runs: changes, states entered and left, how long, how often.

use super::{deliveries_of, open, resolve, to_webhook};
use crate::harness::{Receiver, Relay, Request, at, until};

fn kinds(receiver: &Receiver, count: usize) -> Vec<String> {
    receiver.wait(count).iter().map(|request| request.kind()).collect()
}

#[test]
fn an_action_runs_when_a_state_is_entered() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, "enters = [\"acknowledged\", \"resolved\"]\n"));
    open(&relay, "disk", "high");
    relay.run(&["incidents", "ack", "1"]).expect(0);
    receiver.wait(1);
    relay.run(&["incidents", "note", "1", "on it"]).expect(0);
    relay.run(&["incidents", "unack", "1"]).expect(0);
    resolve(&relay, "disk");
    assert_eq!(kinds(&receiver, 2), ["acknowledged", "resolved"]);
    assert_eq!(relay.settled().len(), 2);
}

#[test]
fn an_action_runs_when_a_state_is_left_and_once_when_several_triggers_are_met() {
    let receiver = Receiver::start();
    let lines = "leaves = [\"open\"]\nenters = [\"open\"]\non = [\"opened\", \"acknowledged\"]\n";
    let relay = Relay::start(&to_webhook(&receiver, lines));
    open(&relay, "disk", "high");
    receiver.wait(1);
    relay.run(&["incidents", "ack", "1"]).expect(0);
    receiver.wait(2);
    resolve(&relay, "disk");
    relay.run(&["incidents", "reopen", "1"]).expect(0);
    assert_eq!(kinds(&receiver, 3), ["opened", "acknowledged", "reopened"]);
    assert_eq!(relay.settled().len(), 3);
}

#[test]
fn what_is_over_within_the_delay_is_not_told_and_the_timeline_says_so() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, "delay = \"1h\"\n"));
    open(&relay, "disk", "high");
    let waiting = &deliveries_of(&relay, "tell")[0];
    assert_eq!(waiting["state"], "waiting");
    assert!(waiting["next_at"].is_string(), "it says until when: {waiting:#}");
    resolve(&relay, "disk");
    let over = &deliveries_of(&relay, "tell")[0];
    assert_eq!((&over["change"], &over["state"]), (&"resolved".into(), &"skipped".into()));
    for command in [&["incidents", "show", "1"][..], &["deliveries", "list"]] {
        let shown = relay.run(command).expect(0).stdout;
        assert!(shown.contains("within the delay of 1h"), "{shown}");
    }
    let id = over["id"].as_str().expect("an id");
    let shown = relay.run(&["deliveries", "show", id]).expect(0).stdout;
    assert!(shown.contains("UTC: not told: it was over within the delay of 1h"), "{shown}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn what_outlasts_the_delay_is_told_as_it_is_by_then() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, "delay = \"500ms\"\n"));
    open(&relay, "disk", "low");
    let body = r#"{"title":"Disk is still full","id":"disk","severity":"critical"}"#;
    relay.send(&Request::json(&at("hook"), body)).expect(200);
    let told = receiver.wait(1)[0].json();
    assert_eq!(told["change"]["kind"], "opened");
    assert_eq!(told["incident"]["title"], "Disk is still full");
    assert_eq!(told["incident"]["severity"], "critical");
    resolve(&relay, "disk");
    assert_eq!(kinds(&receiver, 2), ["opened", "resolved"]);
}

#[test]
fn a_delayed_action_with_a_filter_escalates_only_what_nobody_took() {
    let receiver = Receiver::start();
    let lines = "delay = \"500ms\"\non = [\"opened\"]\nfilter = 'state == \"open\"'\n";
    let relay = Relay::start(&to_webhook(&receiver, lines));
    open(&relay, "taken", "high");
    relay.run(&["incidents", "ack", "1"]).expect(0);
    open(&relay, "left alone", "high");
    assert_eq!(receiver.wait(1)[0].title(), "left alone");
    let deliveries = relay.settled();
    let skipped =
        deliveries.iter().find(|delivery| delivery["incident"]["number"] == 1).expect("it was held");
    assert_eq!(skipped["state"], "skipped");
}

#[test]
fn a_delay_outlives_a_crash() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&to_webhook(&receiver, "delay = \"1s\"\n"));
    open(&relay, "disk", "high");
    relay.kill();
    relay.restart();
    assert_eq!(kinds(&receiver, 1), ["opened"]);
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn an_open_incident_is_told_again_until_somebody_takes_it() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook(&receiver, "repeat = \"1s\"\n"));
    open(&relay, "disk", "high");
    let got = until("it is told again", || Some(receiver.requests()).filter(|got| got.len() >= 2));
    assert_eq!(got[1].kind(), "repeated");
    let text = got[1].json()["change"]["text"].clone();
    assert!(text.as_str().expect("a text").starts_with("still open after "), "{text}");
    relay.run(&["incidents", "ack", "1"]).expect(0);
    let deliveries = relay.settled();
    let last = &deliveries[0];
    assert_eq!(last["change"], "acknowledged", "nothing is owed after it: {deliveries:#?}");
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_trigger_that_can_never_be_met_is_a_mistake_of_the_configuration() {
    let receiver = Receiver::start();
    for (line, mistake) in [
        ("on = [\"repeated\"]", "write `repeat = \"30m\"`"),
        ("enters = [\"closed\"]", "`closed` is not a state: expected one of open"),
        ("delay = \"0s\"", "is shorter than"),
        ("readers_may = [\"everything\"]", "`everything` is not one of acknowledge"),
    ] {
        let site = crate::harness::Site::new(&to_webhook(&receiver, &format!("{line}\n")));
        let said = site.run(&["check"]).expect(1).stderr;
        assert!(said.contains(mistake), "{line}: {said}");
    }
}
