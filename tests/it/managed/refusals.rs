//! Changes that the relay refuses: mistakes, another version, and what only an operator's file may say.

use std::fs;

use serde_json::{Value, json};

use super::{OPEN, ask, delete, get, history, hook, in_force, managed, put, putting, text};
use crate::harness::{Relay, Request, Site, connection, source};
use crate::managed_secrets::given;

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
fn a_managed_secret_that_the_relay_needs_for_itself_goes_to_no_peer() {
    let site = Site::new("[egress]\nproxy = { managed = \"proxy\" }\nproxy_allow_private = true\n");
    given(&site, &["secrets", "set", "proxy"], "http://127.0.0.1:1").expect(0);
    let relay = Relay::start_in(site);
    let settings = |secret: &str| json!({ "plugin": "webhook", "url": { "managed": secret } });
    given(&relay, &["secrets", "set", "other"], "https://hooks.example.org/").expect(0);
    let answer = put(&relay, "connections/out", &settings("proxy"));
    assert_eq!(answer.json()["problems"][0]["path"], "connections.out.url");
    let why = answer.problem(400);
    assert!(why.contains("`proxy` is the relay's own (egress.proxy)"), "{why}");
    assert_eq!(managed(&relay), Vec::<String>::new());
    put(&relay, "connections/out", &settings("other")).expect(201);
}
