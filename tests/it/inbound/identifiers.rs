//! Identifiers of any length: they tell one problem or delivery from another, and are no fault of the plugin.

use serde_json::json;

use crate::harness::{Relay, Request, Site, at, guest, source};

#[test]
fn a_long_delivery_id_is_an_id_like_any_other() {
    let relay = Relay::start(&source("hook", "webhook"));
    let send = |id: &str| {
        relay
            .send(&Request::json(&at("hook"), r#"{"title":"Disk full"}"#).header("webhook-id", id))
            .expect(200)
    };
    let (long, longer) = ("i".repeat(3000), "i".repeat(3001));
    let first = send(&long).json();
    assert_eq!(first["status"], "applied");
    let again = send(&long).json();
    assert_eq!((&again["status"], &again["incidents"]), (&json!("duplicate"), &first["incidents"]));
    assert_eq!(send(&longer).json()["status"], "applied", "another id");
}

/// The guest hands the body over as the key, and answers by itself.
#[test]
fn a_long_key_is_kept_by_its_digest_and_leads_to_its_incident_again() {
    let site = Site::new(&source("long", "polite"));
    site.drop_plugin("polite.wasm", &guest("polite"));
    let relay = Relay::start_in(site);
    let send = |body: &str| relay.post("long", body).expect(202);
    let (first, second) = (format!("{}a", "k".repeat(5000)), format!("{}b", "k".repeat(5000)));
    send(&first);
    send(&second);
    send(&first);
    let incidents = relay.list(&["incidents", "list"]);
    assert_eq!(incidents.len(), 2, "{incidents:#?}");
    for incident in &incidents {
        let key = incident["key"].as_str().expect("a key");
        assert!(key.len() == 1024 && key.starts_with("kkk"), "{key}");
    }
    let receipts = relay.list(&["receipts", "list"]);
    assert!(receipts.iter().all(|receipt| receipt["dead_letter"] == false), "{receipts:#?}");
}
