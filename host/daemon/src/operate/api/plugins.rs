//! Plugins: those in force, files that are not, and an operator's yes to one.
//!
//! `GET /plugins`, `PUT /plugins/<file>`, `POST /plugins/approve`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::plugins;

/// The plugins of a relay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Plugins {
    /// The directory that files are dropped into.
    pub directory: String,
    /// Those in force, in the order of their ids.
    pub in_force: Vec<Plugin>,
    /// Files that are not.
    pub refused: Vec<RefusedFile>,
    /// Those that are yet to be compiled, the next one first.
    pub pending: Vec<PendingPlugin>,
}

/// A plugin in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Plugin {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it does, in a line.
    pub summary: String,
    /// Its own version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: String,
    /// `bundled`, or the dropped file's name.
    pub origin: String,
    /// Whether it serves sources.
    pub source: bool,
    /// Whether it serves actions.
    pub action: bool,
    /// What it imports of the host.
    pub imports: Vec<String>,
}

/// A plugin file that is not in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedFile {
    /// Its name in the plugins directory.
    pub file: String,
    /// Why.
    pub why: String,
    /// Whether `tocsin plugins approve` would put it in force.
    pub needs_approval: bool,
}

/// A plugin that is yet to be compiled.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PendingPlugin {
    /// A file's name, or the id of a bundled plugin.
    pub name: String,
    /// Bytes of its component.
    pub bytes: u64,
    /// For how many seconds it has been compiling, if it is its turn.
    pub compiling_seconds: Option<u64>,
}

/// A file to be approved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Its name in the plugins directory.
    pub file: String,
    /// Its SHA-256, if the caller has seen the file.
    #[serde(default)]
    pub digest: Option<String>,
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
}

/// A file that was approved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Approved {
    /// Its name in the plugins directory.
    pub file: String,
    /// The plugin's id, if the file was tried before.
    pub id: Option<String>,
    /// The plugin's own version, likewise.
    pub version: Option<String>,
    /// SHA-256 of the file.
    pub digest: String,
    /// What it asks for that the version before did not.
    pub wants: Vec<String>,
    /// Whether it is in force by now.
    pub in_force: bool,
    /// Why it is not.
    pub why: Option<String>,
    /// Whether a relay's next start puts it in force, since none runs; left out otherwise.
    #[serde(default, skip_serializing_if = "super::is_unset")]
    pub next_start: bool,
}

impl From<plugins::Approved> for Approved {
    fn from(approved: plugins::Approved) -> Self {
        let plugins::Approved { file, id, version, digest, wants, in_force, why } = approved;
        Self { file, id, version, digest, wants, in_force, why, next_start: false }
    }
}

/// A file that was uploaded.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UploadedFile {
    /// Its name in the plugins directory.
    pub file: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Whether it is in force.
    pub in_force: bool,
    /// Why it is not.
    pub why: Option<String>,
}

/// A file that was loaded to be looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckedPlugin {
    /// Its id.
    pub id: String,
    /// Its own version.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Whether it serves sources.
    pub source: bool,
    /// Whether it serves actions.
    pub action: bool,
    /// What it imports of the host.
    pub imports: Vec<String>,
}

/// A file that cannot be loaded.
#[derive(Debug, Serialize, Deserialize)]
pub struct BadPlugin {
    /// As it was named.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}
