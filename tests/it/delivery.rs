//! Deliveries by the real relay: retries, verdicts, pauses, order, where requests may go.

mod egress;
mod order;
mod outages;
mod paused;
mod truth;
mod verdicts;

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, action, connection, source};

/// One source, and an action of this plugin to `url`.
fn to(plugin: &str, url: &str) -> String {
    format!("{}{}{}", source("hook", "webhook"), connection("out", plugin, url), action("tell", "out"))
}

/// The same to a receiver's webhook.
fn to_webhook(receiver: &Receiver) -> String {
    to("webhook", &receiver.url("/hook"))
}

/// Opens an incident.
fn open(relay: &Relay, id: &str) {
    relay.post("hook", &json!({ "title": id, "id": id }).to_string()).expect(200);
}

/// Ends it.
fn resolve(relay: &Relay, id: &str) {
    relay.post("hook", &json!({ "title": id, "id": id, "status": "resolve" }).to_string()).expect(200);
}

/// The only delivery, with its log.
fn the_delivery(relay: &Relay) -> Value {
    let deliveries = relay.list(&["deliveries", "list"]);
    assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    relay.json(&["deliveries", "show", id(&deliveries[0])])
}

fn id(delivery: &Value) -> &str {
    delivery["id"].as_str().expect("an id")
}
