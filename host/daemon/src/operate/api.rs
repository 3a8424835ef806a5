//! The requests and answers of the HTTP API, one file for each subject. The relay and the command line use these types
//! and no others; `--json` prints an answer as it is. The OpenAPI description has their comments.
//!
//! Times are text: RFC 3339 in UTC, to the microsecond at most. Ids are text of 26 characters, words are those of the
//! configuration. A field that a request does not have is refused by its name. An answer has no secret, except
//! a token that was made for it.

pub mod access;
pub mod actions;
pub mod audit;
pub mod backup;
pub mod body;
pub mod configuration;
pub mod connections;
pub mod deliveries;
pub mod doctor;
pub mod events;
pub mod files;
pub mod incident;
pub mod incidents;
pub mod init;
pub mod journal;
pub mod page;
pub mod plugins;
pub mod problem;
pub mod receipts;
pub mod resources;
pub mod secrets;
pub mod sources;
pub mod status;
pub mod store;
pub mod version;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The path under which the relay serves the API, on the control socket and on the network.
pub const ROOT: &str = "/api/v1";

/// An empty body.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who asks for a change.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A link of an incident or an event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// What it is called; may be empty.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// A name and its value: of a query, or of a header.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
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
