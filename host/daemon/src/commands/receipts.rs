//! `tocsin receipts`: requests that came in, the ones that could not be understood first of all.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::place::{Place, person};
use super::table::{items, json, lines, print, query, second, segment, short, text, texts};
use crate::commands::out::{quoted, say};

#[derive(Debug, Subcommand)]
pub(super) enum Receipts {
    /// List requests, newest first.
    List {
        /// Only those that were refused, also in part, or failed.
        #[arg(long)]
        dead_letters: bool,
        /// Only those that were ignored.
        #[arg(long, conflicts_with = "dead_letters")]
        ignored: bool,
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
    /// Decode dead letters or ignored requests again, after their plugin or their source's settings were fixed. What
    /// was applied before is not applied again.
    Redecode {
        /// Which: its id.
        #[arg(required_unless_present = "source", conflicts_with = "source")]
        receipt: Option<String>,
        /// All dead letters of this source, the oldest first.
        #[arg(long)]
        source: Option<String>,
        /// The source's ignored requests in place of its dead letters.
        #[arg(long, requires = "source")]
        ignored: bool,
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
        Receipts::List { dead_letters, ignored, source, limit } => {
            let only = |is_set: bool| is_set.then(|| "true".to_owned());
            let pairs = [
                ("dead_letters", only(dead_letters)),
                ("ignored", only(ignored)),
                ("source", source),
                ("limit", Some(limit.to_string())),
            ];
            let receipts = place.ask(&query("/receipts", &pairs), None)?;
            if place.json { json(&receipts) } else { list(&receipts) }
        }
        Receipts::Show { receipt } => {
            let receipt = place.ask(&format!("/receipts/{}", segment(&receipt)), None)?;
            if place.json { json(&receipt) } else { show(&receipt) }
        }
        Receipts::Redecode { receipt, source, ignored } => {
            return redecode(place, receipt.as_deref(), source.as_deref().unwrap_or_default(), ignored);
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
            status(receipt),
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

fn redecode(place: &Place, receipt: Option<&str>, source: &str, ignored: bool) -> anyhow::Result<ExitCode> {
    let path = match receipt {
        Some(receipt) => format!("/receipts/{}/redecode", segment(receipt)),
        None => format!("/sources/{}/redecode?ignored={ignored}", segment(source)),
    };
    let outcome = place.ask(&path, Some(json!({})))?;
    let outcomes = if outcome.is_array() { items(&outcome) } else { std::slice::from_ref(&outcome) };
    if place.json {
        json(&outcome);
    } else if outcomes.is_empty() {
        say!("{}", if ignored { "no ignored requests" } else { "no dead letters" });
    } else {
        outcomes.iter().for_each(print_outcome);
    }
    let is_dead = outcomes.iter().any(|receipt| receipt["dead_letter"] == json!(true));
    Ok(if is_dead { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Effects that are listed one by one; more are counted.
const EFFECTS_LISTED: usize = 10;

/// The reason and the effects on one line.
fn summary(receipt: &Value) -> String {
    let parts = [text(receipt, "reason"), effects(items(&receipt["effects"]))];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn effects(effects: &[Value]) -> String {
    let has_incident = |effect: &Value| !effect["incident"].is_null();
    if effects.len() <= EFFECTS_LISTED {
        let one = |effect: &Value| match has_incident(effect) {
            true => format!("#{} {}", text(effect, "incident.number"), text(effect, "did")),
            false => format!("no incident for `{}`", text(effect, "key")),
        };
        return effects.iter().map(one).collect::<Vec<_>>().join(", ");
    }
    let mut counts: Vec<(String, usize)> = Vec::new();
    for effect in effects {
        let did = if has_incident(effect) { text(effect, "did") } else { "without an incident".to_owned() };
        match counts.iter_mut().find(|(known, _)| *known == did) {
            Some((_, count)) => *count += 1,
            None => counts.push((did, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(did, count)| format!("{count} {did}")).collect();
    counts.join(", ")
}

/// The status as people read it.
fn status(receipt: &Value) -> String {
    text(receipt, "status").replace('_', " ")
}

fn print_outcome(receipt: &Value) {
    say!("{} {}: {}", text(receipt, "id"), status(receipt), summary(receipt));
}

fn show(receipt: &Value) {
    print_outcome(receipt);
    say!("source {}, came {} UTC", text(receipt, "source"), second(receipt, "at"));
    let plugin = text(receipt, "plugin");
    if !plugin.is_empty() {
        say!("decoded by {plugin}");
    }
    let refused = items(&receipt["refused"]);
    for element in refused {
        say!("refused {}: {}", text(element, "place"), text(element, "reason"));
    }
    let more = receipt["refused_count"].as_u64().unwrap_or(0).saturating_sub(refused.len() as u64);
    if more > 0 {
        say!("refused {more} more");
    }
    for remark in texts(&receipt["remarks"]) {
        say!("remark: {remark}");
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
    say!("\n{}", quoted(&lines(request, "body.text")));
    let binary = text(request, "body.base64");
    if !binary.is_empty() {
        say!("(base 64) {binary}");
    }
    let again = format!("tocsin receipts redecode {}", text(receipt, "id"));
    if receipt["dead_letter"] == json!(true) {
        say!("\nFix what the first line says, then: {again}");
    } else if receipt["decodable"] == json!(true) {
        say!("\nTo decode it again, after a change of the plugin or its settings: {again}");
    }
}
