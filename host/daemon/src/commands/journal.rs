//! `tocsin journal`: what was recorded, entry by entry, from the running relay or from the file of one that is stopped.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use tocsin_core::time::Timestamp;
use tocsin_store::Store;

use super::listing::moment;
use super::place::Place;
use super::table::{second, short};
use super::verify::open;
use crate::commands::out::{complain, escaped, say, single};
use crate::operate::api::journal::{Entry, JournalList, JournalPage};
use crate::operate::control::journal_page;

/// Entries of one page.
const PAGE: usize = 500;
/// Characters of a fact's line.
const WIDTH: usize = 400;

const EXAMPLES: &str = "\
Examples:
  tocsin journal show                          the last 50 entries
  tocsin journal show --incident 42            everything that happened to incident #42 and its deliveries
  tocsin journal show --since 15m --limit 500  the last quarter of an hour
  tocsin journal show --receipt 01JD…          what this request brought about
  tocsin journal show --from 1200 --to 1210 --verbose
  tocsin journal show --from 1 --all --json | jq -c '.facts[] | select(.fact == \"incident_opened\")'";

#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Show entries of the journal, the oldest first: when, what made them, and each fact on a line. Also while the
    /// relay is stopped.
    #[command(after_help = EXAMPLES)]
    Show(Show),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// From the entry with this number on.
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Up to the entry with this number.
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// From this time on: 2026-11-20T16:50:00Z, "2026-11-20 16:50" for UTC, or how long ago: 2h
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only about this incident and its deliveries: its number (42) or id.
    #[arg(long, value_name = "INCIDENT")]
    incident: Option<String>,
    /// Only about this request: its receipt's id.
    #[arg(long, value_name = "ID")]
    receipt: Option<String>,
    /// At most this many entries.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// All that there are.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Also show the digest of the configuration that decided, and the epoch.
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run(place: &Place, command: &Journal) -> anyhow::Result<ExitCode> {
    let Journal::Show(show) = command;
    if place.is_running()? {
        shown(place, show, |list| place.list("/journal", list))?;
    } else {
        let store = open(place)?;
        let done = shown(place, show, |list| offline(&store, list));
        store.close();
        done?;
    }
    Ok(ExitCode::SUCCESS)
}

fn offline(store: &Store, list: &JournalList) -> anyhow::Result<JournalPage> {
    journal_page(store, list).map_err(|problem| anyhow::anyhow!(problem.detail().to_owned()))
}

/// Prints page after page of what `ask` answers.
fn shown(
    place: &Place,
    show: &Show,
    ask: impl Fn(&JournalList) -> anyhow::Result<JournalPage>,
) -> anyhow::Result<()> {
    let mut list = JournalList {
        from: show.from.or(show.all.then_some(1).filter(|_| !show.is_narrowed())),
        to: show.to,
        since: show.since.map(|at| at.to_string()),
        incident: show.incident.clone(),
        receipt: show.receipt.clone(),
        limit: None,
    };
    let limit = if show.all { usize::MAX } else { usize::try_from(show.limit).unwrap_or(usize::MAX) };
    let mut count = 0;
    loop {
        list.limit = Some(PAGE.min(limit - count));
        let page = ask(&list)?;
        for entry in &page.entries {
            if place.json {
                say!("{}", escaped(&serde_json::to_string(entry)?))
            } else {
                print(entry, show.verbose)
            }
        }
        count += page.entries.len();
        match page.next {
            Some(next) if count >= limit => {
                more(place, &page, next);
                return Ok(());
            }
            Some(next) => list.from = Some(next),
            None => {
                if count == 0 && !place.json {
                    say!("{}", nothing(&page));
                }
                return Ok(());
            }
        }
    }
}

impl Show {
    /// Whether something says where to begin, or what to look for.
    const fn is_narrowed(&self) -> bool {
        self.since.is_some() || self.incident.is_some() || self.receipt.is_some()
    }
}

/// Says that the journal goes on. Standard output has entries alone with `--json`.
fn more(place: &Place, page: &JournalPage, next: u64) {
    let last = page.last.unwrap_or(next);
    let words = format!("more: go on with --from {next}; the last entry is {last}");
    if place.json {
        complain!("{words}");
    } else {
        say!("{words}");
    }
}

fn nothing(page: &JournalPage) -> String {
    match (page.first, page.last) {
        (Some(first), Some(last)) => format!("no such entries: the journal has {first} to {last}"),
        _ => {
            "the journal has no entry: no request has arrived yet; `tocsin sources list` shows the addresses"
                .to_owned()
        }
    }
}

fn print(entry: &Entry, verbose: bool) {
    let number = entry.number;
    if let Some(problem) = &entry.unreadable {
        say!("{number}  it cannot be read: {}", single(problem));
        return;
    }
    let at = entry.at.as_deref().map(second).unwrap_or_default();
    let cause =
        entry.cause.as_ref().map(|cause| short(&single(&cause.description), WIDTH)).unwrap_or_default();
    say!("{number}  {at} UTC  {cause}");
    if verbose {
        let policy = single(entry.policy.as_deref().unwrap_or_default());
        say!("    policy {policy}, epoch {}", entry.epoch.unwrap_or_default());
    }
    for fact in &entry.facts {
        say!("    {}", short(&single(&fact.description), WIDTH));
    }
}
