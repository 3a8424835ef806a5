//! `tocsin status`: what the running relay holds, and what stands still.

use std::process::ExitCode;

use super::Place;
use super::out::say;
use super::table::{items, json, second, text};

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let mut status = place.ask("/status", None)?;
    let connections = place.ask("/connections", None)?;
    if place.json {
        status["connections"] = connections;
        json(&status);
        return Ok(ExitCode::SUCCESS);
    }
    say!("tocsin {} at {}", text(&status, "version"), text(&status, "listen"));
    if let Some(counts) = status["counts"].as_object() {
        for (what, count) in counts {
            match count.as_object() {
                Some(parts) => {
                    let parts: Vec<String> =
                        parts.iter().map(|(name, count)| format!("{count} {name}")).collect();
                    say!("{:<16} {}", what.replace('_', " "), parts.join(", "));
                }
                None => say!("{:<16} {count}", what.replace('_', " ")),
            }
        }
    }
    let mut still = false;
    for problem in items(&status["problems"]) {
        still = true;
        say!("stands still: {}: {}", text(problem, "path"), text(problem, "problem"));
    }
    for connection in items(&connections).iter().filter(|connection| !connection["paused"].is_null()) {
        still = true;
        say!(
            "paused: connection {} since {} UTC: {}",
            text(connection, "name"),
            second(connection, "paused.since"),
            text(connection, "paused.reason"),
        );
        say!("  when it is mended: restart the relay, or tocsin deliveries retry one of its deliveries");
    }
    for connection in items(&connections).iter().filter(|connection| !connection["held"].is_null()) {
        say!(
            "waits: connection {} until {} UTC, as its peer asks: {}",
            text(connection, "name"),
            second(connection, "held.until"),
            text(connection, "held.reason"),
        );
        say!("  it goes on by itself; at once: tocsin deliveries retry one of its deliveries");
    }
    Ok(if still { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
