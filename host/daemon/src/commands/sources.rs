//! `tocsin sources`: where requests come in, and what one would do.

use std::process::ExitCode;

use clap::Subcommand;

use super::place::Place;
use super::repeat::Repeat;
use super::resources::{self, CreateOfPlugin};
use super::table::{json, print, second_if, short};
use crate::commands::out::{complain, say, single};
use crate::operate::api::sources::{Source, Tried};

pub(super) mod shown;
pub(super) mod token;
pub(super) mod tried;

use tried::Try;

#[derive(Debug, Subcommand)]
pub(super) enum Sources {
    /// List the sources of the running relay, with what came in at each, what was rejected, and when it was last heard.
    List,
    /// Decode a request as if it had come, without keeping anything.
    ///
    /// Uses the configuration at hand and needs no running relay: a mapping can be written on any machine. Shows
    /// the events, what was left out and how long it took. If a relay runs for this configuration, it says what would
    /// happen to which incident. What a sender has to prove is not asked for.
    Try(Try),
    /// Generate a random token for senders and show it once; the configuration needs only its SHA-256.
    #[command(after_help = token::EXAMPLES)]
    Token,
    /// Create a source in the running relay, which writes it to a file in its state directory.
    #[command(after_help = resources::CREATE)]
    Create(CreateOfPlugin),
    /// Show the settings of a source and the file that has them.
    Show {
        /// The source's name.
        source: String,
    },
    /// Remove a source that was created this way.
    Remove {
        /// The source's name.
        source: String,
    },
}

pub(super) fn run(place: &Place, command: Sources) -> anyhow::Result<ExitCode> {
    match command {
        Sources::List => list(place),
        Sources::Try(request) => try_out(place, &request),
        Sources::Token => token::run(place),
        Sources::Create(wanted) => wanted.run(place, "sources"),
        Sources::Show { source } => resources::show(place, "sources", &source),
        Sources::Remove { source } => resources::remove(place, "sources", &source),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let sources: Vec<Source> = place.get("/sources")?;
    if place.json {
        json(&sources)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |source: &Source| {
        let open = if source.open { "open to everybody" } else { "" };
        let note = source.problem.as_ref().map_or(open.to_owned(), |problem| short(&single(problem), 80));
        [
            single(&source.name),
            single(&source.plugin),
            source.requests.accepted.to_string(),
            source.requests.ignored.to_string(),
            source.requests.rejected.to_string(),
            second_if(source.requests.last_heard.as_ref()),
            single(&source.url),
            note,
        ]
    };
    let rows: Vec<_> = sources.iter().map(row).collect();
    if rows.is_empty() {
        say!(
            "no sources: Tocsin receives nothing; run `tocsin sources create NAME --plugin PLUGIN`, or add a table [sources.<name>] to the configuration and run `tocsin reload`"
        );
        return Ok(ExitCode::SUCCESS);
    }
    print(["NAME", "PLUGIN", "ACCEPTED", "IGNORED", "REJECTED", "LAST HEARD", "URL", ""], &rows);
    Ok(ExitCode::SUCCESS)
}

/// Tries once, or, with `--watch`, again whenever a file changes.
fn try_out(place: &Place, request: &Try) -> anyhow::Result<ExitCode> {
    if request.watch && request.request.file.as_deref().is_some_and(tried::is_stdin) {
        anyhow::bail!("--watch needs a file: standard input cannot be read again");
    }
    loop {
        let repeat = Repeat::new(tried::files(place, request)?);
        let outcome = tried::try_out(place, request);
        if !request.watch {
            return show(place, &outcome?);
        }
        match outcome {
            Ok(found) => {
                show(place, &found)?;
            }
            // The author is about to correct it.
            Err(error) => complain!("{error:#}"),
        }
        say!("\nWaiting for a change; Ctrl-C ends it.");
        repeat.changed()?;
        say!("\n────");
    }
}

fn show(place: &Place, found: &Tried) -> anyhow::Result<ExitCode> {
    if place.json {
        json(found)?
    } else {
        shown::show(found)
    }
    Ok(if shown::is_good(found) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
