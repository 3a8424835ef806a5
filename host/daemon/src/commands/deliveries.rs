//! `tocsin deliveries`: what was sent, what was not, and why.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::listing::{self, Extent, When};
use super::place::Place;
use super::table::{Columns, json, second, second_if, segment, short};
use crate::commands::out::{say, single};
use crate::operate::api::Actor;
use crate::operate::api::deliveries::{DeadLetters, Delivery, DeliveryList, Done, WholeDelivery};

/// The states of dead letters.
const DEAD: &str = "rejected,expired";

#[derive(Debug, Subcommand)]
pub(super) enum Deliveries {
    /// List deliveries, newest first.
    #[command(after_help = EXAMPLES)]
    List(List),
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

const EXAMPLES: &str = "\
Examples:
  tocsin deliveries list --dead-letters --action tell-slack
  tocsin deliveries list --incident 42 --all
  tocsin deliveries list --state due,sending --since 1h";

/// Which deliveries are listed.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only in these states, with commas: waiting, due, sending, delivered, accepted, skipped, not_sent,
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
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    extent: Extent,
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
    /// In a path of the API.
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
        Deliveries::List(wanted) => list(place, &wanted)?,
        Deliveries::Show { delivery } => {
            let delivery: WholeDelivery = place.get(&format!("/deliveries/{}", segment(&delivery)))?;
            if place.json { json(&delivery)? } else { show(&delivery) }
        }
        Deliveries::Retry(which) => act(place, Deed::Retry, which)?,
        Deliveries::Discard(which) => act(place, Deed::Discard, which)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn act(place: &Place, deed: Deed, which: Which) -> anyhow::Result<()> {
    let actor = which.actor.or_else(|| place.person());
    let Some(delivery) = &which.delivery else {
        return to_all(
            place,
            deed,
            &DeadLetters { actor, action: which.action, connection: which.connection },
        );
    };
    let path = format!("/deliveries/{}/{}", segment(delivery), deed.as_str());
    let whole: WholeDelivery = place.post(&path, &Actor { actor })?;
    if place.json {
        return json(&whole);
    }
    say!("{}", line(&whole.delivery));
    Ok(())
}

fn to_all(place: &Place, deed: Deed, wanted: &DeadLetters) -> anyhow::Result<()> {
    let done: Done = place.post(&format!("/deliveries/{}", deed.as_str()), wanted)?;
    if place.json {
        return json(&done);
    }
    match done.len() {
        0 => say!("no dead letters to {}; `tocsin deliveries list` lists all deliveries", deed.as_str()),
        count => say!("{count} {}", deed.done()),
    }
    Ok(())
}

/// What the last attempt brought; empty when there was none.
fn last<I>(delivery: &Delivery<I>, width: usize) -> String {
    delivery.last.as_ref().map(|last| short(&single(&last.summary), width)).unwrap_or_default()
}

/// A delivery in one line.
pub(super) fn line<I>(delivery: &Delivery<I>) -> String {
    let last = last(delivery, 80);
    let last = if last.is_empty() { last } else { format!(", last: {last}") };
    let next = second_if(delivery.next_at.as_ref());
    let next = if next.is_empty() { next } else { format!(", next at {next}") };
    format!(
        "{} {} to {} is {} after {} attempts{next}{last}",
        single(&delivery.id),
        single(&delivery.change),
        single(&delivery.connection),
        single(&delivery.state),
        delivery.attempts,
    )
}

impl List {
    /// What is listed.
    const fn things(&self) -> &'static str {
        if self.dead_letters { "dead letters" } else { "deliveries" }
    }

    /// What to do when there is none.
    fn hint(&self) -> &'static str {
        let words = [&self.state, &self.connection, &self.action, &self.incident];
        if self.when.is_given() || words.iter().any(|word| word.is_some()) {
            "none matches; `tocsin deliveries list` without these options lists all"
        } else if self.dead_letters {
            "no delivery failed; `tocsin deliveries list` lists those that arrived and those that Tocsin tries again"
        } else {
            "no incident has triggered an action yet; `tocsin actions list` shows when each runs"
        }
    }
}

fn list(place: &Place, list: &List) -> anyhow::Result<()> {
    let (since, until) = list.when.texts();
    let wanted = |after, limit| DeliveryList {
        state: if list.dead_letters { Some(DEAD.to_owned()) } else { list.state.clone() },
        connection: list.connection.clone(),
        action: list.action.clone(),
        incident: list.incident.clone(),
        since: since.clone(),
        until: until.clone(),
        after,
        limit,
    };
    let mut columns =
        Columns::new(["ID", "", "CHANGE", "ACTION", "STATE", "TRIED", "NEXT (UTC)", "LAST ANSWER"]);
    let row = |delivery: &Delivery| {
        [
            single(&delivery.id),
            format!("#{}", delivery.incident.number),
            single(&delivery.change),
            single(&delivery.action),
            single(&delivery.state),
            delivery.attempts.to_string(),
            second_if(delivery.next_at.as_ref()),
            last(delivery, 70),
        ]
    };
    let show = |deliveries: &[Delivery]| columns.print(&deliveries.iter().map(row).collect::<Vec<_>>());
    listing::list(place, ("/deliveries", list.things(), list.hint()), &list.extent, wanted, show, |_, _| None)
}

fn show(whole: &WholeDelivery) {
    let delivery = &whole.delivery;
    say!("{}", line(delivery));
    say!(
        "action {}, incident #{} {}",
        single(&delivery.action),
        delivery.incident.number,
        single(&delivery.incident.title)
    );
    say!("owed since {} UTC", second(&delivery.owed_since));
    if let (Some(receipt), Some(request)) = (&whole.receipt, &whole.request_id) {
        say!("by receipt {}, request id {}", single(receipt), single(request));
    }
    for attempt in &whole.log {
        let (at, summary) = (second(&attempt.at), single(&attempt.summary));
        if attempt.number == 0 {
            say!("  {at} UTC: {summary}");
            continue;
        }
        let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
        say!("  {}. {at} UTC, {status}, {} ms: {summary}", attempt.number, attempt.took_us / 1000);
    }
    if DEAD.split(',').any(|dead| dead == delivery.state) {
        let id = single(&delivery.id);
        say!("Mend what the last line says, then: tocsin deliveries retry {id}");
        say!("Nobody needs it any more: tocsin deliveries discard {id}");
    }
}
