//! The list that an unknown key is answered with: complete, whatever else the table has.

use crate::harness::Site;

/// Each table with the keys that it may have.
const TABLES: [(&str, &str, &[&str]); 19] = [
    (
        "",
        "",
        &[
            "listen",
            "api_listen",
            "tls",
            "public_url",
            "trusted_proxies",
            "state_dir",
            "plugins",
            "plugins_dir",
            "cache_dir",
            "limits",
            "backup",
            "metrics",
            "log",
            "retry",
            "egress",
            "traces",
            "routing",
            "secrets",
            "time_zone",
            "sources",
            "connections",
            "actions",
        ],
    ),
    (
        "limits",
        "",
        &[
            "body",
            "body_time",
            "memory",
            "answer_time",
            "connections",
            "connections_per_address",
            "keep_bytes",
            "queue",
            "plugin_time",
            "plugin_memory",
            "plugin_calls",
            "keep_requests",
            "keep_dead_letters",
            "keep_incidents",
            "keep_receipts",
            "keep_journal",
            "keep_links",
            "shutdown",
        ],
    ),
    ("secrets", "", &["key"]),
    ("tls", "", &["certificate", "key", "client_ca", "client_certificates"]),
    ("backup", "", &["every", "keep", "dir"]),
    ("metrics", "", &["enabled", "token"]),
    ("log", "", &["format", "level", "access"]),
    ("retry", "", &["first", "longest", "give_up_after"]),
    ("egress", "", &["allow_private", "proxy", "proxy_allow_private", "ca"]),
    ("traces", "", &["otlp", "headers", "proxy", "proxy_allow_private", "ca", "sample"]),
    ("routing", "", &["fallback"]),
    (
        "sources.a",
        "",
        &[
            "plugin",
            "open",
            "token",
            "next_token",
            "basic",
            "signing_key",
            "field_token",
            "allow",
            "body_limit",
            "rate",
            "burst",
            "keep_bytes",
            "confirm",
            "reopen_window",
            "replay_window",
            "default_severity",
            "heartbeat",
            "auto_resolve",
            "flapping",
            "settings",
        ],
    ),
    ("sources.a.flapping", "reopenings = 5\n", &["reopenings", "window"]),
    ("sources.a.basic", "", &["user", "password"]),
    ("plugins", "", &["execution", "overrides", "new", "allow", "pin"]),
    (
        "connections.c",
        "",
        &[
            "plugin",
            "url",
            "description",
            "type",
            "environment",
            "allow_private",
            "allow_link_local",
            "proxy",
            "proxy_allow_private",
            "ca",
            "client_certificate",
            "oauth2",
            "timeout",
            "concurrency",
            "retry",
            "body",
            "secrets",
            "settings",
        ],
    ),
    ("connections.c.client_certificate", "", &["certificate", "key"]),
    ("connections.c.oauth2", "", &["token_url", "client_id", "client_secret", "scope", "auth"]),
    (
        "actions.x",
        "",
        &[
            "connection",
            "test_connection",
            "status",
            "description",
            "language",
            "on",
            "enters",
            "leaves",
            "filter",
            "delay",
            "repeat",
            "time_zone",
            "readers_may",
            "settings",
        ],
    ),
];

#[test]
fn an_unknown_key_is_answered_with_every_key_that_its_table_may_have() {
    for (table, before, keys) in TABLES {
        let head = if table.is_empty() { String::new() } else { format!("[{table}]\n") };
        let site = Site::new("");
        site.configure_whole(&format!("{head}{before}unknown-key = 1\n"));
        let said = site.run(&["check"]).expect(1).stderr;
        let line = said.lines().find(|line| line.contains("unknown-key: is unknown: there is "));
        let line = line.unwrap_or_else(|| unreachable!("[{table}]: {said}"));
        let (_, listed) = line.split_once("there is ").expect("a list");
        let mut listed: Vec<&str> = listed.split(", ").collect();
        let mut keys = keys.to_vec();
        listed.sort_unstable();
        keys.sort_unstable();
        assert_eq!(listed, keys, "[{table}]");
    }
}

/// As it was seen: a connection's list lacked `retry`.
#[test]
fn a_misspelt_retry_of_a_connection_is_answered_with_retry() {
    let site = Site::new(
        "[connections.sl]\nplugin = \"slack\"\nurl = \"https://hooks.slack.com/services/T/B/x\"\n\
         retri = { first = \"1s\" }\n",
    );
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(
        said.contains("connections.sl.retri: is unknown: there is ") && said.contains(", retry,"),
        "{said}"
    );
}

#[test]
fn a_fallback_is_checked_like_everything_else() {
    let with = |fallback: &str| {
        let site = Site::new(&format!(
            "[connections.out]\nplugin = \"webhook\"\nurl = \"https://hooks.example.org/\"\n\
             [actions.rest]\nconnection = \"out\"\n[actions.off]\nconnection = \"out\"\nstatus = \"disabled\"\n\
             [actions.late]\nconnection = \"out\"\non = [\"resolved\"]\n[routing]\nfallback = \"{fallback}\"\n"
        ));
        site.run(&["check"])
    };
    let said = with("rest").expect(0).stdout;
    assert!(said.contains("only what no other action takes"), "{said}");
    for (fallback, words) in [
        ("gone", "routing.fallback: `gone` is not among the actions: there is late, off, rest"),
        ("off", "routing.fallback: `off` has `status = \"disabled\"`: a fallback must be enabled"),
        ("late", "routing.fallback: `late` does not run on opened: add \"opened\" to `on` in [actions.late]"),
    ] {
        let said = with(fallback).expect(1).stderr;
        assert!(said.contains(words), "{words} in {said}");
    }
}
