//! What the relay says while it runs: the formats of its log, and the fields of its lines.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Reply, Site, absent, action, connection, source, until};

mod access;
mod ids;

/// A peer's answer that would write a line of its own and drive a terminal.
const HOSTILE: &str = "no\nERROR forged\u{1b}[2J\u{9b}2J\u{202e}";

/// A source, and an action that sends to `receiver`.
fn tables(log: &str, receiver: &Receiver) -> String {
    let out = connection("out", "webhook", &receiver.url("/hook"));
    format!("[log]\n{log}\n{}{out}{}", source("hook", "webhook"), action("tell", "out"))
}

/// A peer that refuses everything, in hostile words.
fn refusing() -> Receiver {
    Receiver::scripted(|_, _| Reply::body(400, HOSTILE))
}

fn send(relay: &Relay) {
    relay.post("hook", &json!({ "title": format!("Disk {HOSTILE}"), "id": "disk" }).to_string()).expect(200);
    relay.settled();
}

fn is_harmless(log: &str) {
    let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!log.contains(harmful), "{log:?}");
    assert!(!log.lines().any(|line| line.starts_with("ERROR")), "{log}");
}

/// The lines of a log of JSON with this message.
fn lines_of(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| unreachable!("{error}: {line}"))
    });
    lines.filter(|line| line["message"] == message).collect()
}

/// The line about an attempt that did not deliver.
const NOT_DELIVERED: &str = "an attempt did not deliver";

#[test]
fn a_log_of_json_is_one_object_for_each_line_with_the_fields_of_a_delivery() {
    let receiver = refusing();
    let relay = Relay::start(&tables("format = \"json\"", &receiver));
    send(&relay);
    let log = relay.log();
    is_harmless(&log);
    let lines = lines_of(&log, NOT_DELIVERED);
    let [line] = lines.as_slice() else { unreachable!("{log}") };
    assert_eq!(line["level"], "warn");
    let time = line["time"].as_str().expect("a time");
    assert!(time.len() == "2026-01-02T03:04:05.000006Z".len() && time.ends_with('Z'), "{time}");
    let delivery = relay.settled().remove(0);
    let fields = &line["fields"];
    assert_eq!(fields["delivery"], delivery["id"]);
    assert_eq!((&fields["incident"], &fields["source"]), (&json!(1), &json!("hook")));
    assert_eq!((&fields["action"], &fields["connection"]), (&json!("tell"), &json!("out")));
}

#[test]
fn a_log_of_text_has_the_same_fields_and_no_line_of_a_peers_own() {
    let receiver = refusing();
    let relay = Relay::start(&tables("", &receiver));
    send(&relay);
    let log = relay.log();
    is_harmless(&log);
    let line = log.lines().find(|line| line.contains(NOT_DELIVERED)).expect("a line");
    for field in [" incident=1 ", " action=\"tell\"", " connection=\"out\"", " source=\"hook\""] {
        assert!(line.contains(field), "{field} in {line}");
    }
}

#[test]
fn the_level_is_configured_and_the_environment_takes_precedence() {
    let receiver = Receiver::start();
    // The address is in the log at `info`: another part of the program may be quieter.
    let level = "level = \"info,tocsin::relay=off\"";
    let relay = Relay::start_early(Site::new(&tables(level, &receiver)));
    until("it is healthy", || (relay.send(&health()).status == 200).then_some(()));
    relay.run(&["reload"]).expect(0);
    assert!(!relay.log().contains("reloaded the configuration"), "{}", relay.log());
    let site = Site::new(&tables(level, &receiver)).with_environment(&[("RUST_LOG", "info")]);
    let loud = Relay::start_in(site);
    loud.run(&["reload"]).expect(0);
    assert!(loud.log().contains("reloaded the configuration"), "{}", loud.log());
}

fn health() -> crate::harness::Request {
    crate::harness::Request::new("GET", "/healthz")
}

#[test]
fn a_mistake_in_the_table_is_named_with_what_may_stand_there() {
    let site = Site::new("[log]\nformat = \"xml\"\nlevel = \"verbose\"\ncolour = true\n");
    let said = site.run(&["check"]).expect(1).all();
    for words in [
        "log.format: `xml` is not a format: write one of text, json, journald",
        "log.level: `verbose` is not a level: write one of off, error, warn, info, debug, trace",
        "log.colour",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn a_reload_changes_format_and_level() {
    let receiver = refusing();
    let relay = Relay::start(&tables("", &receiver));
    relay.configure(&tables("format = \"json\"\nlevel = \"error\"", &receiver));
    let said = relay.run(&["reload"]).expect(0).all();
    assert!(said.contains("log.format") && !said.contains("next start"), "{said}");
    let before = relay.log().len();
    send(&relay);
    assert!(!relay.log()[before..].contains(NOT_DELIVERED), "{}", relay.log());
    relay.configure(&tables("format = \"json\"", &receiver));
    relay.run(&["reload"]).expect(0);
    let log = relay.log();
    let lines = lines_of(&log[before..], "reloaded the configuration");
    assert_eq!(lines.len(), 1, "{log}");
}

#[test]
fn without_a_journal_the_relay_says_so_and_writes_text_to_standard_error() {
    if Path::new("/run/systemd/journal/socket").exists() {
        return absent("the log without a journal: this machine has one");
    }
    let receiver = refusing();
    let relay = Relay::start(&tables("format = \"journald\"", &receiver));
    send(&relay);
    let log = relay.log();
    assert_eq!(log.matches("the journal takes no lines: they go to standard error").count(), 1, "{log}");
    assert!(log.contains(NOT_DELIVERED), "{log}");
    is_harmless(&log);
}

/// Gives the relay a `/run` of its own, where the journal is the socket `$0`.
const WITH_JOURNAL: &str = r#"
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal
ln -s "$0" /run/systemd/journal/socket
exec "$@"
"#;

#[test]
fn the_journal_gets_the_fields_of_a_delivery() {
    let receiver = refusing();
    let site = Site::new(&tables("", &receiver));
    let path = site.path("journal");
    let journal = UnixDatagram::bind(&path).expect("a socket");
    journal.set_nonblocking(true).expect("a socket");
    let unshare = ["--mount", "sh", "-c"];
    let script = "mount --make-rprivate / && mount -t tmpfs tmpfs /run";
    let tried = std::process::Command::new("unshare").args(unshare).arg(script).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        return absent("the journal: only root can give the relay one");
    }
    let path = path.display().to_string();
    let arguments = [&unshare[..], &[WITH_JOURNAL, &path]].concat();
    let relay = Relay::start_in(site.started_by("unshare", &arguments));
    relay.configure(&tables("format = \"journald\"", &receiver));
    relay.run(&["reload"]).expect(0);
    send(&relay);
    let mut fields = String::new();
    until("the journal has the line", || {
        let mut datagram = vec![0; 1 << 18];
        let length = journal.recv(&mut datagram).ok()?;
        fields = String::from_utf8(datagram[..length].to_vec()).expect("text");
        fields.contains(&format!("MESSAGE={NOT_DELIVERED}\n")).then_some(())
    });
    let delivery = relay.settled().remove(0)["id"].as_str().expect("an id").to_owned();
    for field in [
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=tocsin",
        "INCIDENT=1",
        "SOURCE=hook",
        "CONNECTION=out",
        "ACTION=tell",
        &format!("DELIVERY={delivery}"),
    ] {
        assert!(fields.lines().any(|line| line == field), "{field} in {fields}");
    }
    is_harmless(&fields);
    let log = fs::read_to_string(relay.path("log-1")).expect("it was written");
    assert!(!log.contains(NOT_DELIVERED), "{log}");
}
