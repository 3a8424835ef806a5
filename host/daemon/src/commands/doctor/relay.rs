//! Checks the running relay: whether it answers, its version, and the problems that it reports.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::super::client::{self, ClientError, Relay};
use super::super::status::still;
use super::super::version::VERSION;
use crate::commands::out::single;
use crate::operate::api::doctor::Finding;
use crate::operate::api::status::{Overview, Status};

const ABOUT: &str = "relay";
/// The time limit for an answer, for which the relay reads its store.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of the running relay.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether a relay answers.
    pub(super) runs: bool,
    /// Seconds by which its clock is ahead of the system's.
    pub(super) ahead_seconds: u64,
    /// Where it listens.
    pub(super) listen: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// Asks the relay at the control socket.
pub(super) async fn look(socket: anyhow::Result<PathBuf>) -> Seen {
    let Ok(socket) = socket else { return Seen::default() };
    let status: Status = match asked(&socket, "/status").await {
        Ok(status) => status,
        Err(finding) => return Seen { findings: vec![finding], ..Seen::default() },
    };
    let mut findings = vec![version(&status)];
    let (ahead_seconds, listen) = (status.clock_ahead_seconds, Some(status.listen.clone()));
    // A relay without its store reports so in its status and cannot list connections.
    let connections = if status.counts.is_some() { asked(&socket, "/connections").await.ok() } else { None };
    let overview = Overview { status, connections, sizes: None };
    findings.extend(still(&overview).iter().map(|text| standing(text)));
    if findings.len() == 1 {
        findings.push(Finding::ok(
            ABOUT,
            "everything works: no dead letter, no plugin refused, no connection paused",
        ));
    }
    Seen { runs: true, ahead_seconds, listen, findings }
}

async fn asked<A: DeserializeOwned>(socket: &Path, path: &str) -> Result<A, Finding> {
    let answer = tokio::time::timeout(PATIENCE, client::get(&Relay::Socket(socket.to_owned()), path)).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ClientError::NotRunning { socket, error })) => Err(Finding::warning(
            ABOUT,
            format!("no relay runs for this configuration ({}: {error})", socket.display()),
            "start it: `systemctl start tocsin`, or `tocsin serve` in a terminal",
        )),
        Ok(Err(ClientError::Denied { socket, .. })) => Err(Finding::warning(
            ABOUT,
            format!("this user may not open {}", socket.display()),
            "run this as root or as the relay's user",
        )),
        Ok(Err(error)) => {
            Err(Finding::wrong(ABOUT, error.to_string(), "see its log: journalctl -u tocsin -n 100"))
        }
        Err(_) => Err(Finding::wrong(
            ABOUT,
            format!("it has not answered for {} s", PATIENCE.as_secs()),
            "see its log: journalctl -u tocsin -n 100; a restart may fix it",
        )),
    }
}

fn version(status: &Status) -> Finding {
    let (version, listen) = (single(&status.version), single(&status.listen));
    if version == VERSION {
        return Finding::ok(ABOUT, format!("it answers, has version {version} and listens at {listen}"));
    }
    Finding::warning(
        ABOUT,
        format!("it has version {version}, this program {VERSION}"),
        "restart it to run the installed version: systemctl restart tocsin",
    )
}

/// The first line of a problem in `tocsin status` is the problem, the other lines are the fix.
fn standing(text: &str) -> Finding {
    match text.split_once('\n') {
        Some((found, fix)) => Finding::wrong(ABOUT, found, fix.trim().replace("\n  ", " ")),
        None => Finding::wrong(ABOUT, text, "see `tocsin status`"),
    }
}
