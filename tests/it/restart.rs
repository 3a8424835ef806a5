//! Stops, kills and starts on the same state: what was answered 200 is there afterwards, and is delivered.

pub(crate) mod load;
mod stopped;

use serde_json::json;

use self::load::{Load, accepted_by, is_clean};
use crate::harness::{Receiver, Relay, Site, action, connection, source};

fn tables(receiver: &Receiver) -> String {
    format!(
        "{}{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
    )
}

#[test]
fn a_stop_under_load_loses_nothing_and_sends_nothing_twice() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&tables(&receiver));
    let load = Load::start(&relay, "stop");
    load.wait_for(100);
    relay.stop();
    let accepted = load.finish();
    is_clean(&relay);
    relay.restart();
    accepted_by(&relay, &accepted);
    assert!(relay.settled().iter().all(|delivery| delivery["state"] == "delivered"));
    let mut told: Vec<String> = receiver.requests().iter().map(|request| request.title()).collect();
    told.sort();
    let once = told.len();
    told.dedup();
    assert_eq!(told.len(), once, "a stop waits for what is under way");
    assert!(accepted.iter().all(|(title, _)| told.contains(title)));
    is_clean(&relay);
}

#[test]
fn kills_under_load_lose_nothing_that_was_answered() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&tables(&receiver));
    let mut accepted = Vec::new();
    for round in 0..4 {
        let load = Load::start(&relay, &format!("round-{round}"));
        load.wait_for(40);
        relay.kill();
        accepted.extend(load.finish());
        is_clean(&relay);
        relay.restart();
        accepted_by(&relay, &accepted);
        is_clean(&relay);
    }
    let deliveries = relay.settled();
    assert!(deliveries.len() >= accepted.len());
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"));
    let got = receiver.requests();
    for (title, _) in &accepted {
        assert!(got.iter().any(|request| request.title() == *title), "{title} was not delivered");
    }
    // One that was sent when the kill came is sent again, as the same delivery.
    let mut keys: Vec<_> =
        got.iter().map(|request| (request.title(), request.header("idempotency-key"))).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), deliveries.len());
}

#[test]
fn incidents_go_on_after_a_restart_where_they_were() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&tables(&receiver));
    let alert = |status: &str| json!({ "title": "Disk full", "id": "disk", "status": status }).to_string();
    relay.post("hook", &alert("trigger")).expect(200);
    relay.run(&["incidents", "ack", "1", "--as", "jane"]).expect(0);
    receiver.wait(2);
    relay.stop();
    relay.restart();
    let said = relay.post("hook", &alert("trigger")).expect(200).json();
    assert_eq!(said["incidents"][0]["change"], "merged");
    assert_eq!(relay.incident()["state"], "acknowledged");
    relay.post("hook", &alert("resolve")).expect(200);
    assert_eq!(receiver.wait(3)[2].kind(), "resolved");
    assert_eq!(relay.incident()["count"], 2);
    is_clean(&relay);
}

#[test]
fn another_configuration_counts_from_the_restart_on() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&tables(&receiver));
    relay.post("hook", r#"{"title":"before"}"#).expect(200);
    receiver.wait(1);
    relay.stop();
    relay.configure(
        &tables(&receiver).replace("[actions.tell]", "[actions.other]\nfilter = 'title == \"c\"'"),
    );
    relay.restart();
    for title in ["a", "b", "c"] {
        relay.post("hook", &json!({ "title": title }).to_string()).expect(200);
    }
    assert_eq!(receiver.wait(2)[1].title(), "c");
    assert_eq!(relay.settled()[0]["action"], "other");
    is_clean(&relay);
    relay.stop();
    is_clean(&relay);
}

#[test]
fn what_is_owed_to_a_connection_that_is_gone_is_a_dead_letter_that_says_so() {
    let receiver = Receiver::down();
    let mut relay = Relay::start(&tables(&receiver));
    relay.post("hook", r#"{"title":"before"}"#).expect(200);
    relay.stop();
    relay.configure(&source("hook", "webhook"));
    relay.restart();
    let delivery = relay.settled()[0].clone();
    assert_eq!(delivery["state"], "rejected");
    let words = delivery["last"]["summary"].as_str().expect("words");
    assert_eq!(words, "there is no connection `out` in the configuration any more");
}

#[test]
fn a_second_relay_on_the_same_state_says_so_and_leaves_the_first_alone() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver));
    let second = relay.run(&["serve"]).expect(1);
    assert!(
        second.stderr.contains("is in use by another process: stop the relay that runs on it"),
        "{second:?}"
    );
    // Another configuration that names the same state is no way around it.
    let other = Site::new(&tables(&receiver));
    let state = relay.path("state").display().to_string();
    other.configure_whole(&format!("listen = \"127.0.0.1:0\"\nstate_dir = \"{state}\"\n"));
    let third = other.run(&["serve"]).expect(1);
    assert!(third.stderr.contains("is in use by another process"), "{third:?}");
    relay.post("hook", r#"{"title":"still here"}"#).expect(200);
    relay.run(&["incidents", "list"]).expect(0);
}
