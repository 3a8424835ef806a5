//! Backups: made while requests come in, restored elsewhere, refused when they are not whole, made by the relay itself.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Ran, Relay, Site, absent, source, until};
use crate::restart::load::{Load, accepted_by, is_clean};

fn tables() -> String {
    source("hook", "webhook")
}

/// A relay that has some incidents.
fn relay_with(incidents: usize) -> Relay {
    let relay = Relay::start(&tables());
    for number in 0..incidents {
        relay.post("hook", &json!({ "title": format!("Alert {number}") }).to_string()).expect(200);
    }
    relay
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_under_load_is_one_state_and_becomes_a_relay_with_the_same_incidents() {
    let mut relay = Relay::start(&tables());
    let load = Load::start(&relay, "load");
    load.wait_for(100);
    let backup = relay.json(&["backup", "made.backup"]);
    let file = relay.path("made.backup");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(backup["bytes"], fs::metadata(&file).expect("it is there").len());
    load.wait_for(150);
    relay.kill();
    let accepted = load.finish();
    let checked = relay.json(&["backup", "--verify", "made.backup"]);
    for field in ["digest", "sequence", "rows", "bytes", "taken_at", "tables"] {
        assert_eq!(checked[field], backup[field], "{field}");
    }

    let other = Site::new(&tables());
    fs::copy(&file, other.path("copied.backup")).expect("copied");
    let restored = other.json(&["restore", "copied.backup"]);
    assert_eq!((&restored["digest"], &restored["before"]), (&backup["digest"], &Value::Null));
    let verified = other.json(&["verify"]);
    assert_eq!(verified["digest"]["rows"], backup["digest"]);
    assert_eq!(verified["entries"], backup["sequence"]);
    let relay = Relay::start_in(other);
    accepted_by(&relay, &accepted[..100]);
    relay.post("hook", r#"{"title":"it goes on"}"#).expect(200);
    is_clean(&relay);
}

#[test]
fn a_backup_of_a_stopped_relay_is_the_one_of_the_running_relay() {
    let mut relay = relay_with(3);
    let running = relay.json(&["backup", "running.backup"]);
    relay.kill();
    let stopped = relay.json(&["backup", "stopped.backup"]);
    for field in ["digest", "sequence"] {
        assert_eq!(running[field], stopped[field], "{field}");
    }
    // What was there is replaced only when that is asked for.
    let before = fs::read(relay.path("stopped.backup")).expect("it is there");
    let said = relay.run(&["backup", "stopped.backup"]).expect(1).stderr;
    assert!(said.contains("is there already: choose another name, or replace it with --force"), "{said}");
    assert_eq!(fs::read(relay.path("stopped.backup")).expect("it is there"), before);
    relay.run(&["backup", "--force", "stopped.backup"]).expect(0);
    let said = relay.run(&["backup", "--force", "state/tocsin.redb"]).expect(1).stderr;
    assert!(said.contains("state/tocsin.redb is the store itself"), "{said}");
    // A directory that is not there is named.
    let said = relay.run(&["backup", "nowhere/made.backup"]).expect(1).stderr;
    assert!(said.contains("nowhere/made.backup"), "{said}");
}

#[test]
fn a_restore_keeps_the_store_before_and_is_refused_while_a_relay_runs() {
    let mut relay = relay_with(2);
    relay.run(&["backup", "made.backup"]).expect(0);
    relay.post("hook", r#"{"title":"after the backup"}"#).expect(200);
    for command in [&["restore", "made.backup"][..], &["compact"]] {
        let said = relay.run(command).expect(1).stderr;
        assert!(said.contains("a relay runs on this store"), "{said}");
    }
    // Without its socket it is found by the lock of its store.
    fs::rename(relay.path("state/control.sock"), relay.path("state/hidden")).expect("ours");
    for command in [&["restore", "made.backup"][..], &["compact"]] {
        let said = relay.run(command).expect(1).stderr;
        assert!(said.contains("is in use by another process"), "{said}");
    }
    fs::rename(relay.path("state/hidden"), relay.path("state/control.sock")).expect("ours");
    assert_eq!(relay.list(&["incidents", "list"]).len(), 3);
    relay.stop();

    let restored = relay.json(&["restore", "made.backup"]);
    let before = restored["before"].as_str().expect("a path").to_owned();
    assert!(before.contains("state/tocsin.redb.before-restore-"), "{before}");
    relay.run(&["compact"]).expect(0);
    relay.restart();
    assert_eq!(relay.list(&["incidents", "list"]).len(), 2);
    is_clean(&relay);
    relay.stop();
    // The store before is whole.
    fs::rename(relay.path(&before), relay.path("state/tocsin.redb")).expect("ours");
    relay.restart();
    assert_eq!(relay.list(&["incidents", "list"]).len(), 3);
}

#[test]
fn a_damaged_or_cut_backup_is_refused_with_a_sentence_and_nothing_is_touched() {
    let mut relay = relay_with(2);
    relay.run(&["backup", "made.backup"]).expect(0);
    relay.stop();
    let whole = fs::read(relay.path("made.backup")).expect("it is there");
    let store = fs::read(relay.path("state/tocsin.redb")).expect("it is there");
    let before = names(&relay.path("state"));
    let changed = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        bytes
    };
    let middle = whole.len() / 2;
    for (bytes, words) in [
        (changed(0), "it is no backup of Tocsin"),
        (changed(9), "its container has version"),
        (changed(30), "its header does not have its checksum"),
        (changed(middle), "it is damaged ("),
        (changed(whole.len() - 30), "it is damaged ("),
        (changed(whole.len() - 1), "it does not have its checksum"),
        (whole[..middle].to_vec(), "it is cut off"),
        (whole[..whole.len() - 1].to_vec(), "it is cut off"),
        (Vec::new(), "it is no backup of Tocsin"),
        (store.clone(), "it is no backup of Tocsin"),
    ] {
        fs::write(relay.path("wrong.backup"), bytes).expect("written");
        for command in [&["backup", "--verify", "wrong.backup"][..], &["restore", "wrong.backup"]] {
            let said = relay.run(command).expect(1).stderr;
            assert!(said.contains("wrong.backup: ") && said.contains(words), "{words}: {said}");
        }
        assert_eq!(names(&relay.path("state")), before);
        assert!(fs::read(relay.path("state/tocsin.redb")).expect("it is there") == store);
    }
}

#[test]
fn a_store_that_root_restores_belongs_to_the_relays_user() {
    let mut relay = relay_with(1);
    relay.run(&["backup", "made.backup"]).expect(0);
    relay.stop();
    let state = relay.path("state");
    if std::os::unix::fs::chown(&state, Some(12_345), Some(12_345)).is_err() {
        absent("the restored store's owner: this user may not give files away");
        return;
    }
    relay.run(&["restore", "made.backup"]).expect(0);
    let about = fs::metadata(state.join("tocsin.redb")).expect("it is there");
    assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (12_345, 12_345, 0o600));
}

/// Stands for a relay: says that it sends a backup, sends `bytes`, and then does what `end` does.
fn sends(site: &Site, bytes: Vec<u8>, end: impl Fn(UnixStream) + Send + 'static) {
    fs::create_dir_all(site.path("state")).expect("ours");
    let listener = UnixListener::bind(site.path("state/control.sock")).expect("a socket");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = [0; 4096];
            // The first only looks whether somebody listens.
            if stream.read(&mut head).expect("a request") == 0 {
                continue;
            }
            let length = bytes.len() + 1_000_000;
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").expect("it reads");
            stream.write_all(&bytes).expect("it reads");
            end(stream);
        }
    });
}

#[test]
fn a_backup_that_is_killed_or_broken_off_leaves_no_file_under_its_name() {
    let relay = relay_with(2);
    relay.run(&["backup", "made.backup"]).expect(0);
    let whole = fs::read(relay.path("made.backup")).expect("it is there");
    let half = whole[..whole.len() / 2].to_vec();

    let site = Site::new(&tables());
    sends(&site, half.clone(), |stream| {
        // For ever: the process that waits for the rest is killed.
        thread::spawn(move || stream.peer_addr().map(|_| thread::park()));
    });
    let mut command = site.command(&["backup", "killed.backup"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    until("it has begun", || site.path("killed.backup.partial").exists().then_some(()));
    process.kill().expect("ours");
    process.wait().expect("it ends");
    assert!(!site.path("killed.backup").exists());

    let site = Site::new(&tables());
    sends(&site, half, drop);
    let said = site.run(&["backup", "broken.backup"]).expect(1).stderr;
    assert!(said.contains("the relay did not send all of it"), "{said}");
    assert!(!names(&site.path("")).iter().any(|name| name.contains("broken")), "{:?}", names(&site.path("")));
}

fn scheduled(every: &str, keep: usize) -> String {
    format!("{}[backup]\nevery = \"{every}\"\nkeep = {keep}\ndir = \"backups\"\n", tables())
}

fn made(relay: &Relay) -> usize {
    relay.log().matches("a backup is made").count()
}

#[test]
fn the_relay_makes_backups_and_deletes_only_its_own() {
    let site = Site::new(&scheduled("1s", 2));
    let directory = site.path("backups");
    fs::create_dir(&directory).expect("ours");
    let foreign = ["tocsin-20200101T000000.000Z.backup", "tocsin-before-upgrade.backup"];
    fs::write(directory.join(foreign[0]), "of another program").expect("written");
    // What a relay that was killed left.
    fs::write(directory.join("tocsin-20200101T000001.000Z.backup.partial"), "half").expect("written");
    let relay = Relay::start_in(site);
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    relay.run(&["backup", &format!("backups/{}", foreign[1])]).expect(0);
    // One that a person made keeps, whatever it is called.
    let named = "tocsin-20200101T000002.000Z.backup";
    fs::copy(directory.join(foreign[1]), directory.join(named)).expect("copied");
    until("four are made", || (made(&relay) >= 4).then_some(()));

    let own: Vec<String> = until("the oldest are deleted", || {
        let names = names(&directory);
        assert!(foreign.iter().chain([&named]).all(|name| names.iter().any(|one| one == name)), "{names:?}");
        let own: Vec<String> = names
            .into_iter()
            .filter(|name| !name.ends_with(".partial") && !foreign.contains(&name.as_str()) && name != named)
            .collect();
        (own.len() == 2).then_some(own)
    });
    let status = relay.json(&["status"]);
    assert_eq!(status["backup"]["last"]["digest"].as_str().map(str::len), Some(64), "{status}");
    let shown = relay.run(&["status"]).expect(0).stdout;
    assert!(shown.contains("last backup      20"), "{shown}");
    for name in own {
        // It may have been deleted meanwhile for a newer one.
        if directory.join(&name).exists() {
            Ran::of(relay.command(&["backup", "--verify", &format!("backups/{name}")])).expect(0);
            break;
        }
    }
}

#[test]
fn a_relay_that_is_killed_while_it_makes_a_backup_leaves_only_whole_ones() {
    let mut relay = Relay::start(&scheduled("1s", 20));
    // Text that does not pack well, so that a backup takes a while.
    for number in 0..8u64 {
        let words: Vec<String> = (0..20_000u64)
            .map(|word| format!("{:x}", (word + number).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
            .collect();
        let body = json!({ "title": format!("Alert {number}"), "message": "m", "detail": words.join(" ") });
        relay.post("hook", &body.to_string()).expect(200);
    }
    let directory = relay.path("backups");
    let is_partial = |name: &String| name.ends_with(".partial");
    let before = made(&relay);
    until("one is being made", || {
        (names(&directory).iter().any(is_partial) || made(&relay) > before + 2).then_some(())
    });
    relay.kill();
    let whole: Vec<String> = names(&directory).into_iter().filter(|name| !is_partial(name)).collect();
    for name in &whole {
        relay.run(&["backup", "--verify", &format!("backups/{name}")]).expect(0);
    }
    relay.restart();
    until("another is made", || (names(&directory).len() > whole.len()).then_some(()));
    until("what was left is gone", || (!names(&directory).iter().any(is_partial)).then_some(()));
}

#[test]
fn a_restart_does_not_make_another_backup_before_its_time() {
    let mut relay = Relay::start(&scheduled("1h", 7));
    until("one is made", || (made(&relay) == 1).then_some(()));
    relay.stop();
    relay.restart();
    let last = until("it is found", || {
        let last = relay.json(&["status"])["backup"]["last"].clone();
        last.is_object().then_some(last)
    });
    assert_eq!(names(&relay.path("backups")).len(), 1);
    assert_eq!(made(&relay), 1);
    assert!(last["file"].as_str().expect("a path").ends_with(&names(&relay.path("backups"))[0]), "{last}");
}

#[test]
fn a_backup_that_cannot_be_made_is_logged_once_and_shown_until_it_can() {
    let site = Site::new(&scheduled("1s", 2));
    fs::write(site.path("backups"), "a file where the directory should be").expect("written");
    let relay = Relay::start_in(site);
    let failing = "the scheduled backup could not be made";
    until("it is tried", || relay.log().contains(failing).then_some(()));
    let shown = relay.run(&["status"]).expect(1).stdout;
    assert!(shown.contains(&format!("not working: the relay: {failing}: making the directory ")), "{shown}");
    relay.post("hook", r#"{"title":"it goes on"}"#).expect(200);
    fs::remove_file(relay.path("backups")).expect("ours");
    until("it is made", || (made(&relay) >= 1).then_some(()));
    relay.run(&["status"]).expect(0);
    assert_eq!(relay.log().matches(failing).count(), 1, "{}", relay.log());
}

#[test]
fn status_shows_the_room_of_each_table_when_it_is_asked_for() {
    let relay = relay_with(3);
    assert!(relay.json(&["status"])["sizes"].is_null());
    let sizes = relay.json(&["status", "--sizes"])["sizes"].clone();
    let incidents = sizes.as_array().expect("a list").iter().find(|size| size["table"] == "incidents");
    let incidents = incidents.expect("the table");
    assert_eq!(incidents["rows"], 3);
    assert!(incidents["stored_bytes"].as_u64() > Some(100), "{incidents}");
    assert!(incidents["metadata_bytes"].is_u64() && incidents["fragmented_bytes"].is_u64(), "{incidents}");
    let shown = relay.run(&["status", "--sizes"]).expect(0).stdout;
    assert!(shown.contains("table incidents"), "{shown}");
}
