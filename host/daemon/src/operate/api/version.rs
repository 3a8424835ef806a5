//! What a binary is and what it speaks.
//!
//! `tocsin version` answers without a relay.

use serde::{Deserialize, Serialize};

/// The version of a binary, and of what it speaks and writes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Version {
    /// Tocsin's own version.
    pub version: String,
    /// The commit that it was built from, followed by `with changes` if the sources differed from it; none if the build
    /// had no git.
    pub commit: Option<String>,
    /// The version of wasmtime that runs plugins.
    pub wasmtime: Option<String>,
    /// The versions of the plugin API that it speaks.
    pub plugin_apis: Vec<String>,
    /// The format of the stores that it makes and opens.
    pub store_format: u32,
}
