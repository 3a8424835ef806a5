//! What goes out: triggers, links and pages, every peer's requests and answers, trials, secrets, size.

mod answers;
mod attributes;
mod echoes;
mod forgeries;
mod large;
mod lives;
mod night;
mod night_others;
mod own_layouts;
mod pages;
mod secrets;
mod times;
mod tried;
mod triggers;

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, action, connection, source};

/// One source, and an action of the webhook plugin to a receiver, with these lines in the action's table.
fn to_webhook(receiver: &Receiver, lines: &str) -> String {
    format!(
        "{}{}{}{lines}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out")
    )
}

/// Reports a problem of this id and severity.
fn open(relay: &Relay, id: &str, severity: &str) {
    relay.post("hook", &json!({ "title": id, "id": id, "severity": severity }).to_string()).expect(200);
}

/// Ends it.
fn resolve(relay: &Relay, id: &str) {
    relay.post("hook", &json!({ "title": id, "id": id, "status": "resolve" }).to_string()).expect(200);
}

/// The deliveries of one action, newest first.
fn deliveries_of(relay: &Relay, action: &str) -> Vec<Value> {
    relay.list(&["deliveries", "list", "--action", action])
}
