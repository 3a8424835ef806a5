//! The versions in force, kept in the state directory: a file's bytes, and what they served.
//!
//! Of a plugin that was removed the description stays, so that what it wanted is known when it returns. Never keeps
//! bytes that were not in force.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::wants::Wants;

use crate::runtime::folder::Folder;

/// The document.
const KEPT: &str = "kept.json";

/// A dropped plugin that is in force, or was until its file was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The file's name.
    pub(super) file: String,
    /// The plugin's own version.
    pub(super) version: String,
    /// SHA-256 of the file.
    pub(super) digest: String,
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// What it asks for.
    pub(super) wants: Wants,
    /// The sources and connections that it serves, as paths in the configuration.
    pub(super) serves: Vec<String>,
    /// Whether its file was removed.
    pub(super) is_removed: bool,
}

/// What is kept, by id.
pub(super) type All = BTreeMap<String, Kept>;

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) struct Cellar {
    folder: Folder,
}

impl Cellar {
    pub(super) fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone() }
    }

    /// All that is kept.
    pub(super) fn all(&self) -> io::Result<All> {
        self.folder.read(KEPT)
    }

    /// The bytes of a version.
    ///
    /// # Errors
    /// They cannot be read, or are not the ones that were kept.
    pub(super) fn bytes(&self, kept: &Kept) -> Result<Vec<u8>, String> {
        let bytes = self.folder.bytes(&component(&kept.digest));
        let bytes = bytes.map_err(|error| format!("its kept copy cannot be read: {error}"))?;
        if crate::runtime::signing::sha256(&bytes) == kept.digest {
            return Ok(bytes);
        }
        Err("its kept copy was changed".to_owned())
    }

    /// Keeps the bytes of a version. Returns when they are on the disk.
    pub(super) fn keep(&self, digest: &str, bytes: &[u8]) -> io::Result<()> {
        self.folder.write_bytes(&component(digest), bytes)
    }

    /// Writes down what is in force, and removes the bytes of what was in force `before` and is no more.
    pub(super) fn write(&self, all: &All, before: &All) -> io::Result<()> {
        self.folder.write(KEPT, all)?;
        for old in before.values() {
            if !all.values().any(|kept| kept.digest == old.digest && !kept.is_removed) {
                self.folder.remove(&component(&old.digest))?;
            }
        }
        Ok(())
    }
}

/// The name of the file that holds a component.
fn component(digest: &str) -> String {
    // A digest from a record that somebody changed is no path.
    let hex: String = digest.chars().filter(char::is_ascii_hexdigit).collect();
    format!("{hex}.wasm")
}
