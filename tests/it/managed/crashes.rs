//! Changes beside one another, on a disk that refuses them, and through a crash: each is whole or did not happen.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread;

use serde_json::json;

use super::{OPEN, ask, delete, files, history, hook, in_force, managed, put, putting, send, text};
use crate::harness::{Relay, claimed, until};

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
