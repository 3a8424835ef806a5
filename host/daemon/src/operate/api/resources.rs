//! Sources, connections and actions as the configuration has them: read, created, changed and removed.
//!
//! `GET /config/<kind>`, `GET`, `PUT` and `DELETE /config/<kind>/<name>`; a kind is `sources`, `connections` or `actions`.
//! An answer about one of them has its version as `ETag`. `PUT` and `DELETE` take `If-Match`, and `PUT` takes
//! `If-None-Match: *`, which only creates.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::configuration::Reloaded;

/// The kinds in the addresses of requests.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum KindName {
    /// Senders.
    Sources,
    /// Receivers.
    Connections,
    /// What is sent to them, and when.
    Actions,
}

/// A source, connection or action in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// `sources`, `connections` or `actions`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which part of the configuration its file is: `main`, `conf.d` or `managed`.
    pub part: String,
    /// Its file.
    pub file: String,
    /// Whether it can be changed and removed here: whether `part` is `managed`.
    pub writable: bool,
    /// The value of `ETag`, without quotation marks: changes with the settings.
    pub version: String,
    /// Why it does not work, if it does not.
    pub problem: Option<String>,
    /// Where senders send to, for a source.
    pub url: Option<String>,
    /// The keys and values of its table. A secret that is written there is `***`.
    pub settings: Map<String, Value>,
    /// The masked settings: `secrets.token`.
    pub hidden: Vec<String>,
}

/// The settings that a source, connection or action is to have: all of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// The keys and values of its table in TOML, with an object for each table in it.
    pub settings: Map<String, Value>,
}

/// What was created or changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Whether there was none of this name.
    pub created: bool,
    /// What is in force now.
    pub resource: Resource,
    /// The new token of a source without authentication settings. No later answer has it.
    pub token: Option<SourceToken>,
    /// What the reload changed, and its warnings.
    pub reloaded: Reloaded,
}

/// A new token and how to use it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceToken {
    /// The token.
    pub token: String,
    /// The address for senders, which contains the token.
    pub url: String,
    /// A command that sends the plugin's example, if it has one.
    pub curl: Option<String>,
}

/// What was removed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Removed {
    /// What the reload changed, and its warnings.
    pub reloaded: Reloaded,
}
