//! `tocsin verify`: is what is stored what the journal says?

use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};
use tocsin_store::{OpenError, Options, Store};

use super::Place;
use super::out::{complain, say};
use super::table::{items, json, text};
use crate::config::store_in;
use crate::control::verified;

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
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

fn offline(place: &Place) -> anyhow::Result<Value> {
    let path = store_in(&place.state_dir()?);
    if !path.try_exists().with_context(|| format!("looking for the store at {}", path.display()))? {
        anyhow::bail!("there is no store at {}: nothing was ever kept", path.display());
    }
    let store = Store::open(&path, Options::default()).map_err(|error: OpenError| anyhow::anyhow!(error))?;
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
    if report["clean"] == json!(true) {
        say!(
            "the store is what its journal says: {} records in {} tables",
            text(report, "records"),
            text(report, "tables")
        );
        return;
    }
    say!("the store is NOT what its journal says:");
    for difference in differences {
        say!("  {}", difference.as_str().unwrap_or_default());
    }
    say!("Stop the relay, keep a copy of the store for analysis, and restore a backup.");
}
