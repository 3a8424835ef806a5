//! What operators know of their senders: a source tried without keeping anything, silence, flapping, dead
//! letters handled by source.

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Site, action, connection, settings, source, until};

/// A trigger or a resolve of one incident.
fn disk(status: &str) -> String {
    json!({ "id": "disk", "title": "Disk full", "status": status }).to_string()
}

fn states(relay: &Relay) -> Vec<(String, String)> {
    let text = |incident: &Value, field: &str| incident[field].as_str().unwrap_or_default().to_owned();
    let incidents = relay.list(&["incidents", "list"]);
    incidents.iter().map(|incident| (text(incident, "title"), text(incident, "state"))).collect()
}

#[test]
fn a_tried_request_says_what_it_would_do_and_keeps_nothing() {
    let relay = Relay::start(&source("hook", "webhook"));
    std::fs::write(relay.path("down.json"), disk("trigger")).unwrap();
    let tried = relay.json(&["sources", "try", "hook", "--file", "down.json"]);
    assert_eq!(tried["status"], "applied");
    assert_eq!(tried["events"][0]["would"], "opened");
    assert_eq!(tried["events"][0]["key"], "disk");
    assert_eq!(tried["events"][0]["incident"], Value::Null);
    assert!(relay.list(&["receipts", "list"]).is_empty() && states(&relay).is_empty());
    relay.post("hook", &disk("trigger"));
    let tried = relay.json(&["sources", "try", "hook", "--file", "down.json"]);
    assert_eq!(
        (&tried["events"][0]["would"], &tried["events"][0]["incident"]),
        (&json!("merged"), &json!(1))
    );
    std::fs::write(relay.path("up.json"), disk("resolve")).unwrap();
    let said = relay.run(&["sources", "try", "hook", "--file", "up.json"]).expect(0).stdout;
    assert!(said.contains("would be resolved (incident #1)") && said.contains("Nothing was kept"), "{said}");
    assert_eq!(states(&relay), [("Disk full".to_owned(), "open".to_owned())]);
}

#[test]
fn a_tried_request_that_would_be_refused_says_why_and_fails() {
    let relay = Relay::start(&source("hook", "webhook"));
    std::fs::write(relay.path("bad.json"), "{\"title\":").unwrap();
    let said = relay.run(&["sources", "try", "hook", "--file", "bad.json"]).expect(1).stdout;
    assert!(said.contains("refused") && said.contains("line 1"), "{said}");
    let said = relay.run(&["sources", "try", "nobody", "--file", "bad.json"]).expect(1).all();
    assert!(said.contains("no source `nobody`"), "{said}");
    let tried = ["sources", "try", "hook", "--file", "bad.json", "-H", "no colon"];
    assert!(relay.run(&tried).expect(1).all().contains("Name: value"));
}

#[test]
fn a_silent_source_is_an_incident_until_it_speaks_again() {
    let relay = Relay::start(&format!("{}heartbeat = \"300ms\"\n", source("hook", "webhook")));
    let happened = |what: &str| {
        until(what, || {
            let incidents = relay.list(&["incidents", "list"]);
            let shown = relay.json(&["incidents", "show", incidents.first()?["id"].as_str()?]);
            assert_eq!(shown["title"], "No request at source hook");
            let timeline = shown["timeline"].as_array()?.clone();
            timeline.iter().any(|item| item["what"] == what).then_some(())
        });
    };
    happened("opened");
    // Whatever a sender says that proves who it is, it speaks.
    relay.post("hook", "{\"title\":").problem(422);
    happened("resolved");
    happened("reopened");
}

#[test]
fn flapping_is_told_once_when_it_begins_and_once_when_it_ends() {
    let receiver = Receiver::start();
    let flapping = "flapping = { reopenings = 2, window = \"2s\" }\n";
    let on = "on = [\"opened\", \"reopened\", \"resolved\", \"flapping\", \"steady\"]\n";
    let tables = format!(
        "{}{flapping}{}{}{on}",
        source("hook", "webhook"),
        connection("peer", "webhook", &receiver.url("/")),
        action("tell", "peer")
    );
    let relay = Relay::start(&tables);
    // Each is told before the next comes: what is overtaken is not told.
    for (status, told) in [("trigger", 1), ("resolve", 2), ("trigger", 3), ("resolve", 4), ("trigger", 5)] {
        relay.post("hook", &disk(status));
        receiver.wait(told);
    }
    for status in ["resolve", "trigger"] {
        relay.post("hook", &disk(status));
    }
    let told = || -> Vec<String> {
        let bodies = receiver.requests().into_iter().map(|request| request.json());
        bodies.map(|body| body["change"]["kind"].as_str().unwrap_or_default().to_owned()).collect()
    };
    until("it is steady", || told().last().is_some_and(|kind| kind == "steady").then_some(()));
    assert_eq!(told(), ["opened", "resolved", "reopened", "resolved", "flapping", "steady"]);
    assert_eq!(relay.json(&["incidents", "show", "1"])["flapping"], false);
}

#[test]
fn dead_letters_are_discarded_and_decoded_again_by_source() {
    let relay = Relay::start(&format!("{}{}", source("a", "webhook"), source("b", "webhook")));
    for name in ["a", "a", "b"] {
        relay.post(name, "{\"title\":").problem(422);
    }
    let ran = relay.run(&["receipts", "redecode", "--source", "b"]).expect(1);
    assert!(ran.stdout.contains("refused"), "nothing was mended: {}", ran.stdout);
    assert_eq!(relay.json(&["receipts", "discard", "--source", "a", "--as", "Ada"])["discarded"], 2);
    let left = relay.list(&["receipts", "list", "--dead-letters"]);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["source"], "b");
    let id = left[0]["id"].as_str().unwrap();
    relay.run(&["receipts", "discard", id]).expect(0);
    let again = relay.run(&["receipts", "discard", id]).expect(1).all();
    assert!(again.contains("is discarded"), "{again}");
    let all = relay.list(&["receipts", "list"]);
    assert!(all.iter().any(|receipt| receipt["reason"] == "discarded by Ada"));
}

#[test]
fn what_was_turned_away_is_counted_by_source() {
    let relay = Relay::start(&format!("{}{}", source("a", "webhook"), source("b", "webhook")));
    for _ in 0..3 {
        let request = crate::harness::Request::json("/in/a?token=wrong", &disk("trigger"));
        assert_eq!(relay.send(&request).status, 401);
    }
    let sources = relay.list(&["sources", "list"]);
    let turned_away: Vec<&Value> = sources.iter().map(|source| &source["requests"]["rejected"]).collect();
    assert_eq!(turned_away, [3, 0]);
}

#[test]
fn a_program_that_does_not_compile_is_found_when_the_configuration_is_checked() {
    let site = Site::new(&format!(
        "{}{}",
        source("hook", "webhook"),
        settings("sources.hook", "jq = '{title: .name'")
    ));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("sources.hook.settings.jq"), "{said}");
}
