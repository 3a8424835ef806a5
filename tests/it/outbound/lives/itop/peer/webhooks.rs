//! iTop's webhooks, as the recipe's page has them: a ticket that was created, and an entry in its log. They are sent
//! while whoever made the change waits for its answer, whoever that was.
//!
//! Never leaves out a ticket for the login that made it: iTop does not either.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Itop, word};
use crate::harness::{Request, at};

/// Where they go: a source of a relay.
#[derive(Clone)]
pub(in crate::outbound::lives) struct Webhooks {
    pub(in crate::outbound::lives) relay: SocketAddr,
    pub(in crate::outbound::lives) source: &'static str,
}

impl Webhooks {
    /// Sends one. The relay may have stopped.
    pub(super) fn send(&self, payload: &Value) {
        Request::json(&at(self.source), &payload.to_string()).try_send(self.relay);
    }
}

impl Itop {
    /// The payload for a request that was answered with these tickets.
    pub(super) fn payload(&self, asked: &Value, answer: &Value) -> Option<Value> {
        let name = answer["objects"].as_object()?.keys().next()?;
        let id: u64 = name.split("::").last()?.parse().ok()?;
        match word(asked) {
            "create" => Some(self.created(id)),
            "update" if asked["fields"].get("private_log").is_some() => Some(self.entered(id)),
            _ => None,
        }
    }

    /// What the webhook of a new ticket says.
    pub(in crate::outbound::lives) fn created(&self, id: u64) -> Value {
        let ticket = &self.tickets[&id];
        let page = format!("https://itop.example/pages/UI.php?operation=details&class=Incident&id={id}");
        json!({
            "class": ticket["class"], "id": ticket["id"], "ref": ticket["ref"], "title": ticket["title"],
            "status": ticket["status"], "description": ticket.get("description"), "url": page,
        })
    }

    fn entered(&self, id: u64) -> Value {
        let ticket = &self.tickets[&id];
        let last = ticket["private_log"].as_array().and_then(|entries| entries.last());
        json!({
            "event": "log", "class": ticket["class"], "id": ticket["id"], "ref": ticket["ref"],
            "title": ticket["title"], "private_log": last,
        })
    }
}
