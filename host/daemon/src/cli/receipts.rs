//! `tocsin receipts`: requests that came in, the ones that could not be understood first of all.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::out::say;
use super::table::{items, json, print, query, second, segment, short, text};
use super::{Place, person};

#[derive(Debug, Subcommand)]
pub(super) enum Receipts {
    /// List requests, newest first.
    List {
        /// Only those that were refused or failed.
        #[arg(long)]
        dead_letters: bool,
        /// Only of this source.
        #[arg(long)]
        source: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a request as it came, and what came of it.
    Show {
        /// Its id.
        receipt: String,
    },
    /// Decode dead letters again, after their plugin or their source's settings were mended.
    Redecode {
        /// Which: its id.
        #[arg(required_unless_present = "source", conflicts_with = "source")]
        receipt: Option<String>,
        /// All of this source, the oldest first.
        #[arg(long)]
        source: Option<String>,
    },
    /// Give up on dead letters: they are no longer listed as such.
    Discard {
        /// Which: their ids.
        #[arg(required_unless_present = "source")]
        receipts: Vec<String>,
        /// All of this source.
        #[arg(long)]
        source: Option<String>,
        /// Who says so. Default: the user at the terminal
        #[arg(long = "as", value_name = "NAME")]
        actor: Option<String>,
    },
}

pub(super) fn run(place: &Place, command: Receipts) -> anyhow::Result<ExitCode> {
    match command {
        Receipts::List { dead_letters, source, limit } => {
            let dead = dead_letters.then(|| "true".to_owned());
            let pairs = [("dead_letters", dead), ("source", source), ("limit", Some(limit.to_string()))];
            let receipts = place.ask(&query("/receipts", &pairs), None)?;
            if place.json { json(&receipts) } else { list(&receipts) }
        }
        Receipts::Show { receipt } => {
            let receipt = place.ask(&format!("/receipts/{}", segment(&receipt)), None)?;
            if place.json { json(&receipt) } else { show(&receipt) }
        }
        Receipts::Redecode { receipt, source } => {
            let path = match (&receipt, &source) {
                (Some(receipt), _) => format!("/receipts/{}/redecode", segment(receipt)),
                (None, source) => {
                    format!("/sources/{}/redecode", segment(source.as_deref().unwrap_or_default()))
                }
            };
            let outcome = place.ask(&path, Some(json!({})))?;
            let outcomes = if outcome.is_array() { items(&outcome) } else { std::slice::from_ref(&outcome) };
            if place.json {
                json(&outcome)
            } else {
                outcomes.iter().for_each(print_outcome);
                if outcomes.is_empty() {
                    say!("no dead letters");
                }
            }
            if outcomes.iter().any(|receipt| receipt["dead_letter"] == json!(true)) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Receipts::Discard { receipts, source, actor } => {
            let body =
                json!({ "receipts": receipts, "source": source, "actor": actor.unwrap_or_else(person) });
            let discarded = place.ask("/receipts/discard", Some(body))?;
            if place.json { json(&discarded) } else { say!("{} discarded", text(&discarded, "discarded")) }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(receipts: &Value) {
    let row = |receipt: &Value| {
        [
            text(receipt, "id"),
            second(receipt, "at"),
            text(receipt, "source"),
            text(receipt, "status"),
            short(&summary(receipt), 80),
        ]
    };
    let rows: Vec<_> = items(receipts).iter().map(row).collect();
    if rows.is_empty() {
        say!("no receipts");
    } else {
        print(["ID", "CAME (UTC)", "SOURCE", "STATUS", "WHAT CAME OF IT"], &rows);
    }
}

fn summary(receipt: &Value) -> String {
    let effects: Vec<String> = items(&receipt["effects"])
        .iter()
        .map(|effect| format!("#{} {}", text(effect, "incident.number"), text(effect, "did")))
        .collect();
    if effects.is_empty() { text(receipt, "reason") } else { effects.join(", ") }
}

fn print_outcome(receipt: &Value) {
    say!("{} {}: {}", text(receipt, "id"), text(receipt, "status"), summary(receipt));
}

fn show(receipt: &Value) {
    print_outcome(receipt);
    say!("source {}, came {} UTC", text(receipt, "source"), second(receipt, "at"));
    let plugin = text(receipt, "plugin");
    if !plugin.is_empty() {
        say!("decoded by {plugin}");
    }
    let request = &receipt["request"];
    if request.is_null() {
        say!("its bytes are no longer kept");
        return;
    }
    say!("\n{} {}", text(request, "method"), text(request, "path"));
    for pair in items(&request["query"]) {
        say!("  ?{} = {}", text(pair, "name"), text(pair, "value"));
    }
    for pair in items(&request["headers"]) {
        say!("  {}: {}", text(pair, "name"), text(pair, "value"));
    }
    say!("\n{}", text(request, "body.text"));
    let binary = text(request, "body.base64");
    if !binary.is_empty() {
        say!("(base 64) {binary}");
    }
    if receipt["dead_letter"] == json!(true) {
        say!("\nMend what the first line says, then: tocsin receipts redecode {}", text(receipt, "id"));
    }
}
