//! `tocsin connections`: where requests go, and whether they would arrive.

use std::process::ExitCode;

use clap::Subcommand;

use super::place::Place;
use super::resources::{self, CreateOfPlugin};
use super::table::{json, print, second, segment, short};
use crate::commands::out::{say, single};
use crate::operate::api::Actor;
use crate::operate::api::connections::{Connection, Tested, Works};

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the connections, and which of them do not work and why.
    List,
    /// Ask a connection's peer something that leaves no trace there: is the address right, are the
    /// credentials?
    Test {
        /// The connection's name.
        connection: String,
    },
    /// Create a connection in the running relay, which writes it to a file in its state directory.
    #[command(after_help = resources::CREATE)]
    Create(CreateOfPlugin),
    /// Show the settings of a connection and the file that has them.
    Show {
        /// The connection's name.
        connection: String,
    },
    /// Remove a connection that was created this way.
    Remove {
        /// The connection's name.
        connection: String,
    },
}

pub(super) fn run(place: &Place, command: Connections) -> anyhow::Result<ExitCode> {
    match command {
        Connections::List => list(place),
        Connections::Test { connection } => test(place, &connection),
        Connections::Create(wanted) => wanted.run(place, "connections"),
        Connections::Show { connection } => resources::show(place, "connections", &connection),
        Connections::Remove { connection } => resources::remove(place, "connections", &connection),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let connections: Vec<Connection> = place.get("/connections")?;
    if place.json {
        json(&connections)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |connection: &Connection| {
        [
            single(&connection.name),
            single(&connection.plugin),
            single(&connection.kind),
            single(&connection.environment),
            single(&connection.host),
            short(&note(connection), 100),
        ]
    };
    let rows: Vec<_> = connections.iter().map(row).collect();
    if rows.is_empty() {
        say!(
            "no connections: Tocsin sends nothing; run `tocsin connections create NAME --plugin PLUGIN`, or add a table [connections.<name>] to the configuration, then `tocsin reload`"
        );
    } else {
        print(["NAME", "PLUGIN", "TYPE", "ENVIRONMENT", "HOST", ""], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// What keeps a connection from sending, else what it is for.
fn note(connection: &Connection) -> String {
    match connection {
        Connection { problem: Some(problem), .. } => single(problem),
        Connection { paused: Some(paused), .. } => format!("paused: {}", single(&paused.reason)),
        Connection { backoff: Some(backoff), .. } => {
            format!("waits until {} UTC: {}", second(&backoff.until), single(&backoff.reason))
        }
        _ => single(&connection.description),
    }
}

fn test(place: &Place, connection: &str) -> anyhow::Result<ExitCode> {
    let tested: Tested = place
        .post(&format!("/connections/{}/test", segment(connection)), &Actor { actor: place.person() })?;
    if place.json {
        json(&tested)?;
    } else {
        say!("{}: {}", single(&tested.host), single(&tested.outcome));
    }
    Ok(if tested.state == Works::Bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
