//! `tocsin verify`: is what is stored what the journal says?

use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};
use tocsin_store::{OpenError, Options, Store};

use super::Place;
use super::table::{items, json, text, texts};
use crate::config::store_in;
use crate::control::verified;
use crate::out::{complain, say};

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
    let report = match crate::control::client::is_running(&place.socket()?)? {
        true => place.ask("/verify", Some(json!({})))?,
        false => offline(place)?,
    };
    if place.json {
        json(&report);
    } else {
        print(&report);
    }
    Ok(if report["clean"] == json!(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn dismiss(place: &Place) -> anyhow::Result<ExitCode> {
    let dismissed = match crate::control::client::is_running(&place.socket()?)? {
        true => place.ask("/dismiss", Some(json!({})))?,
        false => {
            let store = open(place)?;
            let dismissed = store.dismiss_set_aside();
            store.close();
            json!({ "dismissed": dismissed? })
        }
    };
    if place.json {
        json(&dismissed);
    } else {
        say!("{} records that were set aside are no longer shown", text(&dismissed, "dismissed"));
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

fn offline(place: &Place) -> anyhow::Result<Value> {
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

fn print(report: &Value) {
    say!("{} entries folded again", text(report, "entries"));
    let differences = items(&report["differences"]);
    for row in items(&report["set_aside"]) {
        let seen_to = if row["dismissed"] == json!(true) { " (dismissed)" } else { "" };
        say!("set aside: {} {}: {}{seen_to}", text(row, "table"), text(row, "key"), text(row, "problem"));
    }
    if report["digest"]["right"] != json!(true) {
        say!("a row was changed below the store: the digest of the rows is not the one that the store keeps");
        say!("  when it is seen to: tocsin verify --dismiss");
    }
    if differences.is_empty() {
        say!(
            "the store is what its journal says: {} records in {} tables",
            text(report, "records"),
            text(report, "tables")
        );
        return;
    }
    say!("the store is NOT what its journal says:");
    for difference in texts(&report["differences"]) {
        say!("  {difference}");
    }
    say!("Stop the relay, keep a copy of the store for analysis, and restore a backup.");
}
