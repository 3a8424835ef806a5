//! `tocsin incidents`: what is burning, and who is on it.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::place::{Place, person};
use super::table::{items, json, lines, print, query, second, segment, short, text, texts};
use crate::commands::out::{quoted, say};

#[derive(Debug, Subcommand)]
pub(super) enum Incidents {
    /// List incidents, newest first.
    List {
        /// Only these states, with commas: open, acknowledged, resolved
        #[arg(long, value_name = "STATES")]
        state: Option<String>,
        /// Only of this source.
        #[arg(long)]
        source: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show an incident with its history and deliveries.
    Show {
        /// Its number (42) or id.
        incident: String,
    },
    /// Say that you are on it.
    Ack(Handle),
    /// Say that you no longer are.
    Unack(Handle),
    /// Say that it is over.
    Resolve(Handle),
    /// Say that it is not over after all.
    Reopen(Handle),
    /// Write something down.
    Note(Handle),
    /// Correct its title or severity.
    Modify(Modify),
}

/// An incident, and what to say about it.
#[derive(Debug, Args)]
pub(super) struct Handle {
    /// Its number (42) or id.
    incident: String,
    /// What to write down with it.
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// Who says so. Default: the user at the terminal
    #[arg(long = "as", value_name = "NAME")]
    actor: Option<String>,
}

/// What an incident should say.
#[derive(Debug, Args)]
pub(super) struct Modify {
    #[command(flatten)]
    handle: Handle,
    /// Its title from now on.
    #[arg(long)]
    title: Option<String>,
    /// Its severity from now on: critical, high, medium, low, info
    #[arg(long)]
    severity: Option<String>,
}

pub(super) fn run(place: &Place, command: Incidents) -> anyhow::Result<ExitCode> {
    match command {
        Incidents::List { state, source, limit } => {
            let path = query(
                "/incidents",
                &[("state", state), ("source", source), ("limit", Some(limit.to_string()))],
            );
            let incidents = place.ask(&path, None)?;
            if place.json { json(&incidents) } else { list(&incidents) }
        }
        Incidents::Show { incident } => {
            let incident = place.ask(&format!("/incidents/{}", segment(&incident)), None)?;
            if place.json { json(&incident) } else { show(&incident) }
        }
        Incidents::Ack(handle) => handled(place, "acknowledge", handle)?,
        Incidents::Unack(handle) => handled(place, "unacknowledge", handle)?,
        Incidents::Resolve(handle) => handled(place, "resolve", handle)?,
        Incidents::Reopen(handle) => handled(place, "reopen", handle)?,
        Incidents::Note(handle) => handled(place, "note", handle)?,
        Incidents::Modify(modify) => modified(place, modify)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn handled(place: &Place, command: &str, handle: Handle) -> anyhow::Result<()> {
    let path = format!("/incidents/{}/{command}", segment(&handle.incident));
    let body = json!({ "actor": handle.actor.unwrap_or_else(person), "text": handle.text.join(" ") });
    done(place, &place.ask(&path, Some(body))?);
    Ok(())
}

fn modified(place: &Place, modify: Modify) -> anyhow::Result<()> {
    let Modify { handle, title, severity } = modify;
    let path = format!("/incidents/{}/modify", segment(&handle.incident));
    let body = json!({
        "actor": handle.actor.unwrap_or_else(person),
        "text": handle.text.join(" "),
        "title": title,
        "severity": severity,
    });
    done(place, &place.ask(&path, Some(body))?);
    Ok(())
}

fn done(place: &Place, incident: &Value) {
    if place.json {
        json(incident);
    } else {
        let already = if incident["changed"] == json!(false) { " already" } else { "" };
        let state = text(incident, "state");
        say!("incident #{} is{already} {state}: {}", text(incident, "number"), text(incident, "title"));
    }
}

fn list(incidents: &Value) {
    let row = |incident: &Value| {
        [
            format!("#{}", text(incident, "number")),
            text(incident, "state"),
            text(incident, "severity"),
            text(incident, "source"),
            second(incident, "opened_at"),
            text(incident, "count"),
            short(&text(incident, "title"), 60),
        ]
    };
    let rows: Vec<_> = items(incidents).iter().map(row).collect();
    if rows.is_empty() {
        say!("no incidents");
    } else {
        print(["", "STATE", "SEVERITY", "SOURCE", "OPENED (UTC)", "COUNT", "TITLE"], &rows);
    }
}

fn show(incident: &Value) {
    say!("#{}  {}", text(incident, "number"), text(incident, "title"));
    say!(
        "{}, {}, from {} ({})",
        text(incident, "state"),
        text(incident, "severity"),
        text(incident, "source"),
        text(incident, "key")
    );
    for (what, path) in
        [("opened", "opened_at"), ("acknowledged", "acknowledged_at"), ("resolved", "resolved_at")]
    {
        if !text(incident, path).is_empty() {
            say!("{what:<13} {} UTC", second(incident, path));
        }
    }
    say!("{:<13} {}", "count", text(incident, "count"));
    say!("{:<13} {}", "id", text(incident, "id"));
    if let Some(labels) = incident["labels"].as_object() {
        for (key, value) in labels {
            let (key, value) = (short(key, 80), short(value.as_str().unwrap_or_default(), 80));
            say!("{:<13} {key} = {value}", "label");
        }
    }
    for link in items(&incident["links"]) {
        say!("{:<13} {} {}", "link", text(link, "title"), text(link, "url"));
    }
    let message = lines(incident, "message");
    if !message.is_empty() {
        say!("\n{}", quoted(&message));
    }
    actions(incident);
    history(incident);
}

/// What each action made of the incident, or why it sends nothing.
fn actions(incident: &Value) {
    if items(&incident["actions"]).is_empty() {
        return;
    }
    say!("\nActions, by the configuration in force");
    for action in items(&incident["actions"]) {
        let sent = match action["deliveries"].as_u64().unwrap_or(0) {
            0 => String::new(),
            1 => "1 delivery".to_owned(),
            count => format!("{count} deliveries"),
        };
        let reasons = texts(&action["not_sent"]);
        let reasons = if sent.is_empty() && reasons.is_empty() {
            "nothing was sent; a change like its opening would be sent now".to_owned()
        } else {
            reasons.join("; ")
        };
        let said: Vec<&str> =
            [sent.as_str(), reasons.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
        say!("  {:<16} {}", text(action, "name"), short(&said.join("; "), 300));
    }
}

fn history(incident: &Value) {
    say!("\nHistory");
    for item in items(&incident["timeline"]) {
        let who = text(item, "actor");
        let by = if who.is_empty() { String::new() } else { format!(" by {who}") };
        let fields = texts(&item["fields"]);
        let action = text(item, "action");
        let of = if action.is_empty() { fields.join(", ") } else { action };
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        let said = short(&text(item, "text"), 100);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        // What leads from here to its attempts: tocsin deliveries show.
        let delivery = text(item, "delivery");
        let delivery = if delivery.is_empty() { delivery } else { format!(" [delivery {delivery}]") };
        say!("  {}  {}{of}{by}{said}{delivery}", second(item, "at"), text(item, "what"));
    }
    let open: Vec<&Value> = items(&incident["deliveries"])
        .iter()
        .filter(|delivery| delivery["settled"] == json!(false))
        .collect();
    if !open.is_empty() {
        say!("\nOn the way");
        for delivery in open {
            say!("  {}", super::deliveries::line(delivery));
        }
    }
}
