//! What a tried request would do, for a person: every event, and what was left out.
//!
//! Never shortens what the incident would say: the reader is here to see it.

use super::super::table::{short, text};
use crate::commands::out::{say, single};
use crate::operate::api::sources::{Foreseen, Tried, TriedEvent};

/// Columns before a field's text.
const INDENT: usize = 14;

/// Prints what [`super::tried::try_out`] found.
pub(in crate::commands) fn show(tried: &Tried) {
    let plugin = single(&tried.plugin);
    let by: Vec<&str> = plugin.split(' ').take(2).collect();
    let by = if by.concat().is_empty() { String::new() } else { format!(" by {}", by.join(" ")) };
    say!("decoded{by} in {} µs: {}", tried.took_us, single(&tried.outcome));
    tried.events.iter().flatten().for_each(show_event);
    for element in &tried.rejected {
        say!("\nrefused    {}", single(&element.place));
        field("because", &single(&element.reason));
    }
    if !tried.remarks.is_empty() {
        say!("");
        field("remarks", &one_a_line(&tried.remarks));
    }
    if let Some(reply) = &tried.reply {
        say!("\nthe sender would be answered {}", reply.status);
        for header in &reply.headers {
            field("header", &format!("{}: {}", single(&header.name), single(&header.value)));
        }
        field("body", &reply.body);
    }
    let confirm = text(tried.confirm.as_ref());
    if !confirm.is_empty() {
        say!("");
        field("confirm", &confirm);
    }
    if let Some(unforeseen) = &tried.unforeseen {
        say!("\nWhich incidents this would change is not known: {}", single(unforeseen));
    }
    say!("\nNothing was kept.");
}

fn show_event(tried: &TriedEvent) {
    let TriedEvent { event, foreseen } = tried;
    let would = foreseen.as_ref().map(would).unwrap_or_default();
    say!("\n{} `{}`{would}", single(&event.change), single(&event.key));
    field("title", &single(&event.title));
    let severity = text(event.severity.as_ref());
    field("severity", if severity.is_empty() { "not said: the source's default counts" } else { &severity });
    field("message", &event.message);
    field("aliases", &one_a_line(&event.aliases));
    field("actor", &text(event.actor.as_ref()));
    field("occurred at", &text(event.occurred_at.as_ref()));
    let label = |(key, value): (&String, &String)| format!("{} = {}", short(key, 200), single(value));
    field("labels", &event.labels.iter().map(label).collect::<Vec<_>>().join("\n"));
    let links = event.links.iter().map(|link| format!("{}  {}", single(&link.title), single(&link.url)));
    field("links", &links.collect::<Vec<_>>().join("\n"));
}

/// What an event would do, to which incident.
fn would(foreseen: &Foreseen) -> String {
    let which = match foreseen.incident {
        Some(number) => format!("incident #{number}"),
        None => "no incident".to_owned(),
    };
    format!(": would be {} ({which})", single(&foreseen.would))
}

fn one_a_line(texts: &[String]) -> String {
    texts.iter().map(|text| single(text)).collect::<Vec<_>>().join("\n")
}

/// A field with its text, whose further lines stand below the first.
fn field(name: &str, text: &str) {
    for (index, line) in text.lines().enumerate() {
        let name = if index == 0 { name } else { "" };
        say!("  {name:<width$}{}", single(line), width = INDENT - 2);
    }
}

/// Whether a tried request would be taken whole.
pub(in crate::commands) fn is_good(tried: &Tried) -> bool {
    ["applied", "ignored"].contains(&&*tried.status)
}
