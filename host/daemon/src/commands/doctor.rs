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

mod certificate;
mod clock;
mod directories;
mod file;
mod listener;
mod peers;
mod program;
mod relay;
mod secrets;
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
        findings.extend(secrets::look(config));
        findings.extend(space::look(config));
        findings.extend(certificate::look(config));
    }
    let peers = async {
        match &config {
            Some(config) if !args.offline => peers::look(config).await,
            _ => Vec::new(),
        }
    };
    let relay = async {
        let relay = relay::look(place.socket()).await;
        let shown = match (&config, &relay.listen) {
            (Some(config), Some(listen)) if !args.offline => listener::look(config, listen).await,
            _ => None,
        };
        (relay, shown)
    };
    let ((relay, shown), peers) = answered(async { tokio::join!(relay, peers) })?;
    findings.extend(clock::look(config.as_ref(), relay.ahead_seconds));
    findings.extend(unit::look(config.as_ref(), relay.runs));
    findings.extend(relay.findings);
    findings.extend(shown);
    findings.extend(peers);
    let diagnosis = Diagnosis::from(findings);
    if place.json {
        json(&diagnosis)?
    } else {
        show(&diagnosis)
    }
    Ok(if diagnosis.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The answer to `asked`. Abandons what is still running: a resolution cannot be ended, and may take as long as the name
/// server likes.
fn answered<T>(asked: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = super::place::runtime()?;
    let answer = runtime.block_on(asked);
    runtime.shutdown_background();
    Ok(answer)
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Ending the runtime used to wait for each look-up that had taken too long.
    #[test]
    fn a_look_up_that_hangs_does_not_hold_up_the_end() {
        let (name_server, hangs) = mpsc::channel::<()>();
        let (ended, has_ended) = mpsc::channel();
        let asked = async move {
            tokio::task::spawn_blocking(move || {
                let _ = hangs.recv_timeout(Duration::from_secs(60));
                ended.send(()).ok();
            });
            7
        };
        assert_eq!(answered(asked).expect("a runtime"), 7);
        assert!(has_ended.try_recv().is_err(), "it was waited for");
        drop(name_server);
    }
}
