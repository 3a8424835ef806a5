//! `tocsin verify`: is what is stored what the journal says?

use std::process::ExitCode;

use anyhow::Context;
use tocsin_store::{OpenError, Options, Store};

use super::client;
use super::place::Place;
use super::table::{json, second};
use crate::commands::out::{complain, say, single};
use crate::config::store_in;
use crate::operate::api::Nothing;
use crate::operate::api::store::{Dismissed, Verified};
use crate::operate::control::verified;

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Take the records that were set aside, because they could not be read, off the list of `tocsin status`, and
    /// count the digest of the state anew.
    #[arg(long)]
    dismiss: bool,
}

pub(super) fn run(place: &Place, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    if args.dismiss {
        return dismiss(place);
    }
    // A relay that runs holds the store: then it is asked, otherwise the file is read here.
    let report: Verified = match client::is_running(&place.socket()?)? {
        true => place.post("/verify", &Nothing {})?,
        false => offline(place)?,
    };
    if place.json {
        json(&report)?
    } else {
        print(&report)
    }
    Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn dismiss(place: &Place) -> anyhow::Result<ExitCode> {
    let dismissed: Dismissed = match client::is_running(&place.socket()?)? {
        true => place.post("/dismiss", &Nothing {})?,
        false => {
            let store = open(place)?;
            let dismissed = store.dismiss_set_aside();
            store.close();
            Dismissed { dismissed: dismissed? }
        }
    };
    if place.json {
        json(&dismissed)?;
    } else {
        say!("{} records that were set aside are no longer shown", dismissed.dismissed);
    }
    Ok(ExitCode::SUCCESS)
}

/// The store of a relay that does not run.
pub(super) fn open(place: &Place) -> anyhow::Result<Store> {
    let path = store_in(&place.state_dir()?);
    let is_there =
        path.try_exists().with_context(|| format!("looking for the store at {}", path.display()))?;
    // Of a store that was made and is gone, the store itself says so.
    if !is_there && !Store::was_made(&path) {
        anyhow::bail!("there is no store at {}: nothing was ever kept", path.display());
    }
    Store::open(&path, Options::default()).map_err(|error: OpenError| anyhow::anyhow!(error))
}

fn offline(place: &Place) -> anyhow::Result<Verified> {
    let store = open(place)?;
    let mut shown = 0;
    let report = store.verify(&mut |done, total| {
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        if percent >= shown + 10 {
            shown = percent;
            complain!("{percent} % of {total} entries");
        }
    });
    store.close();
    Ok(verified(&report?))
}

fn print(report: &Verified) {
    match &report.journal_cut {
        None => say!("{} entries folded again", report.entries),
        Some(cut) => {
            say!(
                "entries up to {} ({} UTC) were dropped by keep_journal; the chain of the {} after them is checked",
                cut.entry,
                second(&cut.at),
                report.entries
            );
            say!("rows cannot be compared with entries that are gone: their digest is checked");
        }
    }
    for row in &report.set_aside {
        let seen_to = if row.dismissed { " (dismissed)" } else { "" };
        let (table, key, problem) = (single(&row.table), single(&row.key), single(&row.problem));
        say!("set aside: {table} {key}: {problem}{seen_to}");
    }
    if !report.digest.right {
        say!("a row was changed below the store: the digest of the rows is not the one that the store keeps");
        say!("  when it is seen to: tocsin verify --dismiss");
    }
    if report.differences.is_empty() && report.journal_cut.is_some() {
        say!("the journal is whole since then: {} records in {} tables", report.records, report.tables);
        return;
    }
    if report.differences.is_empty() {
        say!("the store is what its journal says: {} records in {} tables", report.records, report.tables);
        return;
    }
    say!("the store is NOT what its journal says:");
    for difference in &report.differences {
        say!("  {}", single(difference));
    }
    say!("Stop the relay, keep a copy of the store for analysis, and restore a backup.");
}
