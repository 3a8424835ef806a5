//! The store is damaged or lost: one unreadable record costs only itself, and a lost file is noticed, before and
//! while the relay runs.

use std::fs;
use std::path::Path;

use redb::{ReadableTable, TableDefinition};
use serde_json::json;
use tocsin_core::id::IncidentId;

use crate::harness::{
    Ran, Receiver, Relay, Reply, Request, Site, action, connection, database, source, until,
};

/// Changes the bytes of a record of a store that no relay has open.
fn flip(store: &Path, table: &str, id: &str) {
    let key = id.parse::<IncidentId>().expect("an id").to_bytes();
    let database = database(store);
    let transaction = database.begin_write().expect("it can be written");
    {
        let mut rows =
            transaction.open_table(TableDefinition::<&[u8], &[u8]>::new(table)).expect("it is there");
        let row = rows.get(key.as_slice()).expect("it can be read").expect("the record is there");
        let mut bytes = row.value().to_vec();
        drop(row);
        bytes[10] ^= 0x08;
        rows.insert(key.as_slice(), bytes.as_slice()).expect("it can be written");
    }
    transaction.commit().expect("it can be written");
}

fn relay_to(receiver: &Receiver) -> Relay {
    Relay::start(&format!(
        "{}{}{}",
        source("hook", "webhook"),
        connection("chat", "webhook", &receiver.url("/")),
        action("tell", "chat"),
    ))
}

fn alert(name: &str, status: &str) -> String {
    json!({ "title": format!("{name} is full"), "id": name, "status": status }).to_string()
}

fn delivered(relay: &Relay) -> usize {
    let deliveries = relay.list(&["deliveries", "list", "--limit", "1000"]);
    deliveries.iter().filter(|delivery| delivery["state"] == "delivered").count()
}

#[test]
fn one_unreadable_delivery_costs_only_itself_and_status_names_it() {
    let receiver = Receiver::scripted(|_, _| Reply::status(503));
    let mut relay = relay_to(&receiver);
    for name in ["disk", "tape", "drum"] {
        relay.post("hook", &alert(name, "trigger")).expect(200);
    }
    receiver.wait(3);
    relay.stop();
    let store = relay.path("state/tocsin.redb");
    let offline = relay.run(&["verify", "--replay"]).expect(0).stdout;
    assert!(offline.contains("the store is what its journal says"), "{offline}");
    relay.restart();
    let deliveries = relay.list(&["deliveries", "list"]);
    let broken = deliveries[1]["id"].as_str().expect("an id").to_owned();
    let incident = deliveries[1]["incident"]["id"].as_str().expect("an id").to_owned();
    relay.stop();
    flip(&store, "deliveries", &broken);
    receiver.script(|_, _| Reply::ok());
    relay.restart();

    until("the others are delivered", || (delivered(&relay) == 2).then_some(()));
    let said = relay.run(&["status"]).expect(1).stdout;
    let named =
        format!("set aside: deliveries {broken}, of incident {incident}: the record cannot be read: ");
    assert!(said.contains(&named), "{named} in {said}");
    assert!(said.contains("It is not sent; the next one of its incident is."), "{said}");
    assert!(said.contains("tocsin verify --dismiss"), "{said}");
    let status = relay.json_of_any_code(&["status"]);
    assert_eq!(status["set_aside"][0]["key"], json!(broken));
    assert_eq!(status["problems"], json!([]), "nothing stands still");

    // Its incident goes on.
    relay.post("hook", &alert("tape", "acknowledged")).expect(200);
    until("what came later is delivered", || (delivered(&relay) >= 3).then_some(()));
    assert_eq!(relay.list(&["incidents", "list"]).len(), 3);

    let verified = relay.run(&["verify"]).expect(1).stdout;
    assert!(verified.contains(&format!("set aside: deliveries {broken}: ")), "{verified}");
    assert!(!verified.contains("NOT"), "everything else is what the journal says: {verified}");
    relay.run(&["verify", "--dismiss"]).expect(0);
    let deed = &relay.list(&["audit"])[0]["what"];
    assert_eq!(deed, &json!(["dismissed the records that were set aside: 1"]));
    relay.run(&["status"]).expect(0);
    let verified = relay.run(&["verify", "--replay"]).expect(0).stdout;
    assert!(verified.contains("(dismissed)"), "{verified}");
    relay.stop();
    let offline = relay.run(&["verify", "--replay"]).expect(0).stdout;
    assert!(offline.contains("the store is what its journal says"), "{offline}");
}

#[test]
fn a_store_that_is_moved_away_while_the_relay_runs_is_noticed_and_all_goes_on_when_it_is_back() {
    let receiver = Receiver::start();
    let relay = relay_to(&receiver);
    relay.post("hook", &alert("disk", "trigger")).expect(200);
    until("it is delivered", || (delivered(&relay) == 1).then_some(()));
    let (store, away) = (relay.path("state/tocsin.redb"), relay.path("away"));
    fs::rename(&store, &away).expect("it is ours");
    let health = Request::new("GET", "/healthz");
    let said = relay.send(&health).problem(503);
    assert!(said.contains("the store's file was deleted or replaced"), "{said}");
    assert!(!said.contains("state/tocsin.redb"), "where it is, is not for everybody: {said}");
    for _ in 0..3 {
        let said = relay.post("hook", &alert("tape", "trigger")).problem(503);
        assert!(said.contains("the store's file was deleted or replaced"), "{said}");
    }
    let said = relay.run(&["status"]).expect(1).stdout;
    for words in ["state/tocsin.redb was deleted or moved away while Tocsin ran", "move it back", "/proc/"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert_eq!(relay.list(&["incidents", "list"]).len(), 1, "what is kept can be read");
    // Another file in its place is as bad.
    fs::write(&store, b"").expect("it is ours");
    let said = relay.run(&["status"]).expect(1).stdout;
    assert!(said.contains("was replaced by another file"), "{said}");
    relay.send(&health).problem(503);

    fs::rename(&away, &store).expect("it is ours");
    until("all is well", || (relay.send(&health).status == 200).then_some(()));
    relay.post("hook", &alert("tape", "trigger")).expect(200);
    until("it is delivered", || (delivered(&relay) == 2).then_some(()));
    relay.run(&["verify", "--replay"]).expect(0);
    let log = relay.log();
    assert_eq!(log.matches("ERROR an entry could not be stored").count(), 1, "{log}");
    assert!(log.contains("no longer: an entry could not be stored"), "{log}");
}

#[test]
fn a_store_that_is_missing_or_empty_is_not_begun_anew() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", &alert("disk", "trigger")).expect(200);
    relay.stop();
    let serve = |site: &Site| Ran::of(site.command(&["serve", "--config", "tocsin.toml"])).expect(1).stderr;
    let store = relay.path("state/tocsin.redb");
    let kept = fs::read(&store).expect("it is there");
    fs::remove_file(&store).expect("it is ours");
    let missing = serve(&relay);
    assert!(missing.contains("tocsin.redb is missing, although Tocsin kept a store there"), "{missing}");
    let verified = relay.run(&["verify"]).expect(1).stderr;
    assert!(verified.contains("is missing, although"), "{verified}");
    fs::write(&store, b"").expect("it is ours");
    let empty = serve(&relay);
    assert!(empty.contains("tocsin.redb is empty, although Tocsin kept a store there"), "{empty}");
    for words in ["restore the file from a backup", "delete", "tocsin.redb.made", "or use a new `state_dir`"]
    {
        assert!(empty.contains(words), "{words} in {empty}");
    }
    fs::write(&store, kept).expect("it is ours");
    relay.restart();
    assert_eq!(relay.incident()["title"], "disk is full");
}
