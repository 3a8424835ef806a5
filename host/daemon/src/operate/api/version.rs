//! The versions of a binary.
//!
//! `tocsin version` answers without a relay.

use serde::{Deserialize, Serialize};

/// The versions of a binary, its plugin APIs and its stores.
#[derive(Debug, Serialize, Deserialize)]
pub struct Version {
    /// Tocsin's own version.
    pub version: String,
    /// The commit that it was built from, followed by `with changes` if the sources differed from it; none if the build
    /// had no git.
    pub commit: Option<String>,
    /// The version of wasmtime that runs plugins.
    pub wasmtime: Option<String>,
    /// The versions of the plugin API that it supports.
    pub plugin_apis: Vec<String>,
    /// The format of the stores that it creates and opens.
    pub store_format: u32,
}
