//! What every peer's answer comes to: each row of a table is a connection of its own, whose peer answers
//! exactly that.
//!
//! Never by the plugin alone: the state is what `tocsin deliveries` says of it.

mod own;
mod tables;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Reply, action, connection, source, until};

/// One attempt in the time of a test: the next comes after 8 to 12 s. A peer gets what it asks for, up to `longest`.
const RETRY: &str = "[retry]\nfirst = \"10s\"\nlongest = \"10m\"\n";
/// How long connections have until they are paused.
const PATIENCE: Duration = Duration::from_secs(20);
/// Seconds until the next attempt when the peer asks for nothing. An attempt is settled a moment after its next
/// time was set, so that some of it may have passed.
const USUAL_WAIT: RangeInclusive<f64> = 5.0..=12.5;
/// In the place of a time in milliseconds since 1970 that lies [`RESET_S`] ahead of the answer.
const RESET: &str = "<epoch ms>";
/// Seconds until such a time.
const RESET_S: u64 = 45;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// The peer says that it is there.
    Delivered,
    /// The peer took it and will not say more.
    Accepted,
    /// Tried again, as the schedule says.
    Retried,
    /// Tried again, and not before this many seconds are over.
    RetriedAfter(u64),
    /// A dead letter.
    Rejected,
    /// Owed still, while the connection waits until it works: at once if its probe fails too, else when a second
    /// incident meets the same.
    Paused,
}

/// An answer, what asks for it, and what it comes to.
#[derive(Clone)]
struct Row {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    verdict: Verdict,
    /// Of the connection: `settings` and `secrets`.
    connection: &'static str,
    /// Of the action: `settings`.
    action: &'static str,
}

impl Row {
    fn new(status: u16, body: &str, verdict: Verdict) -> Self {
        let (headers, body) = (Vec::new(), body.to_owned());
        Self { status, headers, body, verdict, connection: "", action: "" }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn over(mut self, connection: &'static str) -> Self {
        self.connection = connection;
        self
    }

    fn by(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    fn reply(&self) -> Reply {
        let value = |value: &String| if value == RESET { reset() } else { value.clone() };
        let headers = self.headers.iter().map(|(name, given)| (*name, value(given))).collect();
        Reply::Answer(self.status, headers, self.body.clone())
    }
}

fn reset() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    (now.as_millis() + u128::from(RESET_S) * 1000).to_string()
}

/// Opens one incident that is told over one connection for each of `rows`, and compares what becomes of it.
fn judge(plugin: &str, rows: Vec<Row>) {
    assert!(!rows.is_empty(), "no answers of {plugin}");
    let receiver = Receiver::start();
    let tables: String =
        rows.iter().enumerate().map(|(at, row)| to_row(plugin, &receiver, at, row)).collect();
    let script = rows.clone();
    receiver.script(move |request, _| match number(&request.path).and_then(|at| script.get(at)) {
        Some(row) => row.reply(),
        None => Reply::status(599),
    });
    let relay = Relay::start(&format!("{RETRY}{}{tables}", source("hook", "webhook")));
    super::open(&relay, "disk", "high");
    let deliveries = until("each of them was tried", || {
        let deliveries = relay.list(&["deliveries", "list", "--limit", "1000"]);
        let is_tried = |delivery: &Value| !delivery["last"].is_null() && delivery["state"] != "sending";
        (deliveries.len() == rows.len() && deliveries.iter().all(is_tried)).then_some(deliveries)
    });
    super::open(&relay, "cpu", "high");
    let paused = until_paused(&relay, &rows);
    let wrong: Vec<String> = deliveries
        .iter()
        .filter_map(|delivery| {
            let row = rows.get(number(&name(delivery))?)?;
            wrong(row, delivery, paused.contains(&name(delivery)))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} answers of {plugin}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// Waits until every connection is paused that is to be, and returns those that are.
fn until_paused(relay: &Relay, rows: &[Row]) -> BTreeSet<String> {
    let wanted = rows.iter().filter(|row| row.verdict == Verdict::Paused).count();
    let mut found = BTreeSet::new();
    // A peer's rate may keep the second incident back. What is wrong is told with what became of it.
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        found = relay.list(&["connections", "list"]).iter().filter_map(paused).collect();
        if found.len() >= wanted {
            break;
        }
    }
    found
}

/// A connection and an action of the same name to a path of its own.
fn to_row(plugin: &str, receiver: &Receiver, at: usize, row: &Row) -> String {
    let name = format!("row-{at}");
    let to = connection(&name, plugin, &receiver.url(&format!("/row-{at}")));
    format!("{to}{}\n{}on = [\"opened\"]\n{}\n", row.connection, action(&name, &name), row.action)
}

/// The number of a row, from a path that begins with `/row-7` or a name.
fn number(text: &str) -> Option<usize> {
    let text = text.trim_start_matches('/').strip_prefix("row-")?;
    text.split(['/', '?']).next()?.parse().ok()
}

fn name(delivery: &Value) -> String {
    delivery["connection"].as_str().expect("a connection").to_owned()
}

fn paused(connection: &Value) -> Option<String> {
    connection["paused"]["reason"].as_str()?;
    connection["name"].as_str().map(str::to_owned)
}

/// What is wrong with what became of a row, if anything is.
fn wrong(row: &Row, delivery: &Value, is_paused: bool) -> Option<String> {
    let (state, attempts) = match row.verdict {
        Verdict::Delivered => ("delivered", Some(1)),
        Verdict::Accepted => ("accepted", Some(1)),
        Verdict::Rejected => ("rejected", Some(1)),
        Verdict::Paused => ("due", Some(1)),
        Verdict::Retried | Verdict::RetriedAfter(_) => ("due", None),
    };
    let wait = wait(delivery);
    let waits = match row.verdict {
        Verdict::Retried => wait.is_some_and(|wait| USUAL_WAIT.contains(&wait)),
        Verdict::RetriedAfter(asked) => {
            let asked = asked as f64;
            wait.is_some_and(|wait| (asked - 5.0..=asked + 0.5).contains(&wait))
        }
        _ => true,
    };
    let is_right = delivery["state"] == state
        && attempts.is_none_or(|attempts| delivery["attempts"] == attempts)
        && delivery["last"]["status"] == row.status
        && is_paused == (row.verdict == Verdict::Paused)
        && waits;
    (!is_right).then(|| {
        let said = json!([delivery["state"], delivery["attempts"], delivery["last"]]);
        let paused = if is_paused { ", paused" } else { "" };
        format!(
            "{} {}\n  is to be {:?}; became {said}, wait {wait:?} s{paused}",
            row.status, row.body, row.verdict
        )
    })
}

/// Seconds from the last attempt to the next.
fn wait(delivery: &Value) -> Option<f64> {
    let next = second(delivery["next_at"].as_str()?)?;
    let last = second(delivery["last"]["at"].as_str()?)?;
    Some((next - last).rem_euclid(86_400.0))
}

/// The second of the day in `2026-01-02T03:04:05.678Z`.
fn second(time: &str) -> Option<f64> {
    let (_, time) = time.strip_suffix('Z')?.split_once('T')?;
    let mut parts = time.split(':');
    let (hours, minutes): (f64, f64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds: f64 = parts.next()?.parse().ok()?;
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}
