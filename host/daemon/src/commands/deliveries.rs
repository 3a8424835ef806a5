//! `tocsin deliveries`: what was sent, what was not, and why.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::place::{Place, person};
use super::table::{items, json, print, query, second, segment, short, text};
use crate::commands::out::say;

/// The states of dead letters.
const DEAD: &str = "rejected,expired";

#[derive(Debug, Subcommand)]
pub(super) enum Deliveries {
    /// List deliveries, newest first.
    List {
        /// Only these states, with commas: waiting, due, sending, delivered, accepted, skipped, not_sent,
        /// rejected, expired, discarded
        #[arg(long, value_name = "STATES")]
        state: Option<String>,
        /// Only those that ended without arriving: rejected or expired.
        #[arg(long, conflicts_with = "state")]
        dead_letters: bool,
        /// Only to this connection.
        #[arg(long)]
        connection: Option<String>,
        /// Only of this action.
        #[arg(long)]
        action: Option<String>,
        /// Only of this incident: its number or id.
        #[arg(long)]
        incident: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a delivery with its attempts.
    Show {
        /// Its id.
        delivery: String,
    },
    /// Try one again now: a dead letter, or one that waits for its time. Its connection goes on if it was
    /// paused.
    Retry(Which),
    /// Give up on one that nobody needs any more: a dead letter, or one that is not being sent yet. It is kept,
    /// and what waits behind it goes on.
    Discard(Which),
}

/// One delivery, or all dead letters.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its id.
    #[arg(required_unless_present = "dead_letters")]
    delivery: Option<String>,
    /// All dead letters instead, the oldest first; with --action or --connection, those of one.
    #[arg(long, conflicts_with = "delivery")]
    dead_letters: bool,
    /// Whose dead letters.
    #[arg(long, requires = "dead_letters")]
    action: Option<String>,
    /// The dead letters to which connection.
    #[arg(long, requires = "dead_letters")]
    connection: Option<String>,
    /// Who says so. Default: the user at the terminal
    #[arg(long = "as", value_name = "NAME")]
    actor: Option<String>,
}

/// What can be done to deliveries.
#[derive(Clone, Copy)]
enum Deed {
    Retry,
    Discard,
}

impl Deed {
    /// In the address of the control interface.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Discard => "discard",
        }
    }

    /// Of several, done.
    const fn done(self) -> &'static str {
        match self {
            Self::Retry => "dead letters are tried again",
            Self::Discard => "dead letters are discarded",
        }
    }
}

pub(super) fn run(place: &Place, command: Deliveries) -> anyhow::Result<ExitCode> {
    match command {
        Deliveries::List { state, dead_letters, connection, action, incident, limit } => {
            let pairs = [
                ("state", if dead_letters { Some(DEAD.to_owned()) } else { state }),
                ("connection", connection),
                ("action", action),
                ("incident", incident),
                ("limit", Some(limit.to_string())),
            ];
            let deliveries = place.ask(&query("/deliveries", &pairs), None)?;
            if place.json { json(&deliveries) } else { list(&deliveries) }
        }
        Deliveries::Show { delivery } => {
            let delivery = place.ask(&format!("/deliveries/{}", segment(&delivery)), None)?;
            if place.json { json(&delivery) } else { show(&delivery) }
        }
        Deliveries::Retry(which) => act(place, Deed::Retry, which)?,
        Deliveries::Discard(which) => act(place, Deed::Discard, which)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn act(place: &Place, deed: Deed, which: Which) -> anyhow::Result<()> {
    let actor = which.actor.clone().unwrap_or_else(person);
    let Some(delivery) = &which.delivery else { return to_all(place, deed, &which, &actor) };
    let path = format!("/deliveries/{}/{}", segment(delivery), deed.as_str());
    let delivery = place.ask(&path, Some(json!({ "actor": actor })))?;
    if place.json {
        json(&delivery)
    } else {
        say!("{}", line(&delivery))
    }
    Ok(())
}

fn to_all(place: &Place, deed: Deed, which: &Which, actor: &str) -> anyhow::Result<()> {
    let body = json!({ "actor": actor, "action": which.action, "connection": which.connection });
    let done = place.ask(&format!("/deliveries/{}", deed.as_str()), Some(body))?;
    if place.json {
        json(&done);
    } else {
        say!("{} {}", items(&done).len(), deed.done());
    }
    Ok(())
}

/// A delivery in one line.
pub(super) fn line(delivery: &Value) -> String {
    let last = text(delivery, "last.summary");
    let last = if last.is_empty() { last } else { format!(", last: {}", short(&last, 80)) };
    let next = second(delivery, "next_at");
    let next = if next.is_empty() { next } else { format!(", next at {next}") };
    format!(
        "{} {} to {} is {} after {} attempts{next}{last}",
        text(delivery, "id"),
        text(delivery, "change"),
        text(delivery, "connection"),
        text(delivery, "state"),
        text(delivery, "attempts"),
    )
}

fn list(deliveries: &Value) {
    let row = |delivery: &Value| {
        [
            text(delivery, "id"),
            format!("#{}", text(delivery, "incident.number")),
            text(delivery, "change"),
            text(delivery, "action"),
            text(delivery, "state"),
            text(delivery, "attempts"),
            second(delivery, "next_at"),
            short(&text(delivery, "last.summary"), 70),
        ]
    };
    let rows: Vec<_> = items(deliveries).iter().map(row).collect();
    if rows.is_empty() {
        say!("no deliveries");
    } else {
        print(["ID", "", "CHANGE", "ACTION", "STATE", "TRIED", "NEXT (UTC)", "LAST ANSWER"], &rows);
    }
}

fn show(delivery: &Value) {
    say!("{}", line(delivery));
    say!(
        "action {}, incident #{} {}",
        text(delivery, "action"),
        text(delivery, "incident.number"),
        text(delivery, "incident.title")
    );
    say!("owed since {} UTC", second(delivery, "owed_since"));
    for attempt in items(&delivery["log"]) {
        if attempt["number"] == json!(0) {
            say!("  {} UTC: {}", second(attempt, "at"), text(attempt, "summary"));
            continue;
        }
        let status = text(attempt, "status");
        let status = if status.is_empty() { "no answer".to_owned() } else { format!("HTTP {status}") };
        let took_ms = attempt["took_us"].as_u64().unwrap_or(0) / 1000;
        say!(
            "  {}. {} UTC, {status}, {took_ms} ms: {}",
            text(attempt, "number"),
            second(attempt, "at"),
            text(attempt, "summary"),
        );
    }
    if matches!(text(delivery, "state").as_str(), "rejected" | "expired") {
        let id = text(delivery, "id");
        say!("Mend what the last line says, then: tocsin deliveries retry {id}");
        say!("Nobody needs it any more: tocsin deliveries discard {id}");
    }
}
