//! What a tried request would do, for a person: every event, and what was left out.
//!
//! Never shortens what the incident would say: the reader is here to see it.

use serde_json::{Value, json};

use super::super::table::{items, lines, short, text, texts};
use crate::commands::out::{say, single};

/// Columns before a field's text.
const INDENT: usize = 14;

/// Prints what [`super::tried::try_out`] found.
pub(super) fn show(tried: &Value) {
    let plugin = text(tried, "plugin");
    let by: Vec<&str> = plugin.split(' ').take(2).collect();
    let by = if by.concat().is_empty() { String::new() } else { format!(" by {}", by.join(" ")) };
    say!("decoded{by} in {} µs: {}", text(tried, "took_us"), text(tried, "outcome"));
    for event in items(&tried["events"]) {
        show_event(event);
    }
    for element in items(&tried["rejected"]) {
        say!("\nrefused    {}", text(element, "place"));
        field("because", &text(element, "reason"));
    }
    let remarks = texts(&tried["remarks"]);
    if !remarks.is_empty() {
        say!("");
        field("remarks", &remarks.join("\n"));
    }
    if !tried["reply"].is_null() {
        say!("\nthe sender would be answered {}", text(tried, "reply.status"));
        for header in items(&tried["reply"]["headers"]) {
            field("header", &format!("{}: {}", text(header, "name"), text(header, "value")));
        }
        field("body", &lines(tried, "reply.body"));
    }
    let confirm = text(tried, "confirm");
    if !confirm.is_empty() {
        say!("");
        field("confirm", &confirm);
    }
    let unforeseen = text(tried, "unforeseen");
    if !unforeseen.is_empty() {
        say!("\nWhich incidents this would change is not known: {unforeseen}");
    }
    say!("\nNothing was kept.");
}

fn show_event(event: &Value) {
    let number = text(event, "incident");
    let which = if number.is_empty() { "no incident".to_owned() } else { format!("incident #{number}") };
    let would = match text(event, "would") {
        would if would.is_empty() => String::new(),
        would => format!(": would be {would} ({which})"),
    };
    say!("\n{} `{}`{would}", text(event, "change"), text(event, "key"));
    field("title", &text(event, "title"));
    let severity = text(event, "severity");
    field("severity", if severity.is_empty() { "not said: the source's default counts" } else { &severity });
    field("message", &lines(event, "message"));
    field("aliases", &texts(&event["aliases"]).join("\n"));
    field("actor", &text(event, "actor"));
    field("occurred at", &text(event, "occurred_at"));
    let labels = event["labels"].as_object().into_iter().flatten();
    let label = |(key, value): (&String, &Value)| {
        format!("{} = {}", short(key, 200), single(value.as_str().unwrap_or_default()))
    };
    field("labels", &labels.map(label).collect::<Vec<_>>().join("\n"));
    let link = |link: &Value| format!("{}  {}", text(link, "title"), text(link, "url"));
    field("links", &items(&event["links"]).iter().map(link).collect::<Vec<_>>().join("\n"));
}

/// A field with its text, whose further lines stand below the first.
fn field(name: &str, text: &str) {
    for (index, line) in text.lines().enumerate() {
        let name = if index == 0 { name } else { "" };
        say!("  {name:<width$}{}", single(line), width = INDENT - 2);
    }
}

/// Whether a tried request would be taken whole.
pub(super) fn is_good(tried: &Value) -> bool {
    ["applied", "ignored"].iter().any(|status| tried["status"] == json!(status))
}
