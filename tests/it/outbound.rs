//! What goes out: triggers, links and pages, every peer's requests and answers, trials, secrets, size, proxies,
//! certificates and access tokens.

mod answers;
mod attributes;
mod certificates;
mod echoes;
mod forgeries;
mod large;
mod lives;
mod night;
mod night_others;
mod oauth2;
mod own_layouts;
mod pages;
mod proxies;
mod secrets;
mod times;
mod tried;
mod triggers;

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, action, connection, settings, source, until};

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

/// The settings of a webhook whose test asks for `/health`.
fn probed() -> String {
    settings("connections.out", "test_method = \"GET\"\ntest_path = \"/health\"")
}

/// What the only delivery came to, once it has been tried in vain.
fn last_words(relay: &Relay) -> String {
    until("it was tried in vain", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        deliveries.first()?["last"]["summary"].as_str().map(str::to_owned)
    })
}

/// Why the connection `out` is paused, once it is.
fn pause(relay: &Relay) -> String {
    until("the connection is paused", || {
        let connections = relay.list(&["connections", "list"]);
        let out = connections.iter().find(|connection| connection["name"] == "out")?;
        out["paused"]["reason"].as_str().map(str::to_owned)
    })
}
