//! The files of a configuration. The command line answers from the files alone, without a relay.

use serde::{Deserialize, Serialize};

use super::status::StatusProblem;

/// The files that a configuration is made of.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigFiles {
    /// SHA-256 over the names and contents of all of them, in hexadecimal digits.
    pub digest: String,
    /// In the order in which they are read.
    pub files: Vec<ConfigFile>,
    /// Folders and files that could not be seen from here.
    pub unseen: Vec<StatusProblem>,
}

/// One of the files.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Its path.
    pub file: String,
    /// What it is: `main`, `conf.d` or `managed`.
    pub part: String,
    /// What stands in it: `sources.jira`, `limits.body`.
    pub holds: Vec<String>,
    /// Why it cannot be used; left out if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One file that was made of all of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfigExport {
    /// Its path.
    pub file: String,
    /// The files that it was made of.
    pub from: Vec<String>,
}

/// A configuration that was in force.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptConfiguration {
    /// Its number, from 1.
    pub number: u64,
    /// When it was put in force.
    pub at: String,
    /// Who did it.
    pub by: String,
    /// SHA-256 over the names and contents of its files.
    pub digest: String,
    /// What differed from the one before, a line each.
    pub changes: Vec<String>,
}

/// A configuration that was in force, with its files.
#[derive(Debug, Serialize, Deserialize)]
pub struct WholeConfiguration {
    /// What is known of it.
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
    /// What was in it.
    pub text: String,
}

/// What a rollback did, or would do.
#[derive(Debug, Serialize, Deserialize)]
pub struct RolledBack {
    /// The number of the configuration whose files it writes.
    pub number: u64,
    /// Whether it was done.
    pub done: bool,
    /// The files that are written or taken out; none if they are as wanted.
    pub files: Vec<RolledBackFile>,
}

/// A file that a rollback writes or takes out.
#[derive(Debug, Serialize, Deserialize)]
pub struct RolledBackFile {
    /// Its path.
    pub file: String,
    /// Whether it is taken out.
    pub is_removed: bool,
}
