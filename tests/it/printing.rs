//! What commands print: nothing that drives a terminal, and no panic when nobody reads it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::harness::{Receiver, Relay, Site, action, connection, source, until};

/// A standard output whose reader is gone before the first byte.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_command_whose_reader_is_gone_ends_without_a_word() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["check"],
        &["config", "files"],
        &["config", "export"],
        &["secrets", "list"],
        &["incidents", "list"],
        &["incidents", "show", "1"],
        &["incidents", "ack", "1"],
        &["deliveries", "list"],
        &["receipts", "list"],
        &["sources", "list"],
        &["connections", "list"],
        &["actions", "list"],
        &["plugins", "list"],
        &["verify"],
        &["journal", "show"],
        &["metrics"],
    ] {
        let output = relay.command(arguments).stdout(unread()).output().expect("the binary runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        // As for whatever SIGPIPE ended: neither that all is well nor that it is not.
        assert_eq!(output.status.code(), Some(141), "{arguments:?}");
    }
    assert_eq!(relay.incident()["state"], "acknowledged", "what was asked for was done");
}

#[test]
fn a_demonstration_whose_reader_is_gone_leaves_nothing_behind() {
    let site = Site::new("");
    fs::create_dir(site.path("temporary")).expect("the folder can be written");
    let mut command = site.command(&["demo", "--once"]);
    let output = command.env("TMPDIR", site.path("temporary")).stdout(unread()).output();
    let output = output.expect("the binary runs");
    assert_eq!((output.status.code(), output.stderr), (Some(141), Vec::new()));
    assert_eq!(fs::read_dir(site.path("temporary")).expect("a folder").count(), 0);
}

#[test]
fn mistakes_that_nobody_reads_are_mistakes_all_the_same() {
    let site = Site::new("colour = \"red\"\n");
    let status = site.command(&["check"]).stderr(unread()).status().expect("the binary runs");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_relay_whose_log_nobody_reads_goes_on_and_stops_cleanly() {
    let site = Site::new(&source("hook", "webhook"));
    let mut process = site.command(&["serve"]).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let log = BufReader::new(process.stderr.take().expect("a pipe"));
    let is_ready = log.lines().any(|line| line.is_ok_and(|line| line.contains("ready address=")));
    assert!(is_ready, "the reader ends with this look, and the log with it");
    // A refused file is logged.
    site.drop_plugin("bad.wasm", b"not wasm at all");
    until("the file is refused", || site.run(&["plugins", "list"]).stdout.contains("refused").then_some(()));
    let told =
        std::process::Command::new("sh").args(["-c", &format!("kill -TERM {}", process.id())]).status();
    assert!(told.expect("a shell").success());
    let status = until("the relay has stopped", || process.try_wait().expect("a process"));
    assert!(status.success(), "{status}");
}

#[test]
fn an_alert_cannot_forge_a_section_of_what_is_printed() {
    let receiver = Receiver::start();
    let tables = [
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
        "test_connection = \"out\"\n".to_owned(),
    ];
    let relay = Relay::start(&tables.concat());
    let forged = "full\n\nTimeline\r\n  2026-01-01 00:00:00  resolved by Ada\u{2028}\u{85}On the way\nNothing was recorded.";
    let alert = json!({
        "title": forged,
        "id": format!("disk {forged}"),
        "message": forged,
        "team": forged,
        "link": format!("https://example.com/{forged}"),
    });
    let body = alert.to_string();
    let receipt = relay.post("hook", &body).expect(200).receipt();
    fs::write(relay.path("alert.json"), &body).expect("written");
    relay.run(&["incidents", "note", "1", forged, "--as", forged]).expect(0);
    receiver.wait(1);
    let delivery = relay.settled()[0]["id"].as_str().expect("an id").to_owned();
    let own = ["Timeline", "On the way", "Nothing was recorded."];
    for (command, sections) in [
        (&["incidents", "show", "1"][..], &["Timeline"][..]),
        (&["incidents", "list"], &[]),
        (&["deliveries", "list"], &[]),
        (&["deliveries", "show", &delivery], &[]),
        (&["receipts", "list"], &[]),
        (&["receipts", "show", &receipt], &[]),
        (&["actions", "try", "tell", "--incident", "1"], &["Nothing was recorded."]),
        (&["actions", "try", "tell", "--incident", "1", "--send"], &[]),
        (&["audit"], &[]),
        (&["sources", "try", "hook", "--file", "alert.json"], &[]),
        (&["journal", "show"], &[]),
        (&["journal", "show", "--incident", "1", "--verbose"], &[]),
        (&["incidents", "resolve", "1"], &[]),
    ] {
        let said = relay.run(command).stdout;
        assert!(
            said.contains("full") || said.contains("opened") || said.contains("delivered"),
            "{command:?}: {said}"
        );
        let found: Vec<&str> = said.lines().filter(|line| own.contains(line)).collect();
        assert_eq!(found, sections, "{command:?}: {said}");
        // A line of a timeline is indented by two; one of a tried event's message stands far to the right of that.
        let forged = |line: &&str| {
            let text = line.trim_start();
            text.starts_with("2026-01-01 00:00:00  resolved") && line.len() - text.len() < 8
        };
        assert_eq!(said.lines().find(forged), None, "{command:?}: {said}");
        assert!(!said.contains(['\u{2028}', '\u{85}']), "{command:?}: {said:?}");
    }
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(shown.contains("\n  | full\n  |\n  | Timeline\n"), "the message has its lines: {shown}");
}

#[test]
fn an_alert_cannot_drive_the_terminal() {
    let relay = Relay::start(&source("hook", "webhook"));
    let title = "Disk \u{202e}lluf\u{202c} \u{2066}here\u{2069}";
    let alert = json!({
        "title": title,
        "id": "disk\u{9b}2J",
        "message": "a\u{1b}]0;x\u{7}\nb\u{202d}c",
        "labels": { "a\u{1b}[1mb": "value\u{9b}31m", "host\u{2067}": "web\u{1b}c" },
    });
    relay.post("hook", &alert.to_string()).expect(200);
    for command in ["incidents list", "incidents show 1", "incidents ack 1", "incidents show 1 --json"] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let said = relay.run(&arguments).expect(0).stdout;
        assert!(said.contains("Disk "), "{command}: {said:?}");
        let drives = |c: &char| {
            (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(said.chars().find(drives), None, "{command}: {said:?}");
    }
    assert_eq!(relay.incident()["title"], title, "JSON says the same, in escapes");
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(shown.contains("a [1mb = value 31m") && shown.contains("Disk lluf here"), "{shown}");
}
