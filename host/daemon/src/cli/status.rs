//! `tocsin status`: what the running relay holds, and what stands still.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Place;
use super::table::{items, json as print_json, second, short, text};
use crate::out::say;

/// Seconds by which the clock is ahead from which on it is shown.
const AHEAD_SHOWN: u64 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Also show the room that each table takes in the store's file. Reads the whole file.
    #[arg(long)]
    sizes: bool,
}

pub(super) fn run(place: &Place, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let mut status = place.ask("/status", None)?;
    if args.sizes {
        status["sizes"] = place.ask("/sizes", None)?;
    }
    match place.ask("/connections", None) {
        Ok(connections) => status["connections"] = connections,
        // What cannot be read is told once, with the counts.
        Err(_) if status["counts"].is_null() => {}
        Err(error) => return Err(error),
    }
    let still = still(&status);
    if place.json {
        print_json(&status);
    } else {
        say!("tocsin {} at {}", text(&status, "version"), text(&status, "listen"));
        if status["counts"].is_null() {
            say!("what it holds cannot be read");
        }
        counts(&status["counts"]);
        still.iter().for_each(|line| say!("{line}"));
        let harmless = items(&status["rejections"]).iter().filter(|one| one["lost"] != json!(true));
        harmless.for_each(|rejected| say!("{}", rejection(rejected)));
        echoes(&status["echoes"]);
        compiling(items(&status["plugins"]["waiting"]));
        dropped(&status["dropped"]);
        waits(&status["connections"]);
        unmatched(&status["unmatched"]);
        last_backup(&status["backup"]);
        sizes(&status["sizes"]);
        let ahead = status["clock_ahead_seconds"].as_u64().unwrap_or(0);
        if ahead >= AHEAD_SHOWN {
            say!(
                "clock: the system's clock was set back; Tocsin's is {ahead} s ahead of it and runs slower until they \
                 agree"
            );
        }
    }
    Ok(if still.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn counts(counts: &Value) {
    for (what, count) in counts.as_object().into_iter().flatten() {
        let what = what.replace('_', " ");
        match count.as_object() {
            Some(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(name, count)| format!("{count} {name}")).collect();
                say!("{what:<16} {}", if parts.is_empty() { "none".to_owned() } else { parts.join(", ") });
            }
            None => say!("{what:<16} {count}"),
        }
    }
}

/// What needs somebody, each with what to do about it.
fn still(status: &Value) -> Vec<String> {
    let problem =
        |problem: &Value| format!("stands still: {}: {}", text(problem, "path"), text(problem, "problem"));
    let mut still: Vec<String> = items(&status["problems"]).iter().map(problem).collect();
    for connection in items(&status["connections"]).iter().filter(|one| !one["paused"].is_null()) {
        still.push(format!(
            "paused: connection {} since {} UTC: {}\n  it is tried again at {} UTC and goes on by itself when it works; \
             at once: tocsin deliveries retry one of its deliveries",
            text(connection, "name"),
            second(connection, "paused.since"),
            text(connection, "paused.reason"),
            second(connection, "paused.tried_next"),
        ));
    }
    for filter in items(&status["filters"]) {
        still.push(format!(
            "fails: the filter of action {}, last on incident #{}, on {} since the start: {}\n  it lets through what it \
             fails on: correct actions.{}.filter",
            text(filter, "action"),
            text(filter, "incident"),
            incidents(filter["count"].as_u64().unwrap_or(0)),
            short(&text(filter, "reason"), 200),
            text(filter, "action"),
        ));
    }
    for (way, kept, list, again) in [
        (
            "in",
            "could not be understood",
            "receipts list --dead-letters",
            "receipts redecode or discard them",
        ),
        (
            "out",
            "did not arrive",
            "deliveries list --dead-letters",
            "deliveries retry --dead-letters, or discard",
        ),
    ] {
        let count = status["counts"]["dead_letters"][way].as_u64().unwrap_or(0);
        if count > 0 {
            still.push(format!(
                "dead letters: {count} {kept}: tocsin {list}\n  after fixing the cause: tocsin {again}"
            ));
        }
    }
    still.extend(items(&status["plugins"]["refused"]).iter().map(refused));
    still.extend(items(&status["set_aside"]).iter().map(set_aside));
    // What was kept is among the dead letters; what strangers try is no reason to wake anybody.
    let lost = items(&status["rejections"]).iter().filter(|one| one["lost"] == json!(true));
    still.extend(lost.map(rejection));
    still
}

/// A plugin file that is not in force.
fn refused(file: &Value) -> String {
    let verdict = if file["needs_approval"] == json!(true) { "waits" } else { "refused" };
    format!("{verdict}: plugin file {}: {}", short(&text(file, "file"), 100), short(&text(file, "why"), 1000))
}

/// Plugins that will be in force by themselves.
fn compiling(plugins: &[Value]) {
    for plugin in plugins.iter().filter(|plugin| !plugin["compiling_seconds"].is_null()) {
        let more = plugins.len() - 1;
        let others = if more == 0 { String::new() } else { format!("; {more} more wait") };
        say!("compiling: {}, {} s{others}", text(plugin, "name"), text(plugin, "compiling_seconds"));
    }
}

/// A record that cannot be read, and what to do about it.
fn set_aside(row: &Value) -> String {
    let incident = row["incident"].as_str().map(|id| format!(", of incident {id}")).unwrap_or_default();
    let waits = if row["after_entry"].is_null() { "found, and not set aside yet" } else { "set aside" };
    format!(
        "{waits}: {} {}{incident}: the record cannot be read: {}\n  {} Everything else goes on.\n  check the disk and \
         make a backup; when it is seen to: tocsin verify --dismiss",
        text(row, "table"),
        text(row, "key"),
        short(&text(row, "problem"), 200),
        text(row, "consequence"),
    )
}

/// Requests that were rejected, and what to do about it.
fn rejection(rejected: &Value) -> String {
    let source = text(rejected, "source");
    let of =
        if source.is_empty() { "addresses without a source".to_owned() } else { format!("source {source}") };
    format!(
        "rejected: {of}: {} in the last hour with {}: {}\n  {}",
        text(rejected, "in_the_last_hour"),
        text(rejected, "status"),
        short(&text(rejected, "reason"), 200),
        text(rejected, "fix"),
    )
}

/// Messages of the relay that came back to it: a loop that was not made.
fn echoes(sources: &Value) {
    for source in items(sources) {
        let name = text(source, "source");
        say!(
            "came back: source {name}: {} events are messages of this relay, for which no incident was opened: tocsin \
             receipts list --ignored --source {name}",
            text(source, "count"),
        );
    }
}

/// Dead letters that cannot be decoded again.
fn dropped(sources: &Value) {
    for source in items(sources) {
        let name = text(source, "source");
        say!(
            "dropped: source {name}: the bytes of {} dead letters went, the oldest first, since more came than \
             keep_bytes allows: raise it in [sources.{name}], or redecode or discard them sooner",
            text(source, "count"),
        );
    }
}

/// What goes on by itself.
fn waits(connections: &Value) {
    for connection in items(connections).iter().filter(|connection| !connection["held"].is_null()) {
        say!(
            "waits: connection {} until {} UTC, as its peer asks: {}",
            text(connection, "name"),
            second(connection, "held.until"),
            text(connection, "held.reason"),
        );
        say!("  it goes on by itself; at once: tocsin deliveries retry one of its deliveries");
    }
}

/// The latest backup that the relay made by itself.
fn last_backup(backup: &Value) {
    if backup["last"].is_object() {
        say!(
            "last backup      {} UTC, {} bytes, digest {}",
            second(backup, "last.at"),
            text(backup, "last.bytes"),
            text(backup, "last.digest"),
        );
    } else if backup.is_object() {
        say!("last backup      none yet in {}", text(backup, "dir"));
    }
}

/// The room that each table takes.
fn sizes(tables: &Value) {
    for table in items(tables) {
        say!(
            "table {:<24} {} rows, {} bytes stored, {} metadata, {} fragmented",
            text(table, "table"),
            text(table, "rows"),
            text(table, "stored_bytes"),
            text(table, "metadata_bytes"),
            text(table, "fragmented_bytes"),
        );
    }
}

fn incidents(count: u64) -> String {
    format!("{count} {}", if count == 1 { "incident" } else { "incidents" })
}

/// Incidents that nobody was told of, for want of an action that takes them.
fn unmatched(unmatched: &Value) {
    let count = unmatched["count"].as_u64().unwrap_or(0);
    if count == 0 {
        return;
    }
    let numbers: Vec<u64> = items(&unmatched["latest"]).iter().filter_map(Value::as_u64).collect();
    let first = numbers.first().copied().unwrap_or_default();
    let numbers: Vec<String> = numbers.iter().map(|number| format!("#{number}")).collect();
    let at_least = if unmatched["more"] == json!(true) { "at least " } else { "" };
    say!(
        "unmatched: no action took {at_least}{} of the last 24 hours, the latest: {}",
        incidents(count),
        numbers.join(", ")
    );
    match unmatched["fallback"].as_str() {
        Some(fallback) => say!("  they went to the fallback, {fallback}; why: tocsin incidents show {first}"),
        None => say!(
            "  why: tocsin incidents show {first}; to receive them, set `fallback` in [routing] to an action's name"
        ),
    }
}
