//! Secrets of every connection, marked: they reach the peer and show nowhere else.
//!
//! The marker is looked for in logs, answers, the store's file, and in a plugin's own memory.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::open;
use crate::harness::{
    Receiver, Recorded, Relay, Reply, Site, action, connection, guest, settings, source, until,
};

/// What stands for a secret here: nothing else contains it.
const MARK: &str = "m4rk3r";

/// Every bundled action with a secret, as `plugin`, its connection's secrets and settings, its action's settings.
const PEERS: [(&str, &str, &str, &str); 8] = [
    ("slack", "token = \"m4rk3r-slack\"", "mode = \"bot\"", "channel = \"#ops\""),
    ("teams", "", "target = \"workflow\"", ""),
    ("rocketchat", "", "", ""),
    ("googlechat", "", "", ""),
    (
        "itop",
        "password = \"m4rk3r-itop\"",
        "authentication = \"form\"\nuser = \"rest\"",
        "organization = \"1\"",
    ),
    (
        "webhook",
        "token = \"m4rk3r-bearer\"\nsigning_key = \"m4rk3r-key\"",
        "authentication = \"bearer\"\nsign = true",
        "",
    ),
    (
        "jira",
        "token = \"m4rk3r-jira\"",
        "authentication = \"basic\"\nuser = \"bot@example.org\"",
        "project = \"OPS\"",
    ),
    ("pagerduty", "routing_key = \"m4rk3rm4rk3rm4rk3rm4rk3rm4rk3r01\"", "", ""),
];

fn tables(receiver: &Receiver) -> String {
    let mut tables = source("hook", "webhook");
    for (plugin, secrets, of_connection, of_action) in PEERS {
        let url = receiver.url(&format!("/{plugin}/{MARK}-path-0123456789?key={MARK}-query-0123456789"));
        tables.push_str(&connection(plugin, plugin, &url));
        tables.push_str(&settings(&format!("connections.{plugin}"), of_connection));
        tables.push_str(&format!("[connections.{plugin}.secrets]\n{secrets}\n"));
        let lines = format!("{}test_connection = \"{plugin}\"\n", action(plugin, plugin));
        tables.push_str(&lines);
        tables.push_str(&settings(&format!("actions.{plugin}"), of_action));
    }
    tables
}

/// Everything that the command line shows of a relay.
fn shown(relay: &Relay) -> String {
    let mut commands: Vec<Vec<String>> =
        ["status", "sources list", "actions list", "connections list", "plugins list"]
            .iter()
            .map(|command| command.split(' ').map(str::to_owned).collect())
            .collect();
    for list in ["incidents", "deliveries", "receipts"] {
        commands.push(vec![list.to_owned(), "list".to_owned()]);
        for row in relay.list(&[list, "list"]) {
            let id = row["id"].as_str().expect("an id").to_owned();
            commands.push(vec![list.to_owned(), "show".to_owned(), id]);
        }
    }
    for (plugin, ..) in PEERS {
        commands.push(vec!["connections".to_owned(), "test".to_owned(), plugin.to_owned()]);
        for how in [&["--incident", "1"][..], &["--send"]] {
            let mut command = vec!["actions".to_owned(), "try".to_owned(), plugin.to_owned()];
            command.extend(how.iter().map(|&word| word.to_owned()));
            commands.push(command);
        }
    }
    let mut said = String::new();
    for command in commands {
        for json in [&[][..], &["--json"]] {
            let words: Vec<&str> = command.iter().map(String::as_str).chain(json.iter().copied()).collect();
            let ran = relay.run(&words);
            said.push_str(&format!("$ {}\n{}{}", words.join(" "), ran.stdout, ran.stderr));
        }
    }
    said
}

/// The lines around the marker, if it is there.
fn assert_unmarked(what: &str, bytes: &[u8]) {
    let found = bytes.windows(MARK.len()).position(|window| window == MARK.as_bytes());
    if let Some(at) = found {
        let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
        unreachable!("a secret is in {what}: …{}…", String::from_utf8_lossy(around));
    }
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path, of: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, of);
        } else if let Ok(bytes) = fs::read(&path) {
            of.push((path.display().to_string(), bytes));
        }
    }
}

fn leaves_no_trace(answer: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static) {
    let receiver = Receiver::scripted(answer);
    let site = Site::new(&tables(&receiver)).with_environment(&[("RUST_LOG", "debug,tocsin=trace")]);
    let mut relay = Relay::start_in(site);
    open(&relay, "Disk full", "high");
    until("everybody was asked", || {
        let got = receiver.requests();
        PEERS
            .iter()
            .all(|(plugin, ..)| got.iter().any(|r| r.path.starts_with(&format!("/{plugin}/"))))
            .then_some(())
    });
    until("every attempt has ended", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        deliveries
            .iter()
            .all(|delivery| delivery["attempts"].as_u64() > Some(0) && !delivery["last"].is_null())
            .then_some(())
    });
    let said = shown(&relay);
    assert_unmarked("what the command line shows", said.as_bytes());
    // They were used all the same.
    let sent: Vec<Value> = receiver.requests().iter().map(|r| r.path.clone().into()).collect();
    assert!(sent.iter().all(|path| path.as_str().is_some_and(|path| path.contains(MARK))), "{sent:?}");
    relay.stop();
    assert_unmarked("the log", relay.log().as_bytes());
    let mut kept = Vec::new();
    files(&relay.path("state"), &mut kept);
    assert!(kept.iter().any(|(path, _)| path.ends_with("tocsin.redb")), "the store is among them");
    // The configurations that were in force are kept as they were written, for their owner alone.
    kept.retain(|(path, _)| !path.contains("/state/configurations/"));
    for (path, bytes) in kept {
        assert_unmarked(&path, &bytes);
    }
}

#[test]
fn secrets_show_nowhere_when_peers_take_everything() {
    leaves_no_trace(|_, _| Reply::body(200, r#"{"ok":true,"success":true,"channel":"C1","ts":"1.2"}"#));
}

#[test]
fn secrets_show_nowhere_when_peers_refuse_or_hang_up() {
    leaves_no_trace(|_, number| match number % 4 {
        0 => Reply::Cut,
        1 => Reply::status(401),
        2 => Reply::body(500, "<html>trouble</html>"),
        _ => Reply::Answer(
            302,
            vec![("location", "https://elsewhere.example/login".to_owned())],
            String::new(),
        ),
    });
}

#[test]
fn secrets_show_nowhere_when_peers_repeat_what_they_were_sent() {
    leaves_no_trace(|request, number| {
        let said = request.header("authorization").unwrap_or_default();
        let page = format!("<h1>{} {said}</h1><pre>{}</pre>", request.path, request.body);
        let status = [400, 404, 500, 200][number % 4];
        Reply::Answer(status, vec![("location", request.path.clone())], page)
    });
}

#[test]
fn a_plugin_that_sends_all_of_its_memory_has_no_secret_to_send() {
    let receiver = Receiver::scripted(|request, _| {
        let said = request.header("authorization").unwrap_or_default();
        Reply::body(200, &format!("you are {said} at {}", request.path))
    });
    let url = receiver.url(&format!("/{MARK}-path-0123456789?key={MARK}-query-0123456789"));
    let site = Site::new(&format!(
        "{}{}body = \"16MiB\"\n[connections.out.secrets]\ntoken = \"{MARK}-token\"\n{}",
        source("hook", "webhook"),
        connection("out", "prying", &url),
        action("tell", "out")
    ));
    site.drop_plugin("prying.wasm", &guest("prying"));
    let relay = Relay::start_in(site);
    open(&relay, "A title to be found again", "high");
    let got = receiver.wait(2);
    for request in &got {
        assert_eq!(request.header("authorization"), Some(format!("{MARK}-token").as_str()));
        assert_unmarked("a plugin's memory", request.body.as_bytes());
    }
    // It did see what it may.
    assert!(got[0].body.contains("A title to be found again"));
}
