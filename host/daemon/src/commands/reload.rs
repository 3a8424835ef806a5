//! `tocsin reload` and `tocsin diff`: reload the running relay's configuration, or show what a reload would change.

use std::process::ExitCode;

use super::place::Place;
use super::table::json;
use crate::commands::out::{complain, say, single};
use crate::operate::api::configuration::{OtherMatches, Reloaded};
use crate::operate::api::{Actor, Nothing};

/// How many incidents of an action are listed.
const NAMED: usize = 5;

pub(super) const RELOAD: &str = "\
If the configuration has a mistake, the one in force stays. The command lists every mistake and exits with 1.
`tocsin status` shows the refusal until a reload succeeds. `systemctl reload tocsin` and SIGHUP do the same.

Examples:
  tocsin diff       show what a reload would change
  tocsin reload     put it in force
  tocsin check      check it without a running relay";

pub(super) fn reload(place: &Place) -> anyhow::Result<ExitCode> {
    let reloaded: Reloaded = place.post("/config/reload", &Actor { actor: place.person() })?;
    if place.json {
        json(&reloaded)?;
        return Ok(ExitCode::SUCCESS);
    }
    if reloaded.changes.is_empty() {
        say!("nothing differs from the configuration in force");
    } else {
        print_changes(&reloaded);
        say!("the configuration is in force");
    }
    remarks(&reloaded);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn diff(place: &Place) -> anyhow::Result<ExitCode> {
    let compared: Reloaded = place.post("/config/diff", &Nothing {})?;
    if place.json {
        json(&compared)?;
        return Ok(ExitCode::SUCCESS);
    }
    if compared.changes.is_empty() && compared.with_the_next_start.is_empty() {
        say!("nothing differs from the configuration in force");
    } else {
        print_changes(&compared);
        compared.filters.iter().for_each(print_matches);
        say!("`tocsin reload` puts it in force");
    }
    remarks(&compared);
    Ok(ExitCode::SUCCESS)
}

fn print_changes(reloaded: &Reloaded) {
    for change in &reloaded.changes {
        let sign = match change.how.as_str() {
            "added" => '+',
            "removed" => '-',
            _ => '~',
        };
        say!("{sign} {} {}", single(&change.path), single(&change.how));
    }
}

fn print_matches(other: &OtherMatches) {
    let said = |numbers: &[u64], what: &str| {
        let named: Vec<String> = numbers.iter().take(NAMED).map(|number| format!("#{number}")).collect();
        let more = numbers.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!numbers.is_empty()).then(|| format!("{} {what}: {}{more}", numbers.len(), named.join(", ")))
    };
    let parts = [said(&other.more, "new for this action"), said(&other.fewer, "no longer for this action")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    say!("  actions.{}: incidents of the last day: {}", single(&other.action), parts.join("; "));
}

pub(super) fn remarks(reloaded: &Reloaded) {
    for path in &reloaded.with_the_next_start {
        complain!("{}: takes effect at the next start: `systemctl restart tocsin`", single(path));
    }
    for warning in &reloaded.warnings {
        let file = warning.file.as_ref().map(|file| format!("{}: ", single(file))).unwrap_or_default();
        complain!("warning: {file}{}: {}", single(&warning.path), single(&warning.problem));
    }
}
