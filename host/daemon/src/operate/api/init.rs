//! A first configuration that was written.
//!
//! `tocsin init` answers without a relay.

use serde::{Deserialize, Serialize};

use super::status::Checked;

/// A configuration that was written, and what to do with it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub config: String,
    /// Its mode, in octal digits.
    pub mode: String,
    /// What stood there before, comments alone, is called this now; left out if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The name of the source.
    pub source: String,
    /// The name of the connection.
    pub connection: String,
    /// The name of the action.
    pub action: String,
    /// Where senders send to, with the token.
    pub url: String,
    /// A line for a shell that sends a sample; none if the plugin has no example.
    pub curl: Option<String>,
    /// Settings that are required and have to be filled in, such as `actions.tell-jira.settings.project`.
    pub to_fill_in: Vec<String>,
    /// What `tocsin check` says about the file.
    pub checked: Checked,
    /// The next commands.
    pub next: Vec<String>,
}
