//! The configurations that were in force: listed, shown, and taken back.

use std::fs;

use serde_json::Value;

use crate::harness::{Relay, claimed, guest, source};

fn history(relay: &Relay) -> Vec<(String, Vec<String>)> {
    let texts = |list: &Value| {
        list.as_array().expect("a list").iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let row = |kept: &Value| (kept["by"].as_str().unwrap_or_default().to_owned(), texts(&kept["changes"]));
    relay.list(&["config", "history"]).iter().map(row).collect()
}

fn sources(relay: &Relay) -> Vec<String> {
    let name = |source: &Value| source["name"].as_str().unwrap_or_default().to_owned();
    relay.list(&["sources", "list"]).iter().map(name).collect()
}

fn two() -> String {
    format!("{}{}", source("hook", "webhook"), source("more", "webhook"))
}

#[test]
fn each_configuration_that_was_in_force_is_listed_with_who_changed_what() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    relay.configure(&two());
    relay.run(&["reload"]).expect(0);
    let by = claimed("operator");
    let kept = history(&relay);
    assert_eq!(kept[0], (by, vec!["sources.more added".to_owned()]));
    assert_eq!(kept[1], ("a start".to_owned(), Vec::new()));
    // Changed while no relay runs.
    relay.stop();
    relay.configure(&source("hook", "webhook"));
    relay.restart();
    assert_eq!(history(&relay)[0], ("a start".to_owned(), vec!["sources.more removed".to_owned()]));
    // Not changed.
    relay.stop();
    relay.restart();
    assert_eq!(history(&relay).len(), 3);
    let journal = relay.run(&["journal", "show", "--limit", "1000"]).expect(0).stdout;
    assert_eq!(journal.matches("another configuration was put in force by").count(), 3, "{journal}");
    let shown = relay.run(&["config", "show", "2"]).expect(0).stdout;
    assert!(shown.contains("[sources.more]"), "{shown}");
    let missing = relay.run(&["config", "show", "9"]).expect(1).stderr;
    assert!(missing.contains("no configuration 9 is kept: there is 1 to 3"), "{missing}");
}

#[test]
fn the_last_change_is_taken_back_and_what_it_was_is_kept_beside_the_file() {
    let relay = Relay::start(&source("hook", "webhook"));
    fs::create_dir(relay.path("conf.d")).expect("a folder");
    fs::write(relay.path("conf.d/more.toml"), source("more", "webhook")).expect("written");
    relay.run(&["reload"]).expect(0);
    assert_eq!(sources(&relay), ["hook", "more"]);
    let said = relay.run(&["config", "rollback", "--dry-run"]).expect(0).stdout;
    assert!(said.contains("conf.d/more.toml would be removed"), "{said}");
    assert_eq!(sources(&relay), ["hook", "more"]);
    relay.run(&["config", "rollback"]).expect(0);
    assert_eq!(sources(&relay), ["hook"]);
    assert!(!relay.path("conf.d/more.toml").exists());
    assert_eq!(
        fs::read_to_string(relay.path("conf.d/more.toml.before-rollback")).expect("kept"),
        source("more", "webhook")
    );
    // Taking that back is a change as well.
    relay.run(&["config", "rollback"]).expect(0);
    assert_eq!(sources(&relay), ["hook", "more"]);
    assert_eq!(history(&relay).len(), 4);
}

#[test]
fn a_file_that_was_broken_by_hand_is_mended_by_a_rollback() {
    let relay = Relay::start(&source("hook", "webhook"));
    let right = fs::read_to_string(relay.path("tocsin.toml")).expect("it is there");
    relay.configure("[sources.hook]\nplugin = \"webhook\"\n");
    relay.run(&["reload"]).expect(1);
    relay.run(&["config", "rollback", "1"]).expect(0);
    assert_eq!(fs::read_to_string(relay.path("tocsin.toml")).expect("it is there"), right);
    relay.run(&["status"]).expect(0);
}

#[test]
fn where_the_relay_refuses_what_was_right_once_the_files_are_as_they_were() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.drop_plugin("endless-loop.wasm", &guest("endless-loop"));
    relay.configure(&source("hook", "endless-loop"));
    relay.run(&["reload"]).expect(0);
    relay.configure(&two());
    relay.run(&["reload"]).expect(0);
    fs::remove_file(relay.path("state/plugins/endless-loop.wasm")).expect("it was dropped");
    let before = fs::read_to_string(relay.path("tocsin.toml")).expect("it is there");
    let refused = relay.run(&["config", "rollback"]).expect(1).stderr;
    assert!(refused.contains("the files are unchanged") && refused.contains("endless-loop"), "{refused}");
    assert_eq!(fs::read_to_string(relay.path("tocsin.toml")).expect("it is there"), before);
    assert_eq!(sources(&relay), ["hook", "more"]);
}
