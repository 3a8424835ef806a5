//! What a relay holds, and what does not work; and what a configuration has wrong.
//!
//! `GET /status`. `tocsin check` answers from the configuration's files alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backup::Schedule;
use super::connections::Connection;
use super::plugins::{PendingPlugin, RefusedFile};
use super::store::{JournalCut, SetAside, TableSize};
use crate::config::ConfigProblem;

/// The state of a relay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Records that could not be read and that nobody has seen to.
    pub set_aside: Vec<SetAside>,
    /// Seconds by which the relay's clock is ahead of the system's, which was set back.
    pub clock_ahead_seconds: u64,
    /// The relay's version.
    pub version: String,
    /// Where senders connect to.
    pub listen: String,
    /// Where the relay keeps its state.
    pub state_dir: String,
    /// How plugins run: `compiled`, as machine code, or `interpreted`.
    pub execution: String,
    /// What it holds; none when the store cannot be read.
    pub counts: Option<Counts>,
    /// What does not work, and why.
    pub problems: Vec<StatusProblem>,
    /// Plugin files that are not in force.
    pub plugins: PluginsAside,
    /// Incidents of the last day that no action took; none when the store cannot be read.
    pub unmatched: Option<Unmatched>,
    /// Requests that were rejected in the last hour.
    pub rejections: Vec<Rejection>,
    /// Filters that failed since the start.
    pub filters: Vec<FailingFilter>,
    /// Sources to which messages of this relay came back.
    pub echoes: Vec<Echoes>,
    /// Sources of which dead letters' bytes went.
    pub dropped: Vec<Dropped>,
    /// How far back what was kept for long enough is still there; none when the store cannot be read.
    pub kept_since: Option<KeptSince>,
    /// Backups that the relay makes by itself; none when the configuration asks for none.
    pub backup: Option<Schedule>,
}

/// The state of a relay with its connections and, if asked for, the room of its tables, as `tocsin status` prints it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Overview {
    /// The state.
    #[serde(flatten)]
    pub status: Status,
    /// The connections; left out when the store cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<Connection>>,
    /// The room that each table takes; left out unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Vec<TableSize>>,
}

/// What a relay holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Incidents by state.
    pub incidents: BTreeMap<String, u64>,
    /// Deliveries by state; only states that have any.
    pub deliveries: BTreeMap<String, u64>,
    /// Receipts.
    pub receipts: u64,
    /// Receipts that were ignored.
    pub ignored: u64,
    /// Dead letters.
    pub dead_letters: DeadLetterCounts,
    /// Requests whose bytes are kept.
    pub kept_requests: u64,
    /// Entries of the journal.
    pub journal_entries: u64,
    /// Bytes of the store's file.
    pub store_bytes: u64,
}

/// How far back what is forgotten after a time is still there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeptSince {
    /// When the oldest of the resolved incidents was resolved; none when there is none.
    pub resolved_incidents: Option<String>,
    /// When the request of the oldest receipt came; none when there is none.
    pub receipts: Option<String>,
    /// Where the journal was cut; none while it has every entry.
    pub journal_cut: Option<JournalCut>,
}

/// Dead letters of both ways.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterCounts {
    /// Requests that could not be understood.
    #[serde(rename = "in")]
    pub incoming: u64,
    /// Deliveries that did not arrive.
    #[serde(rename = "out")]
    pub outgoing: u64,
}

/// Something that does not work, or is wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusProblem {
    /// Where: `sources.grafana.plugin`.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
    /// The file; left out if the configuration has only one file, or if `problem` names the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl From<&ConfigProblem> for StatusProblem {
    fn from(ConfigProblem { path, problem, file }: &ConfigProblem) -> Self {
        let file = file.as_ref().map(|file| file.display().to_string());
        Self { path: path.clone(), problem: problem.clone(), file }
    }
}

/// Plugin files that are not in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PluginsAside {
    /// Those that were refused or wait for approval.
    pub refused: Vec<RefusedFile>,
    /// Those that are yet to be compiled.
    pub pending: Vec<PendingPlugin>,
}

/// Incidents that no action took.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Unmatched {
    /// Hours that the count goes back: 24.
    pub hours: u64,
    /// How many.
    pub count: u64,
    /// Numbers of the latest: five at most.
    pub latest: Vec<u64>,
    /// Whether there are more than were counted.
    pub more: bool,
    /// The action that takes them, if one is configured.
    pub fallback: Option<String>,
}

/// Requests that were rejected in the last hour.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Rejection {
    /// The source; none for addresses without a source.
    pub source: Option<String>,
    /// The last names that were asked for and are no sources: ten at most.
    pub names: Vec<String>,
    /// The HTTP status.
    pub status: u16,
    /// Whether they are kept.
    pub kept: bool,
    /// Whether alerts may have been lost by it.
    pub lost: bool,
    /// How many in the last hour.
    pub in_the_last_hour: u64,
    /// When the last one came.
    pub last: String,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

/// A filter that failed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FailingFilter {
    /// The action that it is of.
    pub action: String,
    /// What failed.
    pub reason: String,
    /// The number of the incident on which it failed last.
    pub incident: u64,
    /// On how many incidents.
    pub count: u64,
}

/// Messages of this relay that came back to it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Echoes {
    /// The source.
    pub source: String,
    /// Events.
    pub count: u64,
}

/// Dead letters whose bytes went because there were more than may be kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Dropped {
    /// The source.
    pub source: String,
    /// How many.
    pub count: u64,
    /// Bytes of those that are kept.
    pub kept_bytes: u64,
}

/// What a configuration has wrong.
#[derive(Debug, Serialize, Deserialize)]
pub struct Checked {
    /// Mistakes. A relay does not start with mistakes in the files; a part that its plugin refuses does not work.
    pub problems: Vec<StatusProblem>,
    /// What is no mistake, and worth a look.
    pub warnings: Vec<StatusProblem>,
    /// Files of the configuration and secrets that this user could not read.
    pub unseen: Vec<StatusProblem>,
    /// Plugin files that are refused.
    pub refused: Vec<UnfitFile>,
}

/// A plugin file that is refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct UnfitFile {
    /// Its name in the plugins directory.
    pub file: String,
    /// Why.
    pub why: String,
}
