//! `tocsin receipts`: requests that came in, the ones that could not be understood first of all.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::listing::{self, Extent, When};
use super::place::Place;
use super::table::{Columns, json, second, segment, short, text};
use crate::commands::out::{quoted, say, single};
use crate::operate::api::Actor;
use crate::operate::api::body::Body;
use crate::operate::api::receipts::{
    Discard, Discarded, Effect, KeptRequest, Receipt, ReceiptList, RedecodeAll, WholeReceipt,
};

#[derive(Debug, Subcommand)]
pub(super) enum Receipts {
    /// List requests, newest first.
    #[command(after_help = EXAMPLES)]
    List(List),
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

const EXAMPLES: &str = "\
Examples:
  tocsin receipts list --dead-letters --source jira
  tocsin receipts list --ignored --since 2h
  tocsin receipts list --since \"2026-11-20 16:50\" --until \"2026-11-20 17:00\" --all";

/// Which requests are listed.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those that were refused, also in part, or failed.
    #[arg(long)]
    dead_letters: bool,
    /// Only those that were ignored.
    #[arg(long, conflicts_with = "dead_letters")]
    ignored: bool,
    /// Only of this source.
    #[arg(long)]
    source: Option<String>,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    extent: Extent,
}

pub(super) fn run(place: &Place, command: Receipts) -> anyhow::Result<ExitCode> {
    match command {
        Receipts::List(wanted) => list(place, &wanted)?,
        Receipts::Show { receipt } => {
            let receipt: WholeReceipt = place.get(&format!("/receipts/{}", segment(&receipt)))?;
            if place.json { json(&receipt)? } else { show(&receipt) }
        }
        Receipts::Redecode { receipt, source, ignored } => {
            return match receipt {
                Some(receipt) => redecode(place, &receipt),
                None => redecode_all(place, &source.unwrap_or_default(), ignored),
            };
        }
        Receipts::Discard { receipts, source, actor } => {
            let wanted = Discard { actor: actor.or_else(|| place.person()), receipts, source };
            let discarded: Discarded = place.post("/receipts/discard", &wanted)?;
            match discarded.discarded {
                _ if place.json => json(&discarded)?,
                0 => {
                    say!(
                        "no dead letters: `tocsin receipts list --dead-letters` lists those that you can discard"
                    )
                }
                count => say!("{count} discarded"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl List {
    /// What is listed.
    const fn things(&self) -> &'static str {
        match (self.dead_letters, self.ignored) {
            (true, _) => "dead letters",
            (_, true) => "ignored requests",
            _ => "receipts",
        }
    }

    /// What to do when there is none.
    const fn hint(&self) -> &'static str {
        if self.when.is_given() || self.source.is_some() {
            "none matches; `tocsin receipts list` without these options lists all"
        } else if self.dead_letters {
            "Tocsin decoded every request; `tocsin receipts list` lists all"
        } else if self.ignored {
            "no plugin ignored a request; `tocsin receipts list` lists all"
        } else {
            "no request was accepted yet; `tocsin sources list` shows each source's address and rejected requests"
        }
    }
}

fn list(place: &Place, list: &List) -> anyhow::Result<()> {
    let (since, until) = list.when.texts();
    let wanted = |after, limit| ReceiptList {
        dead_letters: list.dead_letters,
        ignored: list.ignored,
        source: list.source.clone(),
        since: since.clone(),
        until: until.clone(),
        after,
        limit,
    };
    let mut columns = Columns::new(["ID", "CAME (UTC)", "SOURCE", "STATUS", "WHAT CAME OF IT"]);
    let row = |receipt: &Receipt| {
        [
            single(&receipt.id),
            second(&receipt.at),
            single(&receipt.source),
            status(receipt),
            short(&summary(receipt), 80),
        ]
    };
    let show = |receipts: &[Receipt]| columns.print(&receipts.iter().map(row).collect::<Vec<_>>());
    listing::list(place, ("/receipts", list.things(), list.hint()), &list.extent, wanted, show, |_, _| None)
}

fn redecode(place: &Place, receipt: &str) -> anyhow::Result<ExitCode> {
    let outcome: Receipt =
        place.post(&format!("/receipts/{}/redecode", segment(receipt)), &Actor { actor: place.person() })?;
    if place.json {
        json(&outcome)?
    } else {
        print_outcome(&outcome)
    }
    Ok(exit(&[outcome]))
}

fn redecode_all(place: &Place, source: &str, ignored: bool) -> anyhow::Result<ExitCode> {
    let path = format!("/sources/{}/redecode", segment(source));
    let outcomes: Vec<Receipt> = place.post(&path, &RedecodeAll { ignored, actor: place.person() })?;
    if place.json {
        json(&outcomes)?;
    } else if outcomes.is_empty() {
        let (things, option) =
            if ignored { ("ignored requests", "--ignored") } else { ("dead letters", "--dead-letters") };
        say!("no {things} of this source: `tocsin receipts list {option}` lists those of all sources");
    } else {
        outcomes.iter().for_each(print_outcome);
    }
    Ok(exit(&outcomes))
}

/// A failure while one of them is a dead letter.
fn exit(outcomes: &[Receipt]) -> ExitCode {
    if outcomes.iter().any(|receipt| receipt.dead_letter) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Effects that are listed one by one; more are counted.
const EFFECTS_LISTED: usize = 10;

/// The reason and the effects on one line.
fn summary(receipt: &Receipt) -> String {
    let parts = [text(receipt.reason.as_ref()), effects(&receipt.effects)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn effects(effects: &[Effect]) -> String {
    if effects.len() <= EFFECTS_LISTED {
        let one = |effect: &Effect| match &effect.incident {
            Some(incident) => format!("#{} {}", incident.number, single(&effect.did)),
            None => format!("no incident for `{}`", single(&effect.key)),
        };
        return effects.iter().map(one).collect::<Vec<_>>().join(", ");
    }
    let mut counts: Vec<(String, usize)> = Vec::new();
    for effect in effects {
        let did =
            if effect.incident.is_some() { single(&effect.did) } else { "without an incident".to_owned() };
        match counts.iter_mut().find(|(known, _)| *known == did) {
            Some((_, count)) => *count += 1,
            None => counts.push((did, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(did, count)| format!("{count} {did}")).collect();
    counts.join(", ")
}

/// The status as people read it.
fn status(receipt: &Receipt) -> String {
    single(&receipt.status).replace('_', " ")
}

fn print_outcome(receipt: &Receipt) {
    say!("{} {}: {}", single(&receipt.id), status(receipt), summary(receipt));
}

fn show(whole: &WholeReceipt) {
    let receipt = &whole.receipt;
    print_outcome(receipt);
    say!("source {}, came {} UTC", single(&receipt.source), second(&receipt.at));
    say!("request id {}", single(&receipt.request_id));
    if !receipt.plugin.is_empty() {
        say!("decoded by {}", single(&receipt.plugin));
    }
    let refused = receipt.refused.as_deref().unwrap_or_default();
    for element in refused {
        say!("refused {}: {}", single(&element.place), single(&element.reason));
    }
    let more = receipt.refused_count.unwrap_or(0).saturating_sub(refused.len() as u64);
    if more > 0 {
        say!("refused {more} more");
    }
    for remark in &receipt.remarks {
        say!("remark: {}", single(remark));
    }
    let Some(request) = &whole.request else {
        say!("its bytes are no longer kept");
        return;
    };
    show_request(request);
    let again = format!("tocsin receipts redecode {}", single(&receipt.id));
    if receipt.dead_letter {
        say!("\nFix what the first line says, then: {again}");
    } else if receipt.decodable {
        say!("\nTo decode it again, after a change of the plugin or its settings: {again}");
    }
}

fn show_request(request: &KeptRequest) {
    say!("\n{} {}", single(&request.method), single(&request.path));
    for pair in &request.query {
        say!("  ?{} = {}", single(&pair.name), single(&pair.value));
    }
    for pair in &request.headers {
        say!("  {}: {}", single(&pair.name), single(&pair.value));
    }
    match &request.body {
        Body::Text(text) => say!("\n{}", quoted(text)),
        Body::Base64(binary) => {
            say!("\n");
            say!("(base 64) {}", single(binary));
        }
    }
}
