//! What the command line says of a relay: what lies there and needs somebody, and that it may not be asked.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;

use serde_json::json;

use crate::harness::{Ran, Receiver, Relay, Reply, action, connection, source};

/// The user whom systems give nothing to.
const NOBODY: u32 = 65534;

#[test]
fn dead_letters_going_out_are_told_with_what_shows_and_retries_them() {
    let receiver = Receiver::scripted(|request, _| match request.path.as_str() {
        "/never" => Reply::body(422, "field `x` is missing"),
        _ => Reply::status(500),
    });
    let give_up = "[retry]\nfirst = \"1ms\"\nlongest = \"2ms\"\ngive_up_after = \"1ms\"\n";
    let relay = Relay::start(&format!(
        "{give_up}{}{}{}{}{}",
        source("hook", "webhook"),
        connection("never", "webhook", &receiver.url("/never")),
        connection("down", "webhook", &receiver.url("/down")),
        action("tell-never", "never"),
        action("tell-down", "down"),
    ));
    relay.run(&["status"]).expect(0);
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    let mut states: Vec<_> = relay.settled().iter().map(|delivery| delivery["state"].clone()).collect();
    states.sort_by_key(ToString::to_string);
    assert_eq!(states, ["expired", "rejected"]);

    let said = relay.run(&["status"]).expect(1).stdout;
    for words in [
        "dead letters     0 in, 2 out",
        "dead letters: 2 did not arrive: tocsin deliveries list --dead-letters",
        "tocsin deliveries retry --dead-letters",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("could not be understood"), "{said}");
    let status = relay.run(&["status", "--json"]).expect(1).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["counts"]["dead_letters"], json!({ "in": 0, "out": 2 }));
    assert_eq!(relay.list(&["deliveries", "list", "--dead-letters"]).len(), 2);

    receiver.script(|_, _| Reply::ok());
    relay.run(&["deliveries", "retry", "--dead-letters"]).expect(0);
    relay.settled();
    relay.run(&["status"]).expect(0);
}

#[test]
fn dead_letters_coming_in_are_told_with_what_shows_and_decodes_them() {
    let relay = Relay::start(&source("hook", "webhook"));
    let receipt = relay.post("hook", r#"{"message":"no title"}"#).receipt();
    let said = relay.run(&["status"]).expect(1).stdout;
    for words in [
        "dead letters     1 in, 0 out",
        "dead letters: 1 could not be understood: tocsin receipts list --dead-letters",
        "tocsin receipts redecode",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    relay.run(&["receipts", "discard", &receipt]).expect(0);
    relay.run(&["status"]).expect(0);
}

/// What a command says to a user who may not look into the state directory.
fn asked_by_another(relay: &Relay, arguments: &[&str]) -> Ran {
    // The binary itself may be where others may not look either.
    let mut command = relay.copied_command(arguments);
    if fs::metadata(relay.path("state")).expect("it is there").uid() == 0 {
        // Nothing is denied to root, who may become somebody else.
        command.uid(NOBODY);
        fs::set_permissions(relay.path(""), Permissions::from_mode(0o755)).expect("it is ours");
        fs::set_permissions(relay.path("tocsin.toml"), Permissions::from_mode(0o644)).expect("it is ours");
    } else {
        fs::set_permissions(relay.path("state"), Permissions::from_mode(0o000)).expect("it is ours");
    }
    let ran = Ran::of(command);
    fs::set_permissions(relay.path("state"), Permissions::from_mode(0o700)).expect("it is ours");
    ran
}

#[test]
fn whoever_may_not_ask_the_relay_is_told_that_and_not_that_none_is_running() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    let running = [&["status"][..], &["verify"]].map(|command| asked_by_another(&relay, command));
    relay.stop();
    let stopped = asked_by_another(&relay, &["verify"]);
    for ran in running.into_iter().chain([stopped]) {
        let said = ran.expect(1).stderr;
        assert!(said.contains("control.sock may not be opened by this user (Permission denied"), "{said}");
        assert!(said.contains("as its user or as root"), "{said}");
        assert!(!said.contains("no relay is running") && !said.contains("nothing was ever kept"), "{said}");
    }
    let said = relay.run(&["verify", "--replay"]).expect(0).stdout;
    assert!(said.contains("the store is what its journal says"), "{said}");
}
