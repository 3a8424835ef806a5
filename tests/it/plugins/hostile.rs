//! Plugins that mean harm, in the relay: their requests are kept, and everybody else is answered as ever.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Relay, Request, Site, at, guest, source};

/// A relay with these guests as sources of their names, and an honest one beside them.
fn relay(guests: &[&str]) -> Relay {
    let sources: String = guests.iter().map(|id| source(id, id)).collect();
    let limits = "[limits]\nplugin_time = \"500ms\"\nplugin_memory = \"16MiB\"\n";
    let site = Site::new(&format!("{limits}{sources}{}", source("hook", "webhook")));
    for id in guests {
        site.drop_plugin(&format!("{id}.wasm"), &guest(id));
    }
    Relay::start_in(site)
}

#[test]
fn an_endless_loop_is_stopped_in_time_and_others_are_answered_meanwhile() {
    let relay = relay(&["endless-loop"]);
    let address = relay.address();
    let loops: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn(move || {
                let began = Instant::now();
                let answer = Request::json(&at("endless-loop"), "body").send(address).expect(202);
                (answer.receipt(), began.elapsed())
            })
        })
        .collect();
    // However often it is asked while the loops run, an honest source answers.
    let mut meanwhile = 0;
    while loops.iter().any(|running| !running.is_finished()) {
        relay.post("hook", &json!({ "title": format!("honest {meanwhile}") }).to_string()).expect(200);
        meanwhile += 1;
    }
    assert!(meanwhile > 3, "only {meanwhile} were answered meanwhile");
    for running in loops {
        let (receipt, took) = running.join().expect("it is answered");
        // What it computes counts, not what it waits for a processor of a busy machine.
        assert!(took < Duration::from_secs(30), "{took:?}");
        let receipt = relay.json(&["receipts", "show", &receipt]);
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(reason.contains("`endless-loop` 1.0.0") && reason.contains("time"), "{reason}");
    }
}

#[test]
fn whatever_a_plugin_does_wrong_its_request_is_kept_and_the_relay_goes_on() {
    let hostile = [
        ("memory-growth", "memory"),
        ("deep-recursion", "stack"),
        ("huge-result", ""),
        ("panic", "no rule for a body of 4 bytes"),
        ("exit", ""),
        ("sleep", "time"),
    ];
    let relay = relay(&hostile.map(|(id, _)| id));
    for (id, words) in hostile {
        let answer = relay.post(id, "body");
        assert_eq!(answer.status, 202, "{id}: {}", answer.body);
        let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(reason.contains(words) && reason.contains(&format!("`{id}`")), "{id}: {reason}");
        relay.post("hook", &json!({ "title": id }).to_string()).expect(200);
    }
    assert_eq!(relay.list(&["receipts", "list", "--dead-letters"]).len(), hostile.len());
    assert_eq!(relay.list(&["incidents", "list"]).len(), hostile.len());
}

#[test]
fn a_plugin_finds_no_environment_no_files_no_network_and_no_clock_of_its_own() {
    let curious = ["environment", "file", "socket", "clock-random"];
    let relay = relay(&curious);
    let found = |id: &str| {
        relay.post(id, "body").expect(200);
        let incidents = relay.list(&["incidents", "list", "--source", id]);
        incidents[0]["title"].as_str().expect("a title").to_owned()
    };
    let environment = found("environment");
    assert!(environment.starts_with("variables: 0, arguments: 0, input: 0, home: None"), "{environment}");
    for id in ["file", "socket"] {
        let found = found(id);
        assert!(found.contains("refused") && !found.contains("reached"), "{id}: {found}");
    }
    let clock = found("clock-random");
    assert!(clock.contains("elapsed 0;"), "{clock}");
}

#[test]
fn a_flood_of_output_does_not_fill_the_log() {
    let relay = relay(&["output-flood"]);
    let answer = relay.post("output-flood", "body");
    assert!(matches!(answer.status, 200 | 202), "{}", answer.body);
    assert!(relay.log().len() < 300_000, "{} bytes", relay.log().len());
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
}
