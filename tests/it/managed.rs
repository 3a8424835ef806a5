//! Sources, connections and actions are created, changed and removed over the API, in files of `managed`.

mod crashes;
mod refusals;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Receiver, Relay, Request, Site, claimed};

/// A configuration whose connections may reach this machine.
const OPEN: &str = "[egress]\nallow_private = true\n";

fn ask(relay: &Site, request: &Request) -> Answer {
    request.send_over(&relay.path("state/control.sock"))
}

fn get(relay: &Site, path: &str) -> Answer {
    ask(relay, &Request::new("GET", &format!("/api/v1/config/{path}")))
}

fn putting(path: &str, settings: &Value) -> Request {
    let body = json!({ "actor": "ada", "settings": settings }).to_string();
    Request::new("PUT", &format!("/api/v1/config/{path}"))
        .header("content-type", "application/json")
        .body(body)
}

fn put(relay: &Site, path: &str, settings: &Value) -> Answer {
    ask(relay, &putting(path, settings))
}

fn delete(relay: &Site, path: &str) -> Answer {
    ask(relay, &Request::new("DELETE", &format!("/api/v1/config/{path}?actor=ada")))
}

fn hook() -> Value {
    json!({ "plugin": "webhook" })
}

fn alert(title: &str) -> String {
    json!({ "title": title, "id": title }).to_string()
}

/// Sends an alert to a source with this token; returns the status.
fn send(relay: &Relay, source: &str, token: &str) -> u16 {
    relay.send(&Request::json(&format!("/in/{source}?token={token}"), &alert("Disk full"))).status
}

/// The names of the files in a folder, hidden ones as well; none if there is no folder.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn managed(relay: &Site) -> Vec<String> {
    files(&relay.path("state/managed"))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn text(relay: &Site, file: &str) -> String {
    fs::read_to_string(relay.path(format!("state/managed/{file}"))).expect("it is there")
}

/// Who changed what, the newest change first.
fn history(relay: &Site) -> Vec<(String, Value)> {
    let rows = relay.list(&["config", "history"]);
    rows.iter()
        .map(|kept| (kept["by"].as_str().unwrap_or_default().to_owned(), kept["changes"].clone()))
        .collect()
}

fn in_force(relay: &Site) -> Vec<String> {
    let sources = relay.list(&["sources", "list"]);
    sources.iter().map(|source| source["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_created_works_at_once_and_what_is_removed_is_gone() {
    let receiver = Receiver::start();
    let relay = Relay::start(OPEN);
    let answer = put(&relay, "sources/hook", &hook()).expect(201);
    let created = answer.json();
    let token = created["token"]["token"].as_str().expect("a token").to_owned();
    let etag = answer.header("etag").expect("a version").to_owned();
    assert_eq!(etag, format!("\"{}\"", created["resource"]["version"].as_str().expect("a version")));
    assert!(created["token"]["url"].as_str().expect("a URL").ends_with(&format!("/in/hook?token={token}")));
    assert!(created["token"]["curl"].as_str().expect("a command").contains(&token));
    assert_eq!(created["reloaded"]["changes"], json!([{ "path": "sources.hook", "how": "added" }]));
    // The address of the receiver, without a path.
    let url = receiver.url("/");
    put(&relay, "connections/out", &json!({ "plugin": "webhook", "url": url })).expect(201);
    put(&relay, "actions/tell", &json!({ "connection": "out" })).expect(201);
    assert_eq!(send(&relay, "hook", &token), 200);
    receiver.wait(1);
    assert_eq!(send(&relay, "hook", "another-token-0123456789"), 401);

    let expected = ["actions-tell.toml", "connections-out.toml", "sources-hook.toml"];
    assert_eq!(managed(&relay), expected);
    assert_eq!(mode(&relay.path("state/managed")), 0o700);
    for file in expected {
        assert_eq!(mode(&relay.path(format!("state/managed/{file}"))), 0o600);
    }
    let written = text(&relay, "sources-hook.toml");
    assert!(written.starts_with(&format!("# Tocsin wrote this for {} ", claimed("ada"))), "{written}");
    assert!(written.contains("token = { sha256 = \"") && !written.contains(&token), "{written}");
    assert!(!relay.log().contains(&token));

    let shown = get(&relay, "sources/hook").expect(200);
    assert_eq!(shown.header("etag"), Some(etag.as_str()));
    let shown = shown.json();
    assert_eq!(
        (&shown["part"], &shown["writable"], &shown["problem"]),
        (&json!("managed"), &json!(true), &Value::Null)
    );
    assert!(shown["file"].as_str().expect("a file").ends_with("managed/sources-hook.toml"));
    // What was read can be written back, with another setting.
    let mut settings = shown["settings"].clone();
    settings["rate"] = json!(600);
    let changed = put(&relay, "sources/hook", &settings).expect(200);
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    assert_eq!(changed.json()["token"], Value::Null);
    assert_eq!(send(&relay, "hook", &token), 200);
    // Without authentication settings, the source keeps its token.
    put(&relay, "sources/hook", &hook()).expect(200);
    assert_eq!(send(&relay, "hook", &token), 200);
    let by = claimed("ada");
    assert_eq!(history(&relay)[0], (by.clone(), json!(["sources.hook changed"])));
    // The same once more changes nothing.
    let before = (text(&relay, "sources-hook.toml"), history(&relay).len());
    let same = put(&relay, "sources/hook", &hook()).expect(200).json();
    assert_eq!(same["reloaded"]["changes"], json!([]));
    assert_eq!((text(&relay, "sources-hook.toml"), history(&relay).len()), before);

    let needed = delete(&relay, "connections/out").problem(409);
    assert!(needed.contains("actions.tell.connection: `out` is not among the connections"), "{needed}");
    delete(&relay, "actions/tell").expect(200);
    delete(&relay, "connections/out").expect(200);
    let removed = delete(&relay, "sources/hook").expect(200).json();
    assert_eq!(removed["reloaded"]["changes"], json!([{ "path": "sources.hook", "how": "removed" }]));
    assert_eq!(history(&relay)[0], (by, json!(["sources.hook removed"])));
    assert_eq!(send(&relay, "hook", &token), 404);
    assert_eq!(managed(&relay), Vec::<String>::new());
    get(&relay, "sources/hook").problem(404);
    delete(&relay, "sources/hook").problem(404);
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_rollback_an_export_and_a_diff_know_the_managed_files() {
    let relay = Relay::start(OPEN);
    put(&relay, "sources/hook", &hook()).expect(201);
    put(&relay, "sources/more", &hook()).expect(201);
    let exported = relay.run(&["config", "export"]).expect(0).stdout;
    assert!(exported.contains("managed/sources-more.toml\n[sources.more]\n"), "{exported}");
    relay.run(&["config", "rollback"]).expect(0);
    assert_eq!(in_force(&relay), ["hook"]);
    let files = managed(&relay);
    assert_eq!(files, ["sources-hook.toml", "sources-more.toml.before-rollback"]);
    put(&relay, "sources/more", &hook()).expect(201);
    assert_eq!(in_force(&relay), ["hook", "more"]);
}

#[test]
fn the_command_line_creates_shows_and_removes() {
    let receiver = Receiver::start();
    let relay = Relay::start(OPEN);
    let said = relay
        .run(&["sources", "create", "hook", "--plugin", "webhook", "--set", "rate=600"])
        .expect(0)
        .stdout;
    assert!(said.starts_with("created sources.hook in ") && said.contains("/in/hook?token="), "{said}");
    assert!(said.contains("\n  curl -X POST "), "{said}");
    let again = relay.run(&["sources", "create", "hook", "--plugin", "webhook"]).expect(1).stderr;
    assert!(again.contains("sources.hook exists already"), "{again}");
    let said = relay.run(&["sources", "create", "hook", "--plugin", "webhook", "--replace"]).expect(0).stdout;
    assert!(said.starts_with("changed sources.hook in ") && !said.contains("token="), "{said}");
    let url = receiver.url("/");
    fs::write(relay.path("out.json"), json!({ "url": url }).to_string()).expect("written");
    let created = relay.json(&["connections", "create", "out", "--plugin", "webhook", "--file", "out.json"]);
    assert_eq!((&created["created"], &created["token"]), (&json!(true), &Value::Null));
    let on = "on=[\"opened\"]";
    relay.run(&["actions", "create", "tell", "--connection", "out", "--set", on]).expect(0);
    let shown = relay.json(&["actions", "show", "tell"]);
    assert_eq!(shown["settings"], json!({ "connection": "out", "on": ["opened"] }));
    let shown = relay.run(&["actions", "show", "tell"]).expect(0).stdout;
    assert!(
        shown.contains("managed/actions-tell.toml") && shown.contains("\"connection\": \"out\""),
        "{shown}"
    );
    let refused = relay.run(&["connections", "remove", "out"]).expect(1).stderr;
    assert!(refused.contains("actions.tell.connection"), "{refused}");
    for (what, name) in [("actions", "tell"), ("connections", "out"), ("sources", "hook")] {
        assert_eq!(relay.run(&[what, "remove", name]).expect(0).stdout, format!("removed {what}.{name}\n"));
    }
    assert_eq!(managed(&relay), Vec::<String>::new());
    let missing = relay.run(&["sources", "show", "hook"]).expect(1).stderr;
    assert!(missing.contains("There is no source `hook` in the configuration"), "{missing}");
}
