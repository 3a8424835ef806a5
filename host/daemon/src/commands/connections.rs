//! `tocsin connections`: where requests go, and whether they would arrive.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::place::Place;
use super::table::{items, json, print, second, segment, short, text};
use crate::commands::out::say;

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the connections, and which of them stand still and why.
    List,
    /// Ask a connection's peer something that leaves no trace there: is the address right, are the
    /// credentials?
    Test {
        /// The connection's name.
        connection: String,
    },
}

pub(super) fn run(place: &Place, command: Connections) -> anyhow::Result<ExitCode> {
    match command {
        Connections::List => list(place),
        Connections::Test { connection } => test(place, &connection),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let connections = place.ask("/connections", None)?;
    if place.json {
        json(&connections);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |connection: &Value| {
        let note = match ["problem", "paused.reason", "held.reason"].map(|path| text(connection, path)) {
            [problem, ..] if !problem.is_empty() => problem,
            [_, paused, _] if !paused.is_empty() => format!("paused: {paused}"),
            [.., held] if !held.is_empty() => {
                format!("waits until {} UTC: {held}", second(connection, "held.until"))
            }
            _ => text(connection, "description"),
        };
        [
            text(connection, "name"),
            text(connection, "plugin"),
            text(connection, "type"),
            text(connection, "environment"),
            text(connection, "host"),
            short(&note, 100),
        ]
    };
    let rows: Vec<_> = items(&connections).iter().map(row).collect();
    if rows.is_empty() {
        say!("no connections");
    } else {
        print(["NAME", "PLUGIN", "TYPE", "ENVIRONMENT", "HOST", ""], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn test(place: &Place, connection: &str) -> anyhow::Result<ExitCode> {
    let tested = place.ask(&format!("/connections/{}/test", segment(connection)), Some(json!({})))?;
    if place.json {
        json(&tested);
    } else {
        say!("{}: {}", text(&tested, "host"), text(&tested, "outcome"));
    }
    Ok(if text(&tested, "state") == "bad" { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
