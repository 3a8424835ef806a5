//! What each format makes of a line, above all of a hostile one.

use std::io;
use std::os::unix::net::UnixDatagram;

use serde_json::Value as Json;
use tocsin_core::time::Timestamp;
use tracing::Level;

use super::journal::Journal;
use super::line::{Line, Value};
use super::text::Look;
use super::{json, level, text};

/// What a hostile sender would write: another line, an escape sequence in seven and in eight bits, a mark that turns the
/// direction, a separator of lines, the end of a text of JSON, a field of the journal.
const HOSTILE: &str =
    "a\nINFO forged\r\u{1b}[2J\u{9b}2J\u{7}\u{202e}\u{2028}\",\"level\":\"error\nPRIORITY=0\n";
const PLAIN: Look = Look { colours: false, time: true };

fn line(value: &str) -> Line<'_> {
    Line {
        at: Timestamp::from_micros(1_767_323_045_000_006),
        level: Level::WARN,
        target: "tocsin::deliver",
        message: value.to_owned(),
        fields: vec![
            ("incident", Value::Unsigned(7)),
            ("source", Value::Text(value.to_owned())),
            ("error.kind", Value::Printed(value.to_owned())),
        ],
    }
}

fn is_one_harmless_line(written: &[u8]) {
    let written = std::str::from_utf8(written).expect("text");
    let body = written.strip_suffix('\n').expect("its end");
    assert!(!body.contains(super::escape::is_harmful), "{body:?}");
}

#[test]
fn what_a_sender_writes_neither_ends_a_line_nor_drives_a_terminal() {
    is_one_harmless_line(&text::write(&line(HOSTILE), PLAIN));
    is_one_harmless_line(&json::write(&line(HOSTILE)));
}

#[test]
fn a_line_for_people_has_its_time_level_message_and_fields() {
    let written = text::write(&line("two words"), PLAIN);
    assert_eq!(
        String::from_utf8_lossy(&written),
        "2026-01-02T03:04:05.000006Z  WARN two words incident=7 source=\"two words\" error.kind=two words\n"
    );
    let written = text::write(&line("two words"), Look { colours: false, time: false });
    assert!(written.starts_with(b" WARN two words"), "{}", String::from_utf8_lossy(&written));
}

#[test]
fn a_line_of_json_keeps_every_character_of_a_value() {
    let object: Json = serde_json::from_slice(&json::write(&line(HOSTILE))).expect("JSON");
    assert_eq!(object["time"], "2026-01-02T03:04:05.000006Z");
    assert_eq!((&object["level"], &object["target"]), (&"warn".into(), &"tocsin::deliver".into()));
    assert_eq!((&object["message"], &object["fields"]["source"]), (&HOSTILE.into(), &HOSTILE.into()));
    assert_eq!(object["fields"]["incident"], 7);
}

/// A journal, and what it gets.
fn journal(folder: &tempfile::TempDir) -> (Journal, UnixDatagram) {
    let path = folder.path().join("socket");
    let listening = UnixDatagram::bind(&path).expect("a socket");
    (Journal::at(&path).expect("a socket"), listening)
}

fn received(listening: &UnixDatagram) -> String {
    let mut bytes = vec![0; 1 << 20];
    let length = listening.recv(&mut bytes).expect("a datagram");
    String::from_utf8(bytes[..length].to_vec()).expect("text")
}

#[test]
fn the_journal_gets_a_field_for_each_field_and_a_priority_for_each_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, listening) = journal(&folder);
    journal.write(&line("Disk full")).expect("it listens");
    assert_eq!(
        received(&listening),
        "MESSAGE=Disk full\nPRIORITY=4\nSYSLOG_IDENTIFIER=tocsin\nTARGET=tocsin::deliver\nINCIDENT=7\n\
         SOURCE=Disk full\nERROR_KIND=Disk full\n"
    );
    journal.write(&line(HOSTILE)).expect("it listens");
    let fields = received(&listening);
    let names: Vec<&str> = fields.lines().map(|line| line.split_once('=').expect("a field").0).collect();
    let expected = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "TARGET", "INCIDENT", "SOURCE", "ERROR_KIND"];
    assert_eq!(names, expected, "a value adds no field");
}

#[test]
fn the_longest_line_fits_into_a_datagram() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, listening) = journal(&folder);
    let long = "é\n".repeat(1 << 20);
    let mut line = line(&long);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    line.fields = names.iter().map(|name| (*name, Value::Text(long.clone()))).collect();
    journal.write(&line).expect("it fits");
    assert_eq!(received(&listening).lines().count(), 4 + names.len());
}

#[test]
fn a_journal_that_starts_again_is_found_and_one_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, listening) = journal(&folder);
    journal.check().expect("it listens");
    assert_eq!(received(&listening), "");
    let path = folder.path().join("socket");
    std::fs::remove_file(&path).expect("it is there");
    let gone = journal.write(&line("lost")).expect_err("nobody listens");
    assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    let again = UnixDatagram::bind(&path).expect("a socket");
    journal.write(&line("found")).expect("it listens");
    assert!(received(&again).starts_with("MESSAGE=found\n"));
}

#[test]
fn a_word_that_is_no_level_is_refused_and_does_not_silence_the_log() {
    for good in ["info", "WARN", "off", "warn,tocsin::deliver=debug", "info, plugin=off", "tocsin::send"] {
        level(good).expect(good);
    }
    for (bad, words) in [
        ("warning", "`warning` is not a level"),
        ("info,verbose", "`verbose` is not a level"),
        ("", "is empty"),
        ("tocsin=loud", "`tocsin=loud` is not a filter"),
    ] {
        let error = level(bad).expect_err(bad);
        assert!(error.contains(words), "{bad}: {error}");
    }
}
