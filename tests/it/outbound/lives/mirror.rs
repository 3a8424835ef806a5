//! "Mirror part of an object on another iTop, and write remote information back": the example in the plugin's
//! README, as it stands there, between two iTops.

use serde_json::json;

use super::itop::peer::{Itop, PASSWORD};
use super::readmes::{self, Block};
use super::{act, lock};
use crate::harness::{Receiver, Relay, TOKEN, connection};

/// The tables of the README's section, with other addresses and secrets.
fn example(berlin: &Receiver, paris: &Receiver) -> String {
    let names = |block: &Block, table: &str, name: &str| block.names(table).contains(&name.to_owned());
    let blocks = readmes::blocks("plugins/itop");
    let find = |table: &str, name: &str| {
        let found = blocks.iter().find(|block| names(block, table, name));
        found.unwrap_or_else(|| unreachable!("no [{table}.{name}] in the README")).text.clone()
    };
    let url = "https://berlin.example/webservices/rest.php";
    let secret = r#"{ file = "/etc/tocsin/berlin.password" }"#;
    let mirror = find("connections", "berlin");
    assert!(mirror.contains(url) && mirror.contains(secret), "{mirror}");
    let own = format!("{}\"\nallow_private = true\n#", berlin.url("/webservices/rest.php"));
    let mirror = mirror.replace(url, &own).replace(secret, &format!("\"{PASSWORD}\""));
    let back = find("actions", "tell-paris");
    let to_paris = connection("paris", "itop", &paris.url("/webservices/rest.php"));
    let login = format!("settings = {{ user = \"tocsin\" }}\nsecrets = {{ password = \"{PASSWORD}\" }}\n");
    let mirror = mirror.replace("user = \"mirror\"", "user = \"tocsin\"");
    let token = r#"{ file = "/etc/tocsin/paris.token" }"#;
    assert!(mirror.contains(token), "{mirror}");
    let mirror = mirror.replace(token, &format!("\"{TOKEN}\""));
    format!("{to_paris}{login}{mirror}\n{back}")
}

#[test]
fn an_itop_is_mirrored_on_another_and_told_of_it_by_the_readmes_configuration() {
    let (in_berlin, in_paris) = (Receiver::start(), Receiver::start());
    let (berlin, paris) = (Itop::at(&in_berlin), Itop::at(&in_paris));
    lock(&paris).put(json!({"ref": "I-000123", "title": "Disk full on db-1"}));
    let relay = Relay::start(&example(&in_berlin, &in_paris));
    let alert = |title: &str| {
        json!({"class": "Incident", "id": "123", "ref": "I-000123", "title": title, "status": "new"})
            .to_string()
    };
    relay.post("itop-paris", &alert("Disk full on db-1")).expect(200);
    relay.settled();
    {
        let berlin = lock(&berlin);
        assert_eq!(berlin.asked[0]["output_fields"], "id, friendlyname, ref, status");
        let ticket = berlin.ticket();
        assert_eq!(ticket["title"], "I-000123: Disk full on db-1");
        assert_eq!((&ticket["class"], &ticket["origin"]), (&json!("Incident"), &json!("portal")));
    }
    let labels = relay.incident()["labels"].clone();
    assert_eq!((&labels["remote_ref"], &labels["remote_status"]), (&json!("R-000001"), &json!("new")));
    // Berlin's answer is a change of its own: Paris has the number without waiting for another one.
    assert_eq!(lock(&paris).asked[0]["key"], json!({"ref": "I-000123"}));
    let log = lock(&paris).ticket()["private_log"].clone();
    assert!(log.to_string().contains("Berlin: R-000001 is new"), "{log}");
    assert!(relay.incident()["labels"]["itop_ref"].is_null(), "Paris' own number is `ref` already");

    let deliveries = act(&relay, &["resolve", "1"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert_eq!(lock(&berlin).ticket()["status"], "resolved");
    assert_eq!(relay.incident()["labels"]["remote_status"], "resolved");
    let log = lock(&paris).ticket()["private_log"].to_string();
    assert!(log.contains("Berlin: R-000001 is resolved"), "the last state, at once: {log}");
    assert_eq!((lock(&berlin).tickets(), lock(&paris).tickets()), (1, 1));

    // Berlin's webhook says that there is a new ticket: it is Tocsin's own.
    let description = lock(&berlin).ticket()["description"].clone();
    let echo = json!({"class": "Incident", "id": "1", "ref": "R-000001", "title": "I-000123: Disk full on db-1",
        "status": "new", "description": description});
    relay.post("itop-paris", &echo.to_string()).expect(200);
    relay.settled();
    assert_eq!(relay.list(&["incidents", "list"]).len(), 1);
}
