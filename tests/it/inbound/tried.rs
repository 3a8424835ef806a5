//! `tocsin sources try`: a mapping is written and tried without a running relay.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Relay, Running, Site, settings, source};

/// A source that reads pumps, whose token nobody here can read.
fn pumps(title_field: &str) -> String {
    format!(
        "[sources.pumps]\nplugin = \"webhook\"\ntoken = {{ file = \"/nowhere/pumps.token\" }}\n{}",
        settings("sources.pumps", &format!("title_field = \"{title_field}\""))
    )
}

fn write(site: &Site, name: &str, body: &Value) {
    std::fs::write(site.path(name), body.to_string()).expect("the folder can be written");
}

#[test]
fn a_request_is_tried_without_a_running_relay_and_without_its_secrets() {
    let site = Site::new(&pumps("alarm.text"));
    let message = "first line\n  second line\n\nlast line";
    write(&site, "pump.json", &json!({"alarm": {"text": "Pump 3 stands"}, "message": message, "id": 3}));
    let tried = site.json(&["sources", "try", "pumps", "--file", "pump.json"]);
    assert_eq!((&tried["status"], &tried["events"][0]["key"]), (&json!("applied"), &json!("3")));
    assert!(tried["unforeseen"].as_str().is_some_and(|why| why.contains("no relay is running")), "{tried}");
    let said = site.run(&["sources", "try", "pumps", "--file", "pump.json"]).expect(0).stdout;
    for line in ["first line", "  second line", "last line"] {
        assert!(said.lines().any(|found| found.ends_with(line)), "{line:?} is not whole in {said}");
    }
    assert!(said.contains("Pump 3 stands") && said.contains("Nothing was kept."), "{said}");
    assert!(!site.path("state").exists(), "trying makes nothing");
}

#[test]
fn a_running_relay_says_which_incident_would_change_and_decodes_nothing() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", r#"{"id":"disk","title":"Disk full","status":"trigger"}"#).expect(200);
    // The configuration at hand counts for decoding, the running relay for its incidents.
    relay.configure(&format!(
        "{}{}",
        source("hook", "webhook"),
        settings("sources.hook", "title_field = \"name\"")
    ));
    std::fs::write(relay.path("up.json"), r#"{"id":"disk","name":"Disk","status":"ok"}"#).unwrap();
    let tried = relay.json(&["sources", "try", "hook", "--file", "up.json"]);
    assert_eq!(tried["events"][0]["title"], "Disk");
    assert_eq!(
        (&tried["events"][0]["would"], &tried["events"][0]["incident"]),
        (&json!("resolved"), &json!(1))
    );
    assert_eq!(relay.list(&["receipts", "list"]).len(), 1, "nothing was kept of it");
}

#[test]
fn a_mistake_in_the_sources_settings_is_named_and_one_elsewhere_does_not_matter() {
    let elsewhere = "[sources.other]\nplugin = \"nothing\"\n[actions.x]\nconnection = \"gone\"\n";
    let site = Site::new(&format!("{}{elsewhere}", pumps("title")));
    write(&site, "body.json", &json!({"title": "x"}));
    site.run(&["sources", "try", "pumps", "--file", "body.json"]).expect(0);
    let wrong = settings("sources.pumps", "titel_field = \"x\"");
    let wrong = pumps("title").replace(&settings("sources.pumps", "title_field = \"title\""), &wrong);
    site.configure(&wrong);
    let said = site.run(&["sources", "try", "pumps", "--file", "body.json"]).expect(1).all();
    assert!(said.contains("sources.pumps.settings.titel_field"), "{said}");
}

#[test]
fn a_watched_request_is_tried_again_when_its_file_or_the_configuration_changes() {
    let site = Site::new(&pumps("title"));
    write(&site, "body.json", &json!({"title": "Pump stands", "name": "Pump 3"}));
    let mut command = site.command(&["sources", "try", "pumps", "--file", "body.json", "--watch"]);
    command.stdin(Stdio::null());
    let mut running = Running::start(command);
    assert!(running.until("Waiting for a change").contains("Pump stands"));
    site.configure(&pumps("name"));
    running.until("Pump 3");
    running.until("Waiting for a change");
    write(&site, "body.json", &json!({"name": "Pump 4, north"}));
    running.until("Pump 4, north");
    running.until("Waiting for a change");
    // A mistake is shown, and the author goes on.
    site.configure("[sources.pumps");
    running.until("Waiting for a change");
    site.configure(&pumps("name"));
    running.until("Pump 4, north");
}

#[test]
fn standard_input_cannot_be_watched() {
    let site = Site::new(&pumps("title"));
    let said = site.run(&["sources", "try", "pumps", "--file", "-", "--watch"]).expect(1).all();
    assert!(said.contains("--watch needs a file"), "{said}");
}
