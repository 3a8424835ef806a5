//! `tocsin actions`: what is sent when, and what exactly would be sent.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::body::readable as body;
use super::place::Place;
use super::table::{items, json, print, segment, short, text, texts};
use crate::commands::out::{quoted, say, single};

#[derive(Debug, Subcommand)]
pub(super) enum Actions {
    /// List the actions: when they run, over which connection.
    List,
    /// Render and encode an action for an incident and print the exact request, secrets masked, and whether its
    /// triggers and filter would have it sent. Nothing is sent and nothing is recorded.
    Try(Try),
}

/// What is to be tried.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// The action's name.
    action: String,
    /// The incident: its number or id. Default: a sample
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// What happened to it: opened, updated, acknowledged, unacknowledged, resolved, reopened, noted, repeated,
    /// flapping, steady, referenced. The incident is shown as it would be then. Default: what its state says
    #[arg(long)]
    change: Option<String>,
    /// Send it over the action's test connection, marked as a test, and print every request and answer.
    #[arg(long)]
    send: bool,
    /// Print addresses whole. They are often secrets.
    #[arg(long)]
    show_url: bool,
}

pub(super) fn run(place: &Place, command: Actions) -> anyhow::Result<ExitCode> {
    match command {
        Actions::List => list(place),
        Actions::Try(wanted) => try_out(place, &wanted),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let actions = place.ask("/actions", None)?;
    if place.json {
        json(&actions);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |action: &Value| {
        let problem = text(action, "problem");
        let note = if problem.is_empty() { text(action, "description") } else { problem };
        [
            text(action, "name"),
            text(action, "status"),
            text(action, "plugin"),
            text(action, "connection"),
            short(&text(action, "when"), 100),
            short(&note, 80),
        ]
    };
    let rows: Vec<_> = items(&actions).iter().map(row).collect();
    if rows.is_empty() {
        say!("no actions");
    } else {
        print(["NAME", "STATUS", "PLUGIN", "CONNECTION", "WHEN", ""], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn try_out(place: &Place, wanted: &Try) -> anyhow::Result<ExitCode> {
    let given = json!({
        "incident": wanted.incident,
        "change": wanted.change,
        "send": wanted.send,
        "show_url": wanted.show_url,
    });
    let tried = place.ask(&format!("/actions/{}/try", segment(&wanted.action)), Some(given))?;
    if place.json {
        json(&tried);
    } else {
        show(&tried);
    }
    Ok(if tried["good"] == json!(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(tried: &Value) {
    let test = if tried["test"] == json!(true) { ", marked as a test" } else { "" };
    say!(
        "{} over {}{test}: {} ({})",
        text(tried, "action"),
        text(tried, "connection"),
        short(&text(tried, "incident"), 100),
        text(tried, "change")
    );
    for reason in texts(&tried["not_sent"]) {
        say!("would not be sent: {reason}");
    }
    for request in items(&tried["requests"]) {
        say!("\n{} {}", text(request, "method"), text(request, "address"));
        headers(request);
        say!("\n{}", quoted(&body(request)));
        let answer = &request["answer"];
        if !answer.is_null() {
            say!("\n  answered {}", text(answer, "status"));
            say!("{}", quoted(&body(answer)));
        }
    }
    say!("\n{}", text(tried, "outcome"));
    say!("Nothing was recorded.");
}

fn headers(request: &Value) {
    for pair in items(&request["headers"]) {
        let part = |at: usize| pair.get(at).and_then(Value::as_str).unwrap_or_default();
        say!("{}: {}", single(part(0)), single(part(1)));
    }
}
