//! The requests and answers of the control interface, one file for each subject. The relay's side and the command line
//! use these types and no others; `--json` prints an answer as it is.
//!
//! Times are text: RFC 3339 in UTC, to the microsecond at most. Ids are text of 26 characters, words are those of the
//! configuration. A field that a request does not have is refused by its name. An answer has no secret.

pub mod actions;
pub mod backup;
pub mod body;
pub mod configuration;
pub mod connections;
pub mod deliveries;
pub mod doctor;
pub mod files;
pub mod incident;
pub mod incidents;
pub mod init;
pub mod journal;
pub mod page;
pub mod plugins;
pub mod problem;
pub mod receipts;
pub mod secrets;
pub mod sources;
pub mod status;
pub mod store;
pub mod version;

use serde::{Deserialize, Serialize};

/// A request that has nothing to say: its address says all.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who asks for a change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The name, as the timeline shows it.
    pub actor: String,
}

/// A link of an incident or an event.
#[derive(Debug, Serialize, Deserialize)]
pub struct Link {
    /// What it is called; may be empty.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// A name and its value: of a query, or of a header.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pair {
    /// In lower case for a header.
    pub name: String,
    /// As text.
    pub value: String,
}

/// Whether a flag is not set: it is left out then.
fn is_unset(flag: &bool) -> bool {
    !*flag
}
