//! A damaged state is found, and made anew from the journal, as an operator would do it.

use std::fs;
use std::path::Path;

use redb::{ReadableTable, TableDefinition};
use serde_json::json;
use tocsin_core::id::IncidentId;

use crate::harness::{Ran, Relay, database, source, until};
use crate::restart::load::is_clean;

type Row = Option<Vec<u8>>;

/// Changes a row of a store that no relay has open, as damage does.
fn alter(store: &Path, table: &str, key: &[u8], change: impl FnOnce(Row) -> Row) {
    let database = database(store);
    let transaction = database.begin_write().expect("it can be written");
    {
        let table = TableDefinition::<&[u8], &[u8]>::new(table);
        let mut rows = transaction.open_table(table).expect("it is there");
        let before = rows.get(key).expect("it can be read").map(|row| row.value().to_vec());
        match change(before) {
            Some(value) => drop(rows.insert(key, value.as_slice()).expect("it can be written")),
            None => drop(rows.remove(key).expect("it can be written")),
        }
    }
    transaction.commit().expect("it can be written");
}

/// The title of the first incident says something else.
fn damage(relay: &Relay, id: &str) {
    let key = id.parse::<IncidentId>().expect("an id").to_bytes();
    alter(&relay.path("state/tocsin.redb"), "incidents", &key, |row| {
        let mut row = row.expect("the incident is there");
        let place = row.windows(9).position(|window| window == b"Disk full").expect("its title");
        row[place..place + 9].copy_from_slice(b"All right");
        Some(row)
    });
}

fn relay_with_incidents(tables: &str) -> (Relay, String) {
    let relay = Relay::start(&format!("{tables}{}", source("hook", "webhook")));
    for id in ["disk", "tape", "drum"] {
        relay.post("hook", &json!({ "title": "Disk full", "id": id }).to_string()).expect(200);
    }
    let id = relay.json(&["incidents", "show", "1"])["id"].as_str().expect("an id").to_owned();
    (relay, id)
}

fn titles(relay: &Relay) -> Vec<String> {
    let title = |one: &serde_json::Value| one["title"].as_str().expect("a title").to_owned();
    relay.list(&["incidents", "list"]).iter().map(title).collect()
}

#[test]
fn a_damaged_state_is_found_by_both_checks_and_made_anew_from_the_journal() {
    let (mut relay, id) = relay_with_incidents("");
    let whole = relay.run(&["verify"]).expect(0).stdout;
    for words in
        ["the store is whole: all ", " can be read, and their digest is right", "the journal is whole: "]
    {
        assert!(whole.contains(words), "{words} in {whole}");
    }
    relay.stop();
    damage(&relay, &id);
    relay.restart();
    let difference = format!("  incidents {id}: it is …");
    let check = |relay: &Relay| {
        let said = relay.run(&["verify"]).expect(1).stdout;
        assert!(said.contains("a row was changed below the store"), "{said}");
        assert!(said.contains("tocsin verify --replay"), "{said}");
        let said = relay.run(&["verify", "--replay"]).expect(1).stdout;
        assert!(
            said.contains("the store is NOT what its journal says:\n") && said.contains(&difference),
            "{said}"
        );
        assert!(said.contains("make the state anew from the journal: tocsin rebuild"), "{said}");
    };
    check(&relay);
    let said = relay.run(&["rebuild", "--yes"]).expect(1).stderr;
    assert!(said.contains("a relay runs on this store") && said.contains("stop it, rebuild"), "{said}");
    relay.stop();
    check(&relay);

    let said = relay.run(&["rebuild"]).expect(1).stderr;
    assert!(said.contains("say --yes") && said.contains(" MB are free"), "{said}");
    let said = relay.run(&["rebuild", "--yes"]).expect(0).stdout;
    for words in [
        "state/tocsin.redb is made anew from ",
        "1 records of the store before were not what the journal says:\n",
        &difference,
        "the store before is kept as ",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    relay.restart();
    assert_eq!(titles(&relay), ["Disk full"; 3]);
    relay.post("hook", r#"{"title":"it goes on"}"#).expect(200);
    is_clean(&relay);
    relay.run(&["verify"]).expect(0);
    let receipt = relay.list(&["receipts", "list"])[1]["id"].as_str().expect("an id").to_owned();
    let shown = relay.run(&["receipts", "show", &receipt]).expect(0).stdout;
    assert!(shown.contains("\"Disk full\""), "the request's bytes are there: {shown}");
    relay.stop();
    // What is whole stays as it is.
    let rebuilt = relay.json(&["rebuild", "--yes"]);
    assert_eq!((&rebuilt["differing"], &rebuilt["replayed_after"]), (&json!(0), &json!(0)), "{rebuilt}");
    let before = rebuilt["before"].as_str().expect("a path");
    assert!(before.contains("tocsin.redb.before-rebuild-") && relay.path(before).exists(), "{before}");
}

#[test]
fn a_journal_that_was_cut_is_replayed_and_rebuilt_from_the_relays_own_backup_or_a_named_one() {
    let (mut relay, id) = relay_with_incidents(
        "[limits]\nkeep_journal = \"1s\"\n[backup]\nevery = \"1h\"\ndir = \"backups\"\n",
    );
    let last = until("a backup is made", || relay.json(&["status"])["backup"]["last"]["entries"].as_u64());
    relay.run(&["backup", "named.backup"]).expect(0);
    relay.post("hook", r#"{"title":"after both"}"#).expect(200);
    // Up to the entry that the relay's own backup ends with, and no further.
    let cut =
        || relay.run(&["verify"]).expect(0).stdout.contains("keep_journal dropped the entries before it");
    until("the journal is cut", || cut().then_some(()));
    let own = |said: &str| {
        let named =
            said.contains(" entries replayed after the backup ") && said.contains("backups/tocsin-20");
        assert!(named && said.contains("the store is what its journal says"), "{said}");
    };
    own(&relay.run(&["verify", "--replay"]).expect(0).stdout);
    let named = relay.run(&["verify", "--replay", "--from", "named.backup"]).expect(0).stdout;
    assert!(named.contains("named.backup"), "{named}");
    let said = relay.run(&["verify", "--replay", "--from", "none.backup"]).expect(1).stderr;
    assert!(said.contains("none.backup: ") && said.contains("No such file"), "{said}");
    relay.stop();
    own(&relay.run(&["verify", "--replay"]).expect(0).stdout);

    damage(&relay, &id);
    relay.run(&["verify", "--replay"]).expect(1);
    let rebuilt = relay.run(&["rebuild", "--yes"]).expect(0).stdout;
    assert!(rebuilt.contains(" entries after the backup ") && rebuilt.contains("1 records of"), "{rebuilt}");
    relay.run(&["verify", "--replay"]).expect(0);

    // Without a backup from before the cut, nothing is there to begin with.
    fs::remove_dir_all(relay.path("backups")).expect("ours");
    for command in [&["verify", "--replay"][..], &["rebuild", "--yes"]] {
        let said = Ran::of(relay.command(command)).expect(1).stderr;
        let begins = format!("the journal begins at entry {}", last + 1);
        assert!(said.contains(&begins) && said.contains("--from"), "{said}");
    }
    relay.run(&["rebuild", "--yes", "--from", "named.backup"]).expect(0);
    relay.restart();
    assert_eq!(titles(&relay), ["after both", "Disk full", "Disk full", "Disk full"]);
}

/// A process that is killed in the middle of it leaves the old store or the new one, whole.
#[test]
fn a_rebuild_that_is_killed_leaves_a_whole_store_and_is_done_again() {
    let (mut relay, _) = relay_with_incidents("");
    relay.stop();
    let beside = relay.path("state/tocsin.redb.rebuilding");
    let mut rebuild = relay.command(&["rebuild", "--yes"]).spawn().expect("the binary starts");
    until("the new store is begun, or is there", || {
        (beside.exists() || rebuild.try_wait().expect("a process").is_some()).then_some(())
    });
    // It may have ended by itself.
    let _ = rebuild.kill();
    rebuild.wait().expect("it ends");
    relay.run(&["verify", "--replay"]).expect(0);
    relay.run(&["rebuild", "--yes"]).expect(0);
    assert!(!beside.exists());
    relay.restart();
    assert_eq!(titles(&relay), ["Disk full"; 3]);
    is_clean(&relay);
}
