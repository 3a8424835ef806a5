//! The relay's own store of secrets: `secrets.json` in the state directory, encrypted under a key from elsewhere.
//!
//! The files are the truth: commands write them, and the relay reads them with its configuration. Every write replaces a
//! whole file. Root may run the commands; nothing in the state directory can redirect it to another file, because no
//! link there is followed. No error shows a value or a key.

use std::path::{Path, PathBuf};

use crate::runtime::held::Held;

mod cipher;
mod document;
mod error;
mod keys;
mod rotation;
mod writer;

use cipher::Key;
use document::Document;
use keys::Keys;

pub use error::VaultError;
pub use keys::{KeyPlace, KeySource};
pub use writer::{Before, Stored, Writer};

/// The file of the secrets.
const STORE: &str = "secrets.json";
/// The size limit of the store, in bytes.
const STORE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many secrets it may have: several for each source and connection of a large configuration.
const SECRETS_MAX: usize = 1000;
/// The size limit of one secret, in bytes: a key or a token, as in a file.
pub(super) const VALUE_BYTES_MAX: usize = 64 * 1024;
/// How often the key and the store are read. Another process may change the key between the two.
const TRIES: usize = 3;

/// Where the store and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    state_dir: PathBuf,
    key: KeyPlace,
}

/// What is known about a secret. Not its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// When it was first stored: RFC 3339 in UTC.
    pub set_at: String,
    /// When its value was last replaced, if it was.
    pub rotated_at: Option<String>,
}

/// A store that has been read.
pub struct Opened {
    document: Document,
    key: Result<(Key, KeySource), VaultError>,
}

impl Vault {
    /// The store in this state directory, with its key there.
    pub(super) fn new(state_dir: &Path, key: KeyPlace) -> Self {
        Self { state_dir: state_dir.to_owned(), key }
    }

    /// The store's file.
    pub fn path(&self) -> PathBuf {
        self.state_dir.join(STORE)
    }

    /// Checks, before a person is asked for a value, that a secret of this name can be stored.
    ///
    /// # Errors
    /// The name breaks the rule for names, or the store or its key cannot be read.
    pub fn ready_for(&self, name: &str) -> Result<(), VaultError> {
        if !super::name::is_name(name) {
            return Err(VaultError::Name { name: name.to_owned() });
        }
        match self.open()? {
            Some(opened) => opened.key.map(drop),
            None => {
                let folder = Held::open(&self.state_dir, true);
                let folder = folder.map_err(|error| VaultError::of(&self.state_dir, error))?;
                Keys::read(&self.key, folder.as_ref(), &self.state_dir).map(drop)
            }
        }
    }

    /// Reads the store; none if it does not exist. Its key may be missing: the names are readable without it.
    ///
    /// # Errors
    /// The store cannot be read, or is damaged.
    pub fn open(&self) -> Result<Option<Opened>, VaultError> {
        let mut opened = self.open_once()?;
        for _ in 1..TRIES {
            match &opened {
                Some(Opened { key: Err(VaultError::WrongKey { .. }), .. }) => opened = self.open_once()?,
                _ => break,
            }
        }
        Ok(opened)
    }

    fn open_once(&self) -> Result<Option<Opened>, VaultError> {
        let failed = |error| VaultError::of(&self.path(), error);
        let Some(folder) = Held::open(&self.state_dir, true).map_err(failed)? else { return Ok(None) };
        let keys = Keys::read(&self.key, Some(&folder), &self.state_dir);
        let Some(document) = self.read(&folder)? else { return Ok(None) };
        let key = keys.and_then(|keys| keys.of(&document, &self.path()));
        if let Ok((key, _)) = &key {
            document.verify(key).map_err(|why| self.damaged(why))?;
        }
        Ok(Some(Opened { document, key }))
    }

    fn read(&self, folder: &Held) -> Result<Option<Document>, VaultError> {
        let bytes = folder.read_at_most(STORE, STORE_BYTES_MAX);
        let bytes = bytes.map_err(|error| VaultError::of(&self.path(), error))?;
        bytes.map(|bytes| Document::parse(&bytes, &self.path())).transpose()
    }

    fn damaged(&self, why: &str) -> VaultError {
        VaultError::Damaged { store: self.path(), why: why.to_owned() }
    }
}

impl Opened {
    /// The secrets, by name.
    pub fn list(&self) -> Vec<Listed> {
        self.document.list()
    }

    /// Whether there is a secret with this name.
    pub fn has(&self, name: &str) -> bool {
        self.document.has(name)
    }

    /// The place of the key that encrypts the store, if it was found.
    pub fn key_source(&self) -> Option<&KeySource> {
        self.key.as_ref().ok().map(|(_, source)| source)
    }

    /// Why the secrets cannot be decrypted, if they cannot.
    pub fn locked(&self) -> Option<&VaultError> {
        self.key.as_ref().err()
    }

    /// The value of a secret; none if there is no secret with this name.
    ///
    /// # Errors
    /// The key is missing.
    pub fn reveal(&self, name: &str) -> Result<Option<String>, &VaultError> {
        if !self.document.has(name) {
            return Ok(None);
        }
        let (key, _) = self.key.as_ref()?;
        // `verify` has decrypted each of them.
        Ok(self.document.reveal(name, key))
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("secrets", &self.list()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
