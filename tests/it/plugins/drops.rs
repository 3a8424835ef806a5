//! Files in the plugins directory, while the relay runs.

use std::fs;

use super::{bundled, in_force, is_from, origin, refusal, remove};
use crate::harness::{Relay, guest, settings, source, until};

#[test]
fn a_dropped_plugin_is_in_force_without_a_restart() {
    let relay = Relay::start(&source("polite", "polite"));
    assert_eq!(relay.post("polite", "body").expect(202).json()["status"], "kept");
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    until("what was kept is decoded", || (relay.run(&["status"]).code == 0).then_some(()));
    assert_eq!(relay.post("polite", "body").body, "taken", "the plugin's own words");
    relay.run(&["status"]).expect(0);
    let listed = relay.run(&["plugins", "list"]).expect(0).stdout;
    assert!(listed.contains("polite.wasm") && listed.contains("Does what it is asked."), "{listed}");
    assert!(listed.contains("bundled") && listed.contains("slack"), "{listed}");
    // Gone again: its source stands still, and requests are kept.
    remove(&relay, "polite.wasm");
    until("it is gone", || in_force(&relay, "polite").is_none().then_some(()));
    relay.post("polite", "body").expect(202).receipt();
    assert!(relay.run(&["status"]).expect(1).stdout.contains("not working: sources.polite"));
}

#[test]
fn a_dropped_plugin_is_in_force_after_a_restart_too() {
    let mut relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    relay.stop();
    relay.restart();
    assert_eq!(origin(&relay, "polite").as_deref(), Some("polite.wasm"));
}

#[test]
fn a_dropped_plugin_goes_before_the_bundled_one_of_its_id_and_leaves_it_behind() {
    let relay = Relay::start(&format!("[plugins]\noverrides = \"any\"\n{}", source("zap", "zapier")));
    let digest = |relay: &Relay| in_force(relay, "zapier").expect("it is there")["digest"].clone();
    let before = digest(&relay);
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'1'));
    is_from(&relay, "zapier", "mine.wasm");
    let dropped = digest(&relay);
    assert_ne!(before, dropped);
    let answer = relay.post("zap", r#"{"title":"CPU","status":"trigger"}"#).expect(200);
    let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
    let by = receipt["plugin"].as_str().expect("a plugin");
    assert!(by.ends_with(dropped.as_str().expect("a digest")), "{by}");

    // Replaced while it runs.
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'2'));
    until("the next one is in force", || (digest(&relay) != dropped).then_some(()));
    relay.post("zap", r#"{"title":"CPU","status":"resolve"}"#).expect(200);

    remove(&relay, "mine.wasm");
    is_from(&relay, "zapier", "bundled");
    assert_eq!(digest(&relay), before);
    relay.post("zap", r#"{"title":"CPU 2","status":"trigger"}"#).expect(200);
}

#[test]
fn a_file_that_is_no_plugin_is_refused_with_a_sentence_and_the_rest_goes_on() {
    let relay = Relay::start(&source("hook", "webhook"));
    for (file, bytes, words) in [
        ("garbage.wasm", b"MZ this is something else".to_vec(), "it is not WebAssembly"),
        ("empty.wasm", Vec::new(), "the file is empty"),
        ("text.wasm", b"(component)".to_vec(), "WebAssembly text"),
        ("core.wasm", guest("core-module"), "it is a core module, not a component"),
        ("world.wasm", guest("not-a-plugin"), "it is a component, but not a plugin"),
        ("newer.wasm", guest("other-version"), "it is built for tocsin:plugin@0.9.0, this host speaks"),
        ("greedy.wasm", guest("wants-service"), "which no plugin is given"),
        ("record.wasm", guest("changed-record"), "its functions or types are not those"),
        ("vain.wasm", guest("bad-description"), "its description is not valid"),
        ("cut.wasm", bundled("zapier", b'1')[..4000].to_vec(), "not a valid component"),
    ] {
        relay.drop_plugin(file, &bytes);
        let why = refusal(&relay, file);
        assert!(why.contains(words), "{file}: {why}");
    }
    let listed = relay.run(&["plugins", "list"]).expect(1).stdout;
    assert_eq!(listed.matches("refused: ").count(), 10, "{listed}");
    for id in ["jira", "slack", "statuscake", "webhook", "zapier"] {
        assert_eq!(origin(&relay, id).as_deref(), Some("bundled"));
    }
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
}

#[test]
fn a_bad_file_over_a_good_one_is_refused_and_the_good_one_goes_on() {
    let relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    relay.drop_plugin("polite.wasm", b"not a plugin any more");
    assert!(refusal(&relay, "polite.wasm").contains("it is not WebAssembly"));
    assert_eq!(origin(&relay, "polite").as_deref(), Some("polite.wasm"));
    assert_eq!(relay.post("polite", "body").body, "taken");
}

#[test]
fn a_plugin_that_the_configuration_does_not_fit_is_refused() {
    let relay =
        Relay::start(&format!("{}{}", source("zap", "zapier"), settings("sources.zap", "colour = \"red\"")));
    assert!(relay.run(&["status"]).expect(1).stdout.contains("sources.zap.settings.colour"));
    let source = source("polite", "polite");
    let fits = Relay::start(&format!("{source}{}", settings("sources.polite", "colour = \"red\"")));
    fits.drop_plugin("polite.wasm", &guest("polite"));
    let why = refusal(&fits, "polite.wasm");
    assert!(
        why.contains("the configuration does not fit it: sources.polite.settings.colour: is not a setting"),
        "{why}"
    );
}

/// Each of two plugins that the configuration names was once refused for the other's absence: the words about
/// what is missing list the plugins that are there, so that they changed with each one that came.
#[test]
fn several_plugins_that_the_configuration_waits_for_may_come_in_any_order() {
    let relay = Relay::start(&format!("{}{}", source("many", "many-events"), source("polite", "polite")));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    relay.drop_plugin("many-events.wasm", &guest("many-events"));
    is_from(&relay, "many-events", "many-events.wasm");
    relay.run(&["status"]).expect(0);
}

#[test]
fn a_file_that_is_still_being_written_is_taken_once_it_is_whole() {
    let relay = Relay::start(&source("polite", "polite"));
    let bytes = guest("polite");
    let file = relay.path("state/plugins/polite.wasm");
    // As `cp` would, were it slow.
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("the folder can be written");
    let why = refusal(&relay, "polite.wasm");
    assert!(why.contains("not written completely") || why.contains("not a valid component"), "{why}");
    fs::write(&file, &bytes).expect("the folder can be written");
    is_from(&relay, "polite", "polite.wasm");
    relay.run(&["plugins", "list"]).expect(0);
}

#[test]
fn other_files_in_the_directory_are_left_alone() {
    let relay = Relay::start(&source("polite", "polite"));
    let directory = relay.path("state/plugins");
    fs::write(directory.join("README.txt"), "not a plugin").expect("the folder can be written");
    fs::write(directory.join(".hidden.wasm"), "not a plugin").expect("the folder can be written");
    fs::create_dir(directory.join("old")).expect("the folder can be written");
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    relay.run(&["plugins", "list"]).expect(0);
    assert!(directory.join("README.txt").exists());
}
