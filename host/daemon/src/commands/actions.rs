//! `tocsin actions`: what is sent when, and what exactly would be sent.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::body::readable as body;
use super::place::Place;
use super::resources::{self, CreateAction};
use super::table::{json, print, segment, short, text};
use crate::commands::out::{quoted, say, single};
use crate::operate::api::actions::{self as api, Action, Tried};

#[derive(Debug, Subcommand)]
pub(super) enum Actions {
    /// List the actions: when they run, over which connection.
    List,
    /// Render and encode an action for an incident and print the exact request, secrets masked, and whether its
    /// triggers and filter would have it sent. Nothing is sent and nothing is recorded.
    Try(Try),
    /// Create an action in the running relay, which writes it to a file in its state directory.
    #[command(after_help = resources::CREATE)]
    Create(CreateAction),
    /// Show the settings of an action and the file that has them.
    Show {
        /// The action's name.
        action: String,
    },
    /// Remove an action that was created this way.
    Remove {
        /// The action's name.
        action: String,
    },
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
        Actions::Create(wanted) => wanted.run(place),
        Actions::Show { action } => resources::show(place, "actions", &action),
        Actions::Remove { action } => resources::remove(place, "actions", &action),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let actions: Vec<Action> = place.get("/actions")?;
    if place.json {
        json(&actions)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |action: &Action| {
        let note = action.problem.as_ref().filter(|problem| !problem.is_empty());
        [
            single(&action.name),
            single(&action.status),
            text(action.plugin.as_ref()),
            single(&action.connection),
            short(&single(&action.when), 100),
            short(&single(note.unwrap_or(&action.description)), 80),
        ]
    };
    let rows: Vec<_> = actions.iter().map(row).collect();
    if rows.is_empty() {
        say!(
            "no actions: Tocsin sends nothing; run `tocsin actions create NAME --connection CONNECTION`, or add a table [actions.<name>] to the configuration, then `tocsin reload`"
        );
    } else {
        print(["NAME", "STATUS", "PLUGIN", "CONNECTION", "WHEN", ""], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn try_out(place: &Place, wanted: &Try) -> anyhow::Result<ExitCode> {
    let asked = api::Try {
        incident: wanted.incident.clone(),
        change: wanted.change.clone(),
        send: wanted.send,
        actor: place.person(),
        show_url: wanted.show_url,
    };
    let tried: Tried = place.post(&format!("/actions/{}/try", segment(&wanted.action)), &asked)?;
    if place.json {
        json(&tried)?
    } else {
        show(&tried, wanted.send)
    }
    Ok(if tried.good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(tried: &Tried, is_sent: bool) {
    let test = if tried.test { ", marked as a test" } else { "" };
    say!(
        "{} over {}{test}: {} ({})",
        single(&tried.action),
        single(&tried.connection),
        short(&single(&tried.incident), 100),
        single(&tried.change)
    );
    for reason in &tried.not_sent {
        say!("would not be sent: {}", single(reason));
    }
    for request in &tried.requests {
        say!("\n{} {}", single(&request.method), single(&request.address));
        for pair in &request.headers {
            say!("{}: {}", single(&pair.name), single(&pair.value));
        }
        say!("\n{}", quoted(&body(&request.headers, &request.body)));
        if let Some(answer) = &request.answer {
            say!("\n  answered {}", answer.status);
            say!("{}", quoted(&body(&answer.headers, &answer.body)));
        }
    }
    say!("\n{}", single(&tried.outcome));
    if is_sent {
        say!("Nothing was recorded, except that you sent it: `tocsin audit` shows that.");
    } else {
        say!("Nothing was recorded.");
    }
}
