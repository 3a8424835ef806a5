//! Changes the store. One process at a time does so: it holds a lock on the state directory meanwhile.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cipher::Key;
use super::document::Document;
use super::error::VaultError;
use super::keys::{KeySource, Keys, USUAL_FILE};
use super::rotation::{Step, steps};
use super::{STORE, VALUE_BYTES_MAX, Vault};
use crate::runtime::held::{Held, Owner};

/// How long a command waits for another one: longer than any takes that does not wait for a reload.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to change the store, until it is dropped.
#[derive(Debug)]
pub struct Writer {
    vault: Vault,
    folder: Held,
    /// Who gets the files: the owner of the state directory, which is the relay's user.
    whose: Owner,
}

/// The store before a change. Encrypted.
#[derive(Debug)]
pub struct Before(Option<Vec<u8>>);

/// The result of storing a secret.
#[derive(Debug)]
pub struct Stored {
    /// The store before.
    pub before: Before,
    /// Whether the secret is new.
    pub is_new: bool,
    /// The file of the key, if it was made.
    pub made_key: Option<PathBuf>,
}

impl Vault {
    /// Takes the right to change the store. Creates the state directory if it does not exist.
    ///
    /// # Errors
    /// This user may not write to the state directory, or another process is writing.
    pub fn lock(&self) -> Result<Writer, VaultError> {
        let path = &self.state_dir;
        let failed = |error| VaultError::of(path, error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let folder = Held::open(path, true).and_then(|folder| folder.ok_or_else(gone)).map_err(failed)?;
        let whose = folder.owner().map_err(failed)?.alone();
        match folder.lock(PATIENCE).map_err(failed)? {
            true => Ok(Writer { vault: self.clone(), folder, whose }),
            false => Err(VaultError::Locked(self.path())),
        }
    }
}

impl Writer {
    /// Stores a secret at the time `now` (RFC 3339), or replaces its value. Makes the key if there is none and the
    /// configuration names no place for it. Returns when everything is on the disk.
    ///
    /// # Errors
    /// The name, the value or the key cannot be used, or a file cannot be written; nothing changed.
    pub fn set(&self, name: &str, value: &str, now: &str) -> Result<Stored, VaultError> {
        check(value)?;
        let before = self.bytes()?;
        let present = self.present(&before)?;
        let (mut document, key, made_key) = match present {
            Some((document, key, _)) => (document, key, None),
            None => {
                let (key, is_made) = self.first_key()?;
                (Document::new(&key), key, is_made.then(|| self.vault.state_dir.join(USUAL_FILE)))
            }
        };
        let is_new = !document.has(name);
        document.put(name, value, now, &key)?;
        let bytes = document.sealed(&key)?;
        // The key comes first: a key without secrets is harmless.
        if made_key.is_some() {
            self.write(USUAL_FILE, format!("{}\n", key.text()).as_bytes())?;
        }
        self.write(STORE, &bytes)?;
        Ok(Stored { before: Before(before), is_new, made_key })
    }

    /// Restores the store as it was before a change.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put_back(&self, before: &Before) -> Result<(), VaultError> {
        match &before.0 {
            Some(bytes) => self.write(STORE, bytes),
            None => self.folder.remove(STORE).map_err(|error| VaultError::of(&self.vault.path(), error)),
        }
    }

    /// Removes a secret.
    ///
    /// # Errors
    /// There is none with this name, the key is missing, or the store cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        let missing = || VaultError::Missing { name: name.to_owned() };
        let (mut document, key, _) = self.present(&self.bytes()?)?.ok_or_else(missing)?;
        if !document.remove(name) {
            return Err(missing());
        }
        self.write(STORE, &document.sealed(&key)?)
    }

    /// Encrypts every secret under a new key: a random one, or for a credential the first key in it. Whatever interrupts
    /// it, the secrets stay readable. Returns the place of the key.
    ///
    /// # Errors
    /// The key is missing, cannot be replaced, or a file cannot be written.
    pub fn rotate_key(&self) -> Result<KeySource, VaultError> {
        let (document, old, source) = self.present(&self.bytes()?)?.ok_or(VaultError::Empty)?;
        let damaged = || self.vault.damaged("a secret cannot be decrypted");
        if let KeySource::Credential(name) = &source {
            let keys = self.keys()?;
            let new = keys.first_at(&source).filter(|key| key.id() != old.id());
            let new = new.ok_or_else(|| VaultError::KeyIsCredential(name.clone()))?;
            let next = document.under(&old, new)?.ok_or_else(damaged)?;
            self.write(STORE, &next.sealed(new)?)?;
            return Ok(source);
        }
        let new = Key::random()?;
        for step in steps(&document, &old, &new)?.ok_or_else(damaged)? {
            self.carry_out(&step, &source)?;
        }
        Ok(source)
    }

    /// Carries out one step of replacing the key at `source`.
    pub(super) fn carry_out(&self, step: &Step, source: &KeySource) -> Result<(), VaultError> {
        match (step, source) {
            (Step::Store(bytes), _) => self.write(STORE, bytes),
            (Step::Keys(text), KeySource::Made(_)) => self.write(USUAL_FILE, text.as_bytes()),
            (Step::Keys(text), KeySource::File(path)) => self.write_key(path, text),
            (Step::Keys(_), KeySource::Credential(name)) => Err(VaultError::KeyIsCredential(name.clone())),
        }
    }

    /// Replaces the configured file of the key. Its owner and mode stay.
    fn write_key(&self, path: &Path, text: &str) -> Result<(), VaultError> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The relay's user could put a link into the state directory.
        let is_own = parent.starts_with(&self.vault.state_dir) && parent != self.vault.state_dir;
        let written = Held::open(parent, !is_own).and_then(|folder| {
            let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
            let folder = folder.ok_or_else(gone)?;
            // Refuses a link, which the new file would replace.
            folder.read(&name)?.ok_or_else(gone)?;
            let whose = folder.owner_of(&name)?.ok_or_else(gone)?;
            folder.write(&name, text.as_bytes(), whose)
        });
        written.map_err(|error| VaultError::of(path, error))
    }

    /// The content of the store; none if it does not exist.
    pub(super) fn bytes(&self) -> Result<Option<Vec<u8>>, VaultError> {
        let read = self.folder.read_at_most(STORE, super::STORE_BYTES_MAX);
        read.map_err(|error| VaultError::of(&self.vault.path(), error))
    }

    fn keys(&self) -> Result<Keys, VaultError> {
        Keys::read(&self.vault.key, Some(&self.folder), &self.vault.state_dir)
    }

    /// The present document with its key, checked; none if there is no store.
    pub(super) fn present(
        &self,
        bytes: &Option<Vec<u8>>,
    ) -> Result<Option<(Document, Key, KeySource)>, VaultError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let document = Document::parse(bytes, &self.vault.path())?;
        let (key, source) = self.keys()?.of(&document, &self.vault.path())?;
        document.verify(&key).map_err(|why| self.vault.damaged(why))?;
        Ok(Some((document, key, source)))
    }

    /// The key of a new store, and whether it is new as well.
    fn first_key(&self) -> Result<(Key, bool), VaultError> {
        let keys = self.keys()?;
        match keys.first() {
            Some((key, _)) => Ok((key.clone(), false)),
            None => Ok((Key::random()?, true)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let written = self.folder.write(name, bytes, self.whose);
        written.map_err(|error| VaultError::of(&self.vault.state_dir.join(name), error))
    }
}

/// Checks a value before it is stored.
fn check(value: &str) -> Result<(), VaultError> {
    match value.len() {
        _ if value.trim().is_empty() => Err(VaultError::Blank),
        length if length > VALUE_BYTES_MAX => Err(VaultError::TooLong(length)),
        _ => Ok(()),
    }
}
