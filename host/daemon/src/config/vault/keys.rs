//! Where the key of managed secrets comes from: a credential of systemd, or a file.
//!
//! A place may have several keys, one on each line, so that a key can be replaced: all decrypt, and the first is the one
//! to encrypt with.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::cipher::Key;
use super::document::Document;
use super::error::VaultError;
use crate::runtime::held::Held;

/// The credential that is looked for when the configuration names no place.
const USUAL_CREDENTIAL: &str = "secrets-key";
/// The file in the state directory that is looked for next.
pub(super) const USUAL_FILE: &str = "secrets.key";
/// Where systemd puts credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The size limit of a place of keys, in bytes.
const BYTES_MAX: u64 = 4096;

/// Where the key is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the credential `secrets-key`, and in `secrets.key` in the state directory.
    Usual,
    /// In this file.
    File(PathBuf),
    /// In this credential of systemd.
    Credential(String),
}

/// Where a key was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In `secrets.key` in the state directory, which Tocsin made.
    Made(PathBuf),
    /// In this configured file.
    File(PathBuf),
    /// In this credential of systemd.
    Credential(String),
}

impl KeySource {
    /// The file, if it is one that other users could see.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Made(path) | Self::File(path) => Some(path),
            Self::Credential(_) => None,
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(path) | Self::File(path) => path.display().fmt(f),
            Self::Credential(name) => write!(f, "the credential `{name}`"),
        }
    }
}

/// The keys that were found.
#[derive(Debug)]
pub(super) struct Keys {
    found: Vec<(Key, KeySource)>,
    /// Where Tocsin makes a key, if the configuration names no place.
    made: Option<PathBuf>,
}

impl Keys {
    /// Reads the keys at `place`; `folder` is the state directory, if it exists.
    pub(super) fn read(
        place: &KeyPlace,
        folder: Option<&Held>,
        state_dir: &Path,
    ) -> Result<Self, VaultError> {
        let (path, source) = match place {
            KeyPlace::Usual => return Self::usual(folder, state_dir.join(USUAL_FILE)),
            KeyPlace::File(path) => (path.clone(), KeySource::File(path.clone())),
            KeyPlace::Credential(name) => {
                let path = credential(name).ok_or_else(|| VaultError::NoCredential(name.clone()))?;
                (path, KeySource::Credential(name.clone()))
            }
        };
        let bytes = read_file(&path)?.ok_or(VaultError::NoKeyFile(path))?;
        Ok(Self { found: parse(&bytes, &source)?, made: None })
    }

    /// The keys in the credential, then those in the state directory.
    fn usual(folder: Option<&Held>, path: PathBuf) -> Result<Self, VaultError> {
        let mut found = Vec::new();
        if let Some(given) = credential(USUAL_CREDENTIAL)
            && let Some(bytes) = read_file(&given)?
        {
            found = parse(&bytes, &KeySource::Credential(USUAL_CREDENTIAL.to_owned()))?;
        }
        let made = folder.map_or(Ok(None), |folder| folder.read_at_most(USUAL_FILE, BYTES_MAX));
        if let Some(bytes) = made.map_err(|error| VaultError::of(&path, error))? {
            found.extend(parse(&bytes, &KeySource::Made(path.clone()))?);
        }
        Ok(Self { found, made: Some(path) })
    }

    /// The key that encrypts the document of the file `store`.
    pub(super) fn of(&self, document: &Document, store: &Path) -> Result<(Key, KeySource), VaultError> {
        if let Some(key) = self.found.iter().find(|(key, _)| key.id() == document.key_id()) {
            return Ok(key.clone());
        }
        if let (Some(path), true) = (&self.made, self.found.is_empty()) {
            return Err(VaultError::KeyLost {
                store: store.to_owned(),
                key: path.clone(),
                is_blind: std::env::var_os(CREDENTIALS).is_none(),
            });
        }
        let mut places: Vec<String> = self.found.iter().map(|(_, source)| source.to_string()).collect();
        places.dedup();
        Err(VaultError::WrongKey {
            store: store.to_owned(),
            place: places.join(" and in "),
            id: document.key_id().to_owned(),
        })
    }

    /// The key to encrypt a new document with.
    pub(super) fn first(&self) -> Option<&(Key, KeySource)> {
        self.found.first()
    }

    /// The first key at this place.
    pub(super) fn first_at(&self, source: &KeySource) -> Option<&Key> {
        self.found.iter().find(|(_, found)| found == source).map(|(key, _)| key)
    }
}

/// The path of a credential, if systemd gave this process any.
fn credential(name: &str) -> Option<PathBuf> {
    std::env::var_os(CREDENTIALS).map(|directory| Path::new(&directory).join(name))
}

/// The bytes of a file of keys outside the state directory; none if it does not exist.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    let failed = |error| VaultError::of(path, error);
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// The keys in the text of a place, one on each line.
fn parse(bytes: &[u8], source: &KeySource) -> Result<Vec<(Key, KeySource)>, VaultError> {
    let wrong = || VaultError::NotAKey(source.to_string());
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= BYTES_MAX);
    let lines = text.ok_or_else(wrong)?.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<_>> = lines.map(|line| Some((Key::parse(line)?, source.clone()))).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(wrong)
}
