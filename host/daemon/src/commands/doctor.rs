//! `tocsin doctor`: finds problems of a relay on this machine and says how to fix each.
//!
//! Changes nothing. Every wait is limited to seconds, because any part of a broken machine may hang.

use std::process::ExitCode;

use clap::Args;

use super::place::Place;
use super::table::json;
use super::version;
use crate::commands::out::{say, single};
use crate::operate::api::doctor::{Diagnosis, Finding};

mod clock;
mod directories;
mod file;
mod peers;
mod program;
mod relay;
mod space;
mod unit;

pub(super) const EXAMPLES: &str = "\
It prints `ok`, `warning` or `wrong` for each check, and exits with 1 if something is wrong. Run it as root
or as the relay's user: others cannot see everything.

It sends `GET /`, without any secret, to each https destination of the configuration to see its certificate.
With --offline, it resolves no name and makes no connection over the network.

Examples:
  tocsin doctor
  tocsin doctor --offline
  tocsin doctor --json | jq -r '.findings[] | select(.state == \"wrong\") | .fix'";

/// The options of `tocsin doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Resolve no name and make no connection over the network.
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(place: &Place, args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = vec![binary()];
    let config = file::look(place, &mut findings);
    if let Some(config) = &config {
        findings.extend(directories::look(config));
        findings.extend(space::look(config));
    }
    let (relay, peers) = super::place::runtime()?.block_on(async {
        let peers = async {
            match &config {
                Some(config) if !args.offline => peers::look(config).await,
                _ => Vec::new(),
            }
        };
        tokio::join!(relay::look(place.socket()), peers)
    });
    findings.extend(clock::look(config.as_ref(), relay.ahead_seconds));
    findings.extend(unit::look(config.as_ref(), relay.runs));
    findings.extend(relay.findings);
    findings.extend(peers);
    let diagnosis = Diagnosis::from(findings);
    if place.json {
        json(&diagnosis)?
    } else {
        show(&diagnosis)
    }
    Ok(if diagnosis.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The version of this binary.
fn binary() -> Finding {
    let version = version::version();
    let commit = version.commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    Finding::ok(
        "version",
        format!("tocsin {}{commit}, which keeps stores of format {}", version.version, version.store_format),
    )
}

fn show(diagnosis: &Diagnosis) {
    for Finding { state, about, found, fix } in &diagnosis.findings {
        let fix = fix.as_ref().map(|fix| format!(": {}", single(fix))).unwrap_or_default();
        say!("{:<8} {about:<14} {}{fix}", state.as_str(), single(found));
    }
    match (diagnosis.wrong, diagnosis.warnings) {
        (0, 0) => say!("nothing is wrong"),
        (0, warnings) => say!("nothing is wrong; warnings: {warnings}"),
        (wrong, warnings) => say!("wrong: {wrong}; warnings: {warnings}"),
    }
}
