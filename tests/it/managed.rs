//! Sources, connections and actions are created, changed and removed over the API, in files of `managed`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Answer, Receiver, Relay, Request, Site, claimed, connection, source, until};
use crate::managed_secrets::given;

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
fn a_mistake_leaves_everything_as_it_was_on_the_disk_and_in_force() {
    let relay = Relay::start(OPEN);
    put(&relay, "sources/hook", &hook()).expect(201);
    let before = (text(&relay, "sources-hook.toml"), history(&relay));
    let status = relay.run(&["status"]).code;
    for (path, settings, words) in [
        ("sources/hook", json!({ "plugin": "webhuk" }), "sources.hook.plugin: there is no plugin `webhuk`"),
        ("sources/hook", json!({ "plugin": "webhook", "raet": 1 }), "sources.hook.raet: is unknown"),
        ("sources/hook", json!({ "plugin": "webhook", "rate": null }), "sources.hook.rate: is null"),
        ("sources/hook", json!({ "plugin": "webhook", "rate": "x" }), "sources.hook.rate: "),
        ("sources/hook", json!({ "plugin": "webhook", "settings": { "x": 1 } }), "sources.hook.settings.x: "),
        ("sources/more", json!({}), "sources.more.plugin: is missing"),
        ("sources/More", hook(), "sources.More: is no name"),
        ("sources/a.b", hook(), "sources.a.b: is no name"),
        ("sources/..%2F..%2Fx", hook(), "sources.../../x: is no name"),
        ("actions/tell", json!({ "connection": "out" }), "actions.tell.connection: `out` is not among"),
    ] {
        let answer = put(&relay, path, &settings);
        let problems = answer.json()["problems"].clone();
        let detail = answer.problem(400);
        assert!(detail.contains(words), "{words}: {detail}");
        let at = problems[0]["path"].as_str().expect("a path");
        assert!(words.starts_with(&format!("{at}: ")), "{words}: {at}");
    }
    assert_eq!((text(&relay, "sources-hook.toml"), history(&relay)), before);
    assert_eq!(
        (managed(&relay), in_force(&relay)),
        (vec!["sources-hook.toml".to_owned()], vec!["hook".to_owned()])
    );
    // The mistake was the client's.
    assert_eq!(relay.run(&["status"]).code, status);
    let large = json!({ "plugin": "webhook", "settings": { "x": "a".repeat(70_000) } });
    put(&relay, "sources/large", &large).problem(413);
    put(&relay, "plugins/x", &hook()).problem(404);
    get(&relay, "plugins").problem(404);
    let unknown = Request::new("PUT", "/api/v1/config/sources/x").body("{\"actor\":\"ada\",\"setings\":{}}");
    assert!(ask(&relay, &unknown).problem(400).contains("unknown field `setings`"));
}

#[test]
fn what_an_operator_wrote_is_shown_without_its_secrets_and_changed_in_its_file_only() {
    let site = Site::new(&format!("{OPEN}{}", source("main", "webhook")));
    fs::create_dir(site.path("conf.d")).expect("a folder");
    let secret = "https://hooks.example.org/in-the-file";
    fs::write(site.path("conf.d/team.toml"), connection("team", "webhook", secret)).expect("written");
    let relay = Relay::start_in(site);
    for (path, file) in [("sources/main", "tocsin.toml"), ("connections/team", "conf.d/team.toml")] {
        let shown = get(&relay, path).expect(200).json();
        assert_eq!(shown["writable"], json!(false));
        assert!(shown["file"].as_str().expect("a file").ends_with(file), "{shown}");
        for refused in [put(&relay, path, &hook()), delete(&relay, path)] {
            let why = refused.problem(409);
            assert!(why.contains(file) && why.contains("which Tocsin does not write"), "{why}");
        }
    }
    let shown = get(&relay, "connections").expect(200);
    assert!(!shown.body.contains("in-the-file"), "{}", shown.body);
    let shown = &shown.json()[0];
    assert_eq!((&shown["settings"]["url"], &shown["hidden"]), (&json!("***"), &json!(["url"])));
    let shown = get(&relay, "sources").expect(200);
    assert!(!shown.body.contains(crate::harness::TOKEN), "{}", shown.body);
    assert_eq!(managed(&relay), Vec::<String>::new());
    // A file of the operator's with a mistake keeps a change from being made, with the mistake's file.
    fs::write(relay.path("conf.d/team.toml"), "[connections.team]\nplugin = \"webhook\"\n").expect("written");
    let why = put(&relay, "sources/hook", &hook()).problem(409);
    assert!(why.contains("conf.d/team.toml: connections.team.url: is missing"), "{why}");
    fs::write(relay.path("conf.d/team.toml"), "[connections.team\n").expect("written");
    let why = put(&relay, "sources/hook", &hook()).problem(409);
    assert!(why.contains("conf.d/team.toml: it is not TOML"), "{why}");
    assert_eq!(managed(&relay), Vec::<String>::new());
}

#[test]
fn a_change_of_a_version_that_is_no_longer_in_force_is_refused() {
    let relay = Relay::start(OPEN);
    let only_new = || putting("sources/hook", &hook()).header("if-none-match", "*");
    let created = ask(&relay, &only_new()).expect(201);
    let first = created.header("etag").expect("a version").to_owned();
    assert!(ask(&relay, &only_new()).problem(412).contains("sources.hook exists already"));
    let rate = |rate: u32, version: &str| {
        let settings = json!({ "plugin": "webhook", "rate": rate });
        ask(&relay, &putting("sources/hook", &settings).header("if-match", version))
    };
    let second = rate(1, &first).expect(200).header("etag").expect("a version").to_owned();
    let why = rate(2, &first).problem(412);
    assert!(why.contains("sources.hook was changed meanwhile: read it again"), "{why}");
    assert_eq!(get(&relay, "sources/hook").expect(200).json()["settings"]["rate"], json!(1));
    let removing = |version: &str| {
        ask(
            &relay,
            &Request::new("DELETE", "/api/v1/config/sources/hook?actor=ada").header("if-match", version),
        )
    };
    removing(&first).problem(412);
    assert_eq!(in_force(&relay), ["hook"]);
    removing(&second).expect(200);
    assert!(rate(3, "*").problem(412).contains("does not exist"));
    rate(3, "no version").problem(400);
    // A file that was changed by hand is not lost either.
    put(&relay, "sources/hook", &hook()).expect(201);
    let by_hand = format!("{}rate = 7\n", text(&relay, "sources-hook.toml"));
    fs::write(relay.path("state/managed/sources-hook.toml"), &by_hand).expect("written");
    assert!(put(&relay, "sources/hook", &hook()).problem(409).contains("run `tocsin reload` first"));
    assert_eq!(text(&relay, "sources-hook.toml"), by_hand);
    relay.run(&["reload"]).expect(0);
    put(&relay, "sources/hook", &hook()).expect(200);
    assert!(!text(&relay, "sources-hook.toml").contains("rate"));
}

#[test]
fn a_change_that_was_answered_outlives_a_crash() {
    let mut relay = Relay::start(OPEN);
    let created = put(&relay, "sources/hook", &hook()).expect(201).json();
    relay.kill();
    relay.restart();
    let token = created["token"]["token"].as_str().expect("a token");
    assert_eq!(send(&relay, "hook", token), 200);
    // The start found the configuration that was in force before.
    assert_eq!(history(&relay)[0].0, claimed("ada"));
    delete(&relay, "sources/hook").expect(200);
    relay.kill();
    relay.restart();
    assert_eq!(in_force(&relay), Vec::<String>::new());
    assert_eq!(managed(&relay), Vec::<String>::new());
}

#[test]
fn a_crash_amid_changes_leaves_each_file_whole_and_every_answered_change_in_force() {
    let mut relay = Relay::start(OPEN);
    let mut answered: Vec<String> = Vec::new();
    for round in 0..3 {
        let socket = relay.path("state/control.sock");
        let changes = thread::spawn(move || {
            let mut answered = Vec::new();
            for number in 0.. {
                let name = format!("s{round}-{number}");
                let sent = putting(&format!("sources/{name}"), &hook()).try_send_over(&socket);
                // It is dead.
                let Some(answer) = sent else { break };
                answer.expect(201);
                answered.push(name);
            }
            answered
        });
        until("some changes are made", || (managed(&relay).len() > answered.len() + 3).then_some(()));
        relay.kill();
        answered.extend(changes.join().expect("it ends"));
        relay.restart();
        let known = in_force(&relay);
        assert!(answered.iter().all(|name| known.contains(name)), "{answered:?}: {known:?}");
        assert_eq!(
            relay.run(&["diff"]).expect(0).stdout,
            "nothing differs from the configuration in force\n"
        );
        // The one that was under way may have been made as well.
        assert!(known.len() <= answered.len() + round + 1, "{answered:?}: {known:?}");
    }
}

#[test]
fn secrets_and_whatever_extends_what_the_relay_may_reach_are_refused() {
    let relay = Relay::start("");
    given(&relay, &["secrets", "set", "url"], "https://hooks.example.org/services/secret").expect(0);
    let out = |key: &str, value: Value| {
        let mut settings = json!({ "plugin": "webhook", "url": "https://example.org" });
        settings[key] = value;
        settings
    };
    for (path, settings, at) in [
        (
            "sources/hook",
            json!({ "plugin": "webhook", "token": "a-literal-0123456789" }),
            "sources.hook.token",
        ),
        (
            "sources/hook",
            json!({ "plugin": "webhook", "token": { "file": "/etc/hostname" } }),
            "sources.hook.token",
        ),
        ("sources/hook", json!({ "plugin": "webhook", "token": { "env": "HOME" } }), "sources.hook.token"),
        ("connections/out", out("url", json!({ "credential": "secrets-key" })), "connections.out.url"),
        ("connections/out", out("url", json!("https://example.org/a-literal")), "connections.out.url"),
        ("connections/out", out("secrets", json!({ "token": "a-literal" })), "connections.out.secrets.token"),
        ("connections/out", out("allow_private", json!(true)), "connections.out.allow_private"),
        ("connections/out", out("allow_link_local", json!(true)), "connections.out.allow_link_local"),
        ("connections/out", out("proxy", json!("http://127.0.0.1:1")), "connections.out.proxy"),
        ("connections/out", out("proxy", json!(false)), "connections.out.proxy"),
        ("connections/out", out("ca", json!("/etc/shadow")), "connections.out.ca"),
        (
            "connections/out",
            out("client_certificate", json!({ "certificate": "/a", "key": { "file": "/b" } })),
            "connections.out.client_certificate",
        ),
        ("connections/out", out("url", json!("http://127.0.0.1:8080")), "connections.out.url"),
        ("connections/out", out("url", json!("http://169.254.169.254")), "connections.out.url"),
    ] {
        let answer = put(&relay, path, &settings);
        let problems = answer.json()["problems"].clone();
        let why = answer.problem(400);
        assert_eq!(problems[0]["path"], at, "{why}");
        assert!(!why.contains("a-literal"), "{why}");
    }
    assert_eq!(managed(&relay), Vec::<String>::new());
    put(&relay, "connections/out", &out("url", json!({ "managed": "url" }))).expect(201);
    let shown = get(&relay, "connections/out").expect(200).json();
    assert_eq!(shown["settings"]["url"], json!({ "managed": "url" }));
    let listed = relay.list(&["connections", "list"]);
    assert_eq!(listed[0]["host"], "hooks.example.org");
    assert!(!relay.log().contains("a-literal"));
}

#[test]
fn changes_at_the_same_time_come_one_after_the_other() {
    let relay = Relay::start(OPEN);
    let before = history(&relay).len();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let change = |number: usize| {
            let path = format!("sources/s{}", number % 6);
            ask(&relay, &putting(&path, &hook()).header("if-none-match", "*")).status
        };
        let threads: Vec<_> = (0..12).map(|number| scope.spawn(move || change(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it answers")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 6, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 6, "{statuses:?}");
    assert_eq!(in_force(&relay), ["s0", "s1", "s2", "s3", "s4", "s5"]);
    let kept = history(&relay);
    assert_eq!(kept.len() - before, 6);
    assert!(kept.iter().take(6).all(|(_, changes)| changes.as_array().map(Vec::len) == Some(1)), "{kept:?}");
    assert_eq!(relay.run(&["diff"]).expect(0).stdout, "nothing differs from the configuration in force\n");
}

#[test]
fn what_cannot_be_written_or_recorded_changes_nothing() {
    let relay = Relay::start(OPEN);
    put(&relay, "sources/hook", &hook()).expect(201);
    let before = text(&relay, "sources-hook.toml");
    // The history cannot be written: a change that was written already is taken back.
    let (history, moved) = (relay.path("state/configurations"), relay.path("state/moved"));
    fs::rename(&history, &moved).expect("ours");
    symlink(&moved, &history).expect("a link");
    put(&relay, "sources/hook", &json!({ "plugin": "webhook", "rate": 5 })).problem(503);
    put(&relay, "sources/more", &hook()).problem(503);
    delete(&relay, "sources/hook").problem(503);
    assert_eq!(
        (managed(&relay), text(&relay, "sources-hook.toml")),
        (vec!["sources-hook.toml".to_owned()], before)
    );
    assert_eq!(in_force(&relay), ["hook"]);
    fs::remove_file(&history).and_then(|()| fs::rename(&moved, &history)).expect("ours");
    // The folder is not the relay's own.
    let (folder, moved) = (relay.path("state/managed"), relay.path("moved"));
    fs::rename(&folder, &moved).expect("ours");
    symlink(&moved, &folder).expect("a link");
    let why = put(&relay, "sources/more", &hook()).problem(503);
    assert!(why.contains("cannot write managed/sources-more.toml"), "{why}");
    assert_eq!(
        (files(&moved), in_force(&relay)),
        (vec!["sources-hook.toml".to_owned()], vec!["hook".to_owned()])
    );
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
