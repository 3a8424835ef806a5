//! What is in force goes on: over bad files, files of one id, removals and restarts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{digest, in_force, is_from, marked, origin, refusal, remove};
use crate::harness::{Relay, Site, guest, source, until};

#[test]
fn the_version_in_force_goes_on_over_a_restart_when_its_file_has_become_a_bad_one() {
    let mut relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    let good = digest(&relay, "polite");
    for bad in [&b"not a plugin any more"[..], b"", &guest("polite")[..5000]] {
        relay.stop();
        relay.drop_plugin("polite.wasm", bad);
        relay.restart();
        assert_eq!(digest(&relay, "polite"), good);
        assert_eq!(relay.post("polite", "body").body, "taken");
        let why = refusal(&relay, "polite.wasm");
        let status = relay.run(&["status"]).expect(1).stdout;
        assert!(status.contains(&format!("refused: plugin file polite.wasm: {why}")), "{status}");
    }
    let records = relay.path("state/plugin-records");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&records), 0o700);
    for entry in fs::read_dir(&records).expect("a folder").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
    }
    // A copy that somebody changed is not run; the file is looked at anew.
    relay.stop();
    fs::write(records.join(format!("{good}.wasm")), guest("panic")).expect("it can be written");
    relay.drop_plugin("polite.wasm", &guest("polite"));
    relay.restart();
    assert_eq!(relay.post("polite", "body").body, "taken");
    relay.run(&["status"]).expect(0);
}

#[test]
fn of_two_files_with_one_id_neither_counts_and_the_version_in_force_goes_on_also_over_a_restart() {
    let mut relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("second.wasm", &guest("polite"));
    is_from(&relay, "polite", "second.wasm");
    let good = digest(&relay, "polite");
    relay.drop_plugin("first.wasm", &marked("polite", b'1'));
    let look = |relay: &Relay| {
        assert_eq!(
            refusal(relay, "first.wasm"),
            "it is plugin `polite`, and so is second.wasm: remove one of them"
        );
        assert_eq!(
            refusal(relay, "second.wasm"),
            "it is plugin `polite`, and so is first.wasm: remove one of them"
        );
        assert_eq!(digest(relay, "polite"), good);
        let status = relay.run(&["status"]).expect(1).stdout;
        assert!(
            status.contains("plugin file first.wasm") && status.contains("plugin file second.wasm"),
            "{status}"
        );
    };
    look(&relay);
    relay.stop();
    relay.restart();
    look(&relay);
    remove(&relay, "second.wasm");
    is_from(&relay, "polite", "first.wasm");
    assert_ne!(digest(&relay, "polite"), good);
    relay.run(&["status"]).expect(0);
}

#[test]
fn of_two_files_with_one_id_that_come_together_neither_is_in_force_whatever_they_are_called() {
    for (one, other) in [("a.wasm", "b.wasm"), ("b.wasm", "a.wasm")] {
        let site = Site::new(&source("polite", "polite"));
        site.drop_plugin(one, &guest("polite"));
        site.drop_plugin(other, &marked("polite", b'1'));
        let mut relay = Relay::start_in(site);
        for _ in 0..2 {
            assert!(refusal(&relay, one).contains(other) && refusal(&relay, other).contains(one));
            assert_eq!(in_force(&relay, "polite"), None);
            relay.stop();
            relay.restart();
        }
        remove(&relay, other);
        is_from(&relay, "polite", one);
    }
}

#[test]
fn what_came_while_a_plugin_was_removed_is_decoded_when_it_returns_the_oldest_first() {
    let mut relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    remove(&relay, "polite.wasm");
    until("it is gone", || in_force(&relay, "polite").is_none().then_some(()));
    until("that is logged", || relay.log().contains("plugin removed").then_some(()));
    assert!(relay.log().contains("sources.polite"), "{}", relay.log());
    for body in ["one", "two", "three"] {
        relay.post("polite", body).expect(202).receipt();
    }
    assert_eq!(relay.list(&["receipts", "list", "--dead-letters"]).len(), 3);
    // Removed while the relay is down, it is as gone.
    relay.stop();
    relay.restart();
    assert_eq!(in_force(&relay, "polite"), None);
    relay.post("polite", "four").expect(202).receipt();

    relay.drop_plugin("another-name.wasm", &guest("polite"));
    is_from(&relay, "polite", "another-name.wasm");
    let incidents = until("all are decoded", || {
        let incidents = relay.list(&["incidents", "list"]);
        (incidents.len() == 4).then_some(incidents)
    });
    let mut keys: Vec<(u64, String)> = incidents
        .iter()
        .map(|one| {
            (one["number"].as_u64().expect("a number"), one["key"].as_str().expect("a key").to_owned())
        })
        .collect();
    keys.sort();
    let keys: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(keys, ["one", "two", "three", "four"]);
    until("nothing is left", || (relay.run(&["status"]).code == 0).then_some(()));
    assert_eq!(relay.post("polite", "five").body, "taken");
    assert_eq!(origin(&relay, "polite").as_deref(), Some("another-name.wasm"));
}

#[test]
fn a_file_that_is_renamed_while_it_becomes_a_bad_one_leaves_the_version_in_force() {
    let relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite-1.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite-1.wasm");
    let good = digest(&relay, "polite");
    relay.drop_plugin("polite-2.wasm", &guest("polite-successor"));
    remove(&relay, "polite-1.wasm");
    until("it needs approval", || refusal(&relay, "polite-2.wasm").contains("needs approval").then_some(()));
    assert_eq!(digest(&relay, "polite"), good);
    assert_eq!(relay.post("polite", "body").body, "taken");
}
