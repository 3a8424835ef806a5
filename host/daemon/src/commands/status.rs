//! `tocsin status`: what the running relay holds, and what does not work.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::place::Place;
use super::table::{json, second, second_if, short};
use crate::commands::out::{say, single};
use crate::operate::api::backup::Schedule;
use crate::operate::api::connections::Connection;
use crate::operate::api::plugins::{PendingPlugin, RefusedFile};
use crate::operate::api::status::{
    Counts, Dropped, Echoes, FailingFilter, KeptSince, Overview, Rejection, Status, Unmatched,
};
use crate::operate::api::store::{SetAside, TableSize};

/// Seconds by which the clock is ahead from which on it is shown.
const AHEAD_SHOWN: u64 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Also show the room that each table takes in the store's file. Reads the whole file.
    #[arg(long)]
    sizes: bool,
}

pub(super) fn run(place: &Place, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let status: Status = place.get("/status")?;
    let sizes = if args.sizes { Some(place.get("/store/sizes")?) } else { None };
    let connections = match place.get("/connections") {
        Ok(connections) => Some(connections),
        // What cannot be read is told once, with the counts.
        Err(_) if status.counts.is_none() => None,
        Err(error) => return Err(error),
    };
    let overview = Overview { status, connections, sizes };
    let still = still(&overview);
    if place.json {
        json(&overview)?
    } else {
        show(&overview, &still)
    }
    Ok(if still.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(overview: &Overview, still: &[String]) {
    let Overview { status, connections, sizes } = overview;
    say!("tocsin {} at {}", single(&status.version), single(&status.listen));
    match &status.counts {
        Some(stored) => counts(stored),
        None => say!("what it holds cannot be read"),
    }
    say!("{:<16} {}", "plugins", single(&status.execution));
    still.iter().for_each(|line| say!("{line}"));
    let harmless = status.rejections.iter().filter(|rejected| !rejected.lost);
    harmless.for_each(|rejected| say!("{}", rejection(rejected)));
    status.echoes.iter().for_each(echoes);
    compiling(&status.plugins.pending);
    status.dropped.iter().for_each(dropped);
    connections.iter().flatten().for_each(waits);
    status.unmatched.iter().for_each(unmatched);
    status.kept_since.iter().for_each(kept_since);
    status.backup.iter().for_each(last_backup);
    sizes.iter().flatten().for_each(size);
    let ahead = status.clock_ahead_seconds;
    if ahead >= AHEAD_SHOWN {
        say!(
            "clock: the system's clock was set back; Tocsin's is {ahead} s ahead of it and runs slower until they \
             agree"
        );
    }
}

/// What a relay holds: a line for each count, in the order of their names.
fn counts(counts: &Counts) {
    let states = |states: &BTreeMap<String, u64>| {
        let parts: Vec<String> =
            states.iter().map(|(state, count)| format!("{count} {}", single(state))).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    };
    let dead = &counts.dead_letters;
    for (what, count) in [
        ("dead letters", format!("{} in, {} out", dead.incoming, dead.outgoing)),
        ("deliveries", states(&counts.deliveries)),
        ("ignored", counts.ignored.to_string()),
        ("incidents", states(&counts.incidents)),
        ("journal entries", counts.journal_entries.to_string()),
        ("kept requests", counts.kept_requests.to_string()),
        ("receipts", counts.receipts.to_string()),
        ("store bytes", counts.store_bytes.to_string()),
    ] {
        say!("{what:<16} {count}");
    }
}

/// What needs somebody, each with what to do about it.
pub(super) fn still(overview: &Overview) -> Vec<String> {
    let status = &overview.status;
    let problems = status.problems.iter();
    let mut still: Vec<String> =
        problems.map(|one| format!("not working: {}: {}", single(&one.path), single(&one.problem))).collect();
    still.extend(overview.connections.iter().flatten().filter_map(paused));
    still.extend(status.filters.iter().map(filter));
    still.extend(status.counts.iter().flat_map(dead_letters));
    still.extend(status.plugins.refused.iter().map(refused));
    still.extend(status.set_aside.iter().map(set_aside));
    // What was kept is among the dead letters; what strangers try is no reason to wake anybody.
    still.extend(status.rejections.iter().filter(|rejected| rejected.lost).map(rejection));
    still
}

/// A connection that is paused.
fn paused(connection: &Connection) -> Option<String> {
    let paused = connection.paused.as_ref()?;
    Some(format!(
        "paused: connection {} since {} UTC: {}\n  it is tried again at {} UTC and goes on by itself when it works; \
         at once: tocsin deliveries retry one of its deliveries",
        single(&connection.name),
        second(&paused.since),
        single(&paused.reason),
        second_if(paused.tried_next.as_ref()),
    ))
}

/// A filter that lets through what it fails on.
fn filter(filter: &FailingFilter) -> String {
    let action = single(&filter.action);
    format!(
        "fails: the filter of action {action}, last on incident #{}, on {} since the start: {}\n  it lets through what \
         it fails on: correct actions.{action}.filter",
        filter.incident,
        incidents(filter.count),
        short(&single(&filter.reason), 200),
    )
}

fn dead_letters(counts: &Counts) -> Vec<String> {
    let dead = &counts.dead_letters;
    let ways = [
        (
            dead.incoming,
            "could not be understood",
            "receipts list --dead-letters",
            "receipts redecode or discard them",
        ),
        (
            dead.outgoing,
            "did not arrive",
            "deliveries list --dead-letters",
            "deliveries retry --dead-letters, or discard",
        ),
    ];
    let there = ways.into_iter().filter(|(count, ..)| *count > 0);
    let line = |(count, kept, list, again)| {
        format!("dead letters: {count} {kept}: tocsin {list}\n  after fixing the cause: tocsin {again}")
    };
    there.map(line).collect()
}

/// A plugin file that is not in force.
fn refused(file: &RefusedFile) -> String {
    let verdict = if file.needs_approval { "waits" } else { "refused" };
    let (name, why) = (short(&single(&file.file), 100), short(&single(&file.why), 1000));
    format!("{verdict}: plugin file {name}: {why}")
}

/// Plugins that will be in force by themselves.
fn compiling(plugins: &[PendingPlugin]) {
    for plugin in plugins {
        let Some(seconds) = plugin.compiling_seconds else { continue };
        let more = plugins.len() - 1;
        let others = if more == 0 { String::new() } else { format!("; {more} more wait") };
        say!("compiling: {}, {seconds} s{others}", single(&plugin.name));
    }
}

/// A record that cannot be read, and what to do about it.
fn set_aside(row: &SetAside) -> String {
    let incident =
        row.incident.as_ref().map(|id| format!(", of incident {}", single(id))).unwrap_or_default();
    let waits = if row.after_entry.is_none() { "found, and not set aside yet" } else { "set aside" };
    format!(
        "{waits}: {} {}{incident}: the record cannot be read: {}\n  {} Everything else goes on.\n  check the disk and \
         make a backup; when it is seen to: tocsin verify --dismiss",
        single(&row.table),
        single(&row.key),
        short(&single(&row.problem), 200),
        single(&row.consequence),
    )
}

/// Requests that were rejected, and what to do about it.
fn rejection(rejected: &Rejection) -> String {
    let of = match &rejected.source {
        Some(source) => format!("source {}", single(source)),
        None => "addresses without a source".to_owned(),
    };
    format!(
        "rejected: {of}: {} in the last hour with {}: {}\n  {}",
        rejected.in_the_last_hour,
        rejected.status,
        short(&single(&rejected.reason), 200),
        single(&rejected.fix),
    )
}

/// Messages of the relay that came back to it: a loop that was not made.
fn echoes(echoes: &Echoes) {
    let name = single(&echoes.source);
    say!(
        "came back: source {name}: {} events are messages of this relay, for which no incident was opened: tocsin \
         receipts list --ignored --source {name}",
        echoes.count,
    );
}

/// Dead letters that cannot be decoded again.
fn dropped(dropped: &Dropped) {
    let name = single(&dropped.source);
    say!(
        "dropped: source {name}: the bytes of {} dead letters went, the oldest first, since more came than \
         keep_bytes allows: raise it in [sources.{name}], or redecode or discard them sooner",
        dropped.count,
    );
}

/// What goes on by itself.
fn waits(connection: &Connection) {
    let Some(backoff) = &connection.backoff else { return };
    say!(
        "waits: connection {} until {} UTC, as its peer asks: {}",
        single(&connection.name),
        second(&backoff.until),
        single(&backoff.reason),
    );
    say!("  it goes on by itself; at once: tocsin deliveries retry one of its deliveries");
}

/// How far back what is forgotten after a time is still there.
fn kept_since(since: &KeptSince) {
    let time =
        |at: &Option<String>| at.as_ref().map_or("none".to_owned(), |at| format!("{} UTC", second(at)));
    let journal = match &since.journal_cut {
        Some(cut) => format!("entry {}", cut.entry + 1),
        None => "the beginning".to_owned(),
    };
    say!(
        "kept since       resolved incidents {}, receipts {}, journal {journal}",
        time(&since.resolved_incidents),
        time(&since.receipts),
    );
}

/// The newest backup that the relay made by itself.
fn last_backup(backup: &Schedule) {
    match &backup.last {
        Some(last) => say!(
            "last backup      {} UTC, {} bytes, digest {}",
            second(&last.at),
            last.bytes,
            single(&last.digest)
        ),
        None => say!("last backup      none yet in {}", single(&backup.dir)),
    }
}

/// The room that a table takes.
fn size(size: &TableSize) {
    say!(
        "table {:<24} {} rows, {} bytes stored, {} metadata, {} fragmented",
        single(&size.table),
        size.rows,
        size.stored_bytes,
        size.metadata_bytes,
        size.fragmented_bytes,
    );
}

fn incidents(count: u64) -> String {
    format!("{count} {}", if count == 1 { "incident" } else { "incidents" })
}

/// Incidents that nobody was told of, for want of an action that takes them.
fn unmatched(unmatched: &Unmatched) {
    if unmatched.count == 0 {
        return;
    }
    let first = unmatched.latest.first().copied().unwrap_or_default();
    let numbers: Vec<String> = unmatched.latest.iter().map(|number| format!("#{number}")).collect();
    let at_least = if unmatched.more { "at least " } else { "" };
    say!(
        "unmatched: no action took {at_least}{} of the last {} hours, the latest: {}",
        incidents(unmatched.count),
        unmatched.hours,
        numbers.join(", ")
    );
    match &unmatched.fallback {
        Some(fallback) => {
            say!("  they went to the fallback, {}; why: tocsin incidents show {first}", single(fallback))
        }
        None => say!(
            "  why: tocsin incidents show {first}; to receive them, set `fallback` in [routing] to an action's name"
        ),
    }
}
