//! One living thing for each incident at its peer: a message, a thread, a ticket, an issue, an alert; whatever
//! gets lost on the way.
//!
//! Never by the relay's word: what counts is what is at the peer afterwards.

mod chats;
mod crash;
mod itop;
mod jira;
mod mirror;
mod pagerduty;
mod readmes;
mod slack;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::harness::Relay;

/// What a peer knows, for its script and its test.
type Shared<T> = Arc<Mutex<T>>;

fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names and values of a form, or of the query of a path.
fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// Path and query of a request.
fn parts(path: &str) -> (String, BTreeMap<String, String>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.to_owned(), form(query))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                u8::from_str_radix(digits, 16).expect("hexadecimal")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// Does something to incident 1 on the command line, and waits until everybody was told.
fn act(relay: &Relay, command: &[&str]) -> Vec<Value> {
    relay.run(&[&["incidents"], command].concat()).expect(0);
    relay.settled()
}

/// The newest delivery, which is settled, with its log.
fn newest(relay: &Relay) -> Value {
    let deliveries = relay.settled();
    relay.json(&["deliveries", "show", deliveries[0]["id"].as_str().expect("an id")])
}

/// The status of each attempt of a delivery; null where no answer came.
fn statuses(delivery: &Value) -> Vec<Value> {
    delivery["log"].as_array().expect("a log").iter().map(|attempt| attempt["status"].clone()).collect()
}

/// How the last attempt of a delivery ended, in words.
fn summary(delivery: &Value) -> &str {
    delivery["last"]["summary"].as_str().expect("words")
}
