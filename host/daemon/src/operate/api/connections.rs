//! Connections: the list with what does not work, and whether one would work.
//!
//! `GET /connections`, `POST /connections/<connection>/test`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A connection.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The operator's own word for its kind; may be empty.
    #[serde(rename = "type")]
    pub kind: String,
    /// The operator's own word for where it belongs; may be empty.
    pub environment: String,
    /// The host of its address. The address itself may be a secret.
    pub host: String,
    /// Set while it is paused.
    pub paused: Option<Paused>,
    /// Set while its peer wants to be left alone.
    pub backoff: Option<Backoff>,
    /// Why it does not work, if it does not.
    pub problem: Option<String>,
}

/// A connection that is paused.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Paused {
    /// Since when.
    pub since: String,
    /// What to mend.
    pub reason: String,
    /// When it is tried next by itself.
    pub tried_next: Option<String>,
}

/// A connection whose peer wants to be left alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Backoff {
    /// Until when.
    pub until: String,
    /// What the peer said.
    pub reason: String,
}

/// What came of asking a connection's peer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Tested {
    /// The connection.
    pub connection: String,
    /// Its plugin.
    pub plugin: String,
    /// The host of its address.
    pub host: String,
    /// Whether it works.
    pub state: Works,
    /// The same in words.
    pub outcome: String,
}

/// Whether a connection works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Works {
    /// It does.
    Good,
    /// It does not, or nobody can tell now.
    Bad,
    /// Its plugin has nothing that could be asked.
    Untried,
}
