//! A plugin file that comes over the API: written into the plugins directory, then treated like one that an operator
//! dropped.

use std::path::Path;

use super::shelf::Shelf;
use crate::runtime::held::{Held, Owner};
use crate::runtime::signing::sha256;

/// Characters of a file's name at most.
const NAME_CHARS_MAX: usize = 64;
/// The ending of every plugin file.
const EXTENSION: &str = ".wasm";

/// What became of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// SHA-256 of the file.
    pub digest: String,
    /// Why it is not in force; none if it is.
    pub why: Option<String>,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Its name is unusable.
    #[error(
        "`{0}` is no name of a plugin file: use up to {NAME_CHARS_MAX} of a-z, 0-9, `-` and `_`, then `{EXTENSION}`"
    )]
    Name(String),
    /// The system's.
    #[error("the plugin file cannot be written: {0}")]
    Storage(#[from] std::io::Error),
}

impl Shelf {
    /// Writes a file atomically into the plugins directory, in the place of one of the same name, and waits until it is
    /// decided whether it is in force.
    ///
    /// # Errors
    /// The name is unusable, or the file cannot be written: the previous file stays.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> Result<Uploaded, UploadError> {
        if !is_name(name) {
            return Err(UploadError::Name(name.to_owned()));
        }
        let (directory, name) = (self.directory().to_owned(), name.to_owned());
        let file = name.clone();
        let written =
            tokio::task::spawn_blocking(move || write(&directory, &file, &bytes).map(|()| sha256(&bytes)));
        let digest = written.await.map_err(std::io::Error::other)??;
        let why = self.outcome(&name).await;
        Ok(Uploaded { digest, why })
    }
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let gone = || {
        std::io::Error::new(std::io::ErrorKind::NotFound, format!("{} no longer exists", directory.display()))
    };
    Held::open(directory, true)?.ok_or_else(gone)?.write(name, bytes, Owner::of_this_process())
}

fn is_name(name: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let stem = name.strip_suffix(EXTENSION).unwrap_or_default();
    !stem.is_empty() && name.len() <= NAME_CHARS_MAX && stem.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_other_directory_and_to_no_hidden_file() {
        assert!(is_name("jira.wasm") && is_name("my-plugin_2.wasm"));
        for wrong in
            ["", ".wasm", "jira", "../jira.wasm", "a/b.wasm", ".jira.wasm", "Jira.wasm", "jira.wasm.wasm"]
        {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
