//! The files of a configuration. The command line answers from the files alone, without a relay.

use serde::{Deserialize, Serialize};

use super::status::StatusProblem;

/// The files of a configuration.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigFiles {
    /// SHA-256 over the names and contents of all of them, in hexadecimal digits.
    pub digest: String,
    /// In the order in which they are read.
    pub files: Vec<ConfigFile>,
    /// Folders and files that this user could not read.
    pub unseen: Vec<StatusProblem>,
}

/// One of the files.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Its path.
    pub file: String,
    /// Its part: `main`, `conf.d` or `managed`.
    pub part: String,
    /// The paths in it: `sources.jira`, `limits.body`.
    pub holds: Vec<String>,
    /// Why it cannot be used; left out if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One file that combines all of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigExport {
    /// Its path.
    pub file: String,
    /// The files that it combines.
    pub from: Vec<String>,
}

/// A configuration that was in force.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptConfiguration {
    /// Its number, from 1.
    pub number: u64,
    /// When it was put in force.
    pub at: String,
    /// The person who put it in force.
    pub by: String,
    /// SHA-256 over the names and contents of its files.
    pub digest: String,
    /// The changes from the previous one, one per line.
    pub changes: Vec<String>,
}

/// A configuration that was in force, with its files.
#[derive(Debug, Serialize, Deserialize)]
pub struct WholeConfiguration {
    /// Its description.
    #[serde(flatten)]
    pub kept: KeptConfiguration,
    /// Its files, the main file first.
    pub files: Vec<WrittenFile>,
}

/// A file as it was.
#[derive(Debug, Serialize, Deserialize)]
pub struct WrittenFile {
    /// `tocsin.toml`, `conf.d/jira.toml`, `managed/jira.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The result of a rollback, or of a trial.
#[derive(Debug, Serialize, Deserialize)]
pub struct RolledBack {
    /// The number of the configuration whose files it writes.
    pub number: u64,
    /// Whether the files were written.
    pub done: bool,
    /// The files that it writes or removes; none if they already match.
    pub files: Vec<RolledBackFile>,
}

/// A file that a rollback writes or removes.
#[derive(Debug, Serialize, Deserialize)]
pub struct RolledBackFile {
    /// Its path.
    pub file: String,
    /// Whether it is removed.
    pub is_removed: bool,
}
