//! Stored, used, replaced, removed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use super::{KEY, STORE, given, set, stored, tables};
use crate::harness::{Receiver, Relay, Site, TOKEN};

#[test]
fn a_secret_that_is_missing_is_a_mistake_until_it_is_stored_and_then_a_delivery_has_it() {
    let receiver = Receiver::start();
    let site = Site::new(&tables());
    let words = "connections.out.url: there is no managed secret `out-url`: store it with `tocsin secrets set out-url`";
    for command in ["check", "serve"] {
        let said = site.run(&[command]).expect(1).stderr;
        assert!(said.contains(words) && said.contains("secrets set hook-token"), "{said}");
    }
    let said = set(&site, "hook-token", TOKEN).expect(0);
    assert!(said.stdout.contains("`hook-token` is stored (used by: sources.hook.token)"), "{said:?}");
    assert!(said.stderr.contains("made state/secrets.key"), "{said:?}");
    let said = set(&site, "out-url", &format!("{}\n", receiver.url("/first"))).expect(0);
    assert!(!said.stderr.contains("made") && said.stdout.contains("at the next start"), "{said:?}");
    for name in [STORE, KEY] {
        let mode = fs::metadata(site.path(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    site.run(&["check"]).expect(0);
    let relay = Relay::start_in(site);
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].path, "/first");
}

#[test]
fn a_changed_secret_is_a_changed_part_that_a_reload_puts_in_force() {
    let receiver = Receiver::start();
    let relay = Relay::start_in(stored(&receiver.url("/first")));
    let said = set(&relay, "out-url", &receiver.url("/second")).expect(0).stdout;
    assert!(said.contains("has a new value") && said.contains("run `tocsin reload`"), "{said}");
    assert_eq!(relay.json(&["diff"])["changes"][0]["path"], "connections.out");
    relay.post("hook", r#"{"title":"before"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].path, "/first");
    assert_eq!(
        relay.run(&["reload"]).expect(0).stdout,
        "~ connections.out changed\nthe configuration is in force\n"
    );
    relay.post("hook", r#"{"title":"after"}"#).expect(200);
    assert_eq!(receiver.wait(2)[1].path, "/second");
    // The same value again changes no part.
    set(&relay, "out-url", &receiver.url("/second")).expect(0);
    assert_eq!(relay.json(&["diff"])["changes"], serde_json::json!([]));
}

#[test]
fn a_rotation_is_in_force_at_once_and_is_undone_when_the_relay_refuses() {
    let receiver = Receiver::start();
    let relay = Relay::start_in(stored(&receiver.url("/first")));
    let said = given(&relay, &["secrets", "rotate", "out-url"], &receiver.url("/second")).expect(0).stdout;
    assert!(said.contains("it is in force"), "{said}");
    relay.post("hook", r#"{"title":"one"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].path, "/second");
    let listed = relay.list(&["secrets", "list"]);
    assert!(listed[1]["name"] == "out-url" && listed[1]["rotated_at"].is_string(), "{listed:?}");
    let before = fs::read(relay.path(STORE)).expect("it is there");
    let refused = given(&relay, &["secrets", "rotate", "out-url"], "no-address-s3cr3t").expect(1).stderr;
    assert!(
        refused.contains("`out-url` has its previous value again") && refused.contains("connections.out.url")
    );
    assert!(!refused.contains("s3cr3t"), "{refused}");
    assert_eq!(fs::read(relay.path(STORE)).expect("it is there"), before);
    assert_eq!(relay.json(&["diff"])["changes"], serde_json::json!([]));
    relay.post("hook", r#"{"title":"two"}"#).expect(200);
    assert_eq!(receiver.wait(2)[1].path, "/second");
    let missing = given(&relay, &["secrets", "rotate", "nothing"], "x").expect(1).stderr;
    assert!(missing.contains("there is no managed secret `nothing`"), "{missing}");
    let history = relay.list(&["config", "history"]);
    assert!(
        history[0]["by"].as_str().is_some_and(|by| by.contains("tocsin secrets rotate out-url")),
        "{history:?}"
    );
}

#[test]
fn a_secret_that_is_used_is_not_removed() {
    let site = stored("http://127.0.0.1:1/");
    set(&site, "spare", "s3cr3t").expect(0);
    let refused = site.run(&["secrets", "remove", "out-url"]).expect(1).stderr;
    assert!(refused.contains("`out-url` is used by connections.out.url"), "{refused}");
    site.run(&["secrets", "remove", "spare"]).expect(0);
    assert!(site.run(&["secrets", "remove", "spare"]).expect(1).stderr.contains("no managed secret `spare`"));
    let names: Vec<String> =
        site.list(&["secrets", "list"]).iter().map(|one| one["name"].to_string()).collect();
    assert_eq!(names, ["\"hook-token\"", "\"out-url\""]);
}

#[test]
fn values_and_names_that_cannot_be_stored_are_refused_and_not_shown() {
    let site = Site::new("");
    for (name, value, words) in [
        ("A", "s3cr3t", "`A` is no name: use 1 to 64 of"),
        ("../x", "s3cr3t", "is no name"),
        ("empty", "\n", "the value is empty"),
        ("long", &"s3cr3t".repeat(11_000), "the limit is 65536"),
    ] {
        let said = set(&site, name, value).expect(1).all();
        assert!(said.contains(words) && !said.contains("s3cr3t"), "{words}: {said}");
    }
    assert!(!site.path(STORE).exists() && !site.path(KEY).exists());
    // Never as an argument.
    site.run(&["secrets", "set", "name", "s3cr3t"]).expect(2);
}

#[test]
fn commands_that_write_at_the_same_time_lose_nothing() {
    let site = Site::new("");
    thread::scope(|scope| {
        for number in 0..6 {
            let site = &site;
            scope.spawn(move || set(site, &format!("secret-{number}"), "value").expect(0));
        }
    });
    assert_eq!(site.list(&["secrets", "list"]).len(), 6);
}

#[test]
fn a_link_in_the_place_of_a_file_is_refused() {
    for name in [STORE, KEY] {
        let site = stored("http://127.0.0.1:1/");
        fs::rename(site.path(name), site.path("elsewhere")).expect("moved");
        symlink(site.path("elsewhere"), site.path(name)).expect("a link");
        let before = fs::read(site.path("elsewhere")).expect("it is there");
        let said = set(&site, "out-url", "s3cr3t").expect(1).stderr;
        assert!(said.contains("it is a link, which is not followed") && said.contains(name), "{said}");
        assert!(site.run(&["check"]).expect(1).stderr.contains("it is a link"));
        site.run(&["secrets", "rotate-key"]).expect(1);
        assert_eq!(fs::read(site.path("elsewhere")).expect("it is there"), before);
    }
}
