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
