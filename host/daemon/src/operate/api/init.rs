//! The result of `tocsin init`.
//!
//! The command needs no relay.

use serde::{Deserialize, Serialize};

use super::status::Checked;

/// The written configuration, and the next steps.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub config: String,
    /// Its mode, in octal digits.
    pub mode: String,
    /// The new name of the previous file, which contained only comments; left out if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The name of the source.
    pub source: String,
    /// The name of the connection.
    pub connection: String,
    /// The name of the action.
    pub action: String,
    /// The address for senders, with the token.
    pub url: String,
    /// A shell command that sends a sample; none if the plugin has no example.
    pub curl: Option<String>,
    /// Required settings to fill in, such as `actions.tell-jira.settings.project`.
    pub to_fill_in: Vec<String>,
    /// The result of `tocsin check` for the file.
    pub checked: Checked,
    /// The next commands.
    pub next: Vec<String>,
}
