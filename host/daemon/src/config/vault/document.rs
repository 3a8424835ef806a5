//! The format of the store: a JSON document with one encrypted entry for each secret.
//!
//! Names and times are readable without the key. The seal, an encrypted empty text whose associated data is the rest of
//! the document, makes every change by somebody without the key visible: also a removed entry, or an entry of an
//! earlier store.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cipher::Key;
use super::error::VaultError;
use super::{Listed, SECRETS_MAX, STORE_BYTES_MAX};
use crate::config::name;

/// The version of the format. Part of the associated data.
const FORMAT: u64 = 1;

/// The document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    format: u64,
    /// The id of the key.
    key: String,
    /// By name.
    secrets: BTreeMap<String, Entry>,
    seal: String,
}

/// A secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    set: String,
    rotated: Option<String>,
    /// Base64 of nonce, ciphertext and tag.
    value: String,
}

/// What every version of the format has.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl Document {
    /// An empty one under this key.
    pub(super) fn new(key: &Key) -> Self {
        Self { format: FORMAT, key: key.id().to_owned(), secrets: BTreeMap::new(), seal: String::new() }
    }

    /// Reads the content of the file `store`. Does not decrypt anything.
    pub(super) fn parse(bytes: &[u8], store: &Path) -> Result<Self, VaultError> {
        let damaged = |why: String| VaultError::Damaged { store: store.to_owned(), why };
        let head: Head = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if head.format != FORMAT {
            return Err(VaultError::Newer { store: store.to_owned(), format: head.format });
        }
        let document: Self = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        // The seal covers the document as Tocsin writes it.
        if document.bytes()? != bytes {
            return Err(damaged("it is not as Tocsin writes it".to_owned()));
        }
        Ok(document)
    }

    /// The content of the file.
    fn bytes(&self) -> Result<Vec<u8>, VaultError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| VaultError::Encoding(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Checks that nothing was changed, and that every secret can be decrypted.
    pub(super) fn verify(&self, key: &Key) -> Result<(), &'static str> {
        let about = self.sealed_text().map_err(|_| "it cannot be written again")?;
        key.open(&about, &self.seal).ok_or("it was changed by something else than Tocsin")?;
        match self.secrets.keys().all(|name| self.reveal(name, key).is_some()) {
            true => Ok(()),
            false => Err("a secret cannot be decrypted"),
        }
    }

    /// The content of the file, with its seal.
    pub(super) fn sealed(mut self, key: &Key) -> Result<Vec<u8>, VaultError> {
        self.seal = key.seal(&self.sealed_text()?, &[])?;
        let bytes = self.bytes()?;
        if bytes.len() as u64 > STORE_BYTES_MAX {
            return Err(VaultError::TooLarge);
        }
        Ok(bytes)
    }

    /// What the seal covers.
    fn sealed_text(&self) -> Result<Vec<u8>, VaultError> {
        let text = Self { seal: String::new(), ..self.clone() }.bytes()?;
        Ok([format!("tocsin seal of managed secrets\n{FORMAT}\n").as_bytes(), &text].concat())
    }

    /// The id of the key that it is encrypted with.
    pub(super) fn key_id(&self) -> &str {
        &self.key
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.secrets.contains_key(name)
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        let listed = |(name, entry): (&String, &Entry)| Listed {
            name: name.clone(),
            set_at: entry.set.clone(),
            rotated_at: entry.rotated.clone(),
        };
        self.secrets.iter().map(listed).collect()
    }

    /// The value of a secret; none if it is not there, or cannot be decrypted.
    pub(super) fn reveal(&self, name: &str, key: &Key) -> Option<String> {
        let entry = self.secrets.get(name)?;
        String::from_utf8(key.open(&about(name), &entry.value)?).ok()
    }

    /// Stores a secret at the time `now`, or replaces its value.
    pub(super) fn put(&mut self, name: &str, value: &str, now: &str, key: &Key) -> Result<(), VaultError> {
        if !name::is_name(name) {
            return Err(VaultError::Name { name: name.to_owned() });
        }
        let value = key.seal(&about(name), value.as_bytes())?;
        let entry = match self.secrets.get(name) {
            Some(before) => Entry { set: before.set.clone(), rotated: Some(now.to_owned()), value },
            None if self.secrets.len() >= SECRETS_MAX => return Err(VaultError::TooMany),
            None => Entry { set: now.to_owned(), rotated: None, value },
        };
        self.secrets.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Removes a secret. Returns whether it was there.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.secrets.remove(name).is_some()
    }

    /// The same secrets under another key; none if one cannot be decrypted.
    pub(super) fn under(&self, old: &Key, new: &Key) -> Result<Option<Self>, VaultError> {
        let mut document = Self { key: new.id().to_owned(), ..self.clone() };
        for (name, entry) in &mut document.secrets {
            let Some(text) = self.reveal(name, old) else { return Ok(None) };
            entry.value = new.seal(&about(name), text.as_bytes())?;
        }
        Ok(Some(document))
    }
}

/// The associated data of a secret: two secrets cannot be exchanged.
fn about(name: &str) -> Vec<u8> {
    format!("tocsin managed secret\n{FORMAT}\n{name}").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn key() -> Key {
        Key::random().expect("random numbers")
    }

    fn store() -> PathBuf {
        PathBuf::from("secrets.json")
    }

    fn two(key: &Key) -> Document {
        let mut document = Document::new(key);
        document.put("one", "the first value", "2026-01-02T03:04:05Z", key).expect("stored");
        document.put("two", "the other value", "2026-01-02T03:04:05Z", key).expect("stored");
        document
    }

    /// The secrets of a file, or none if something is wrong with it.
    fn read(bytes: &[u8], key: &Key) -> Option<Vec<Option<String>>> {
        let document = Document::parse(bytes, &store()).ok()?;
        document.verify(key).ok()?;
        Some(["one", "two"].map(|name| document.reveal(name, key)).to_vec())
    }

    #[test]
    fn what_is_written_is_read_again_and_shows_no_value() {
        let key = key();
        let bytes = two(&key).sealed(&key).expect("written");
        let values = read(&bytes, &key).expect("it is whole");
        assert_eq!(values, ["the first value", "the other value"].map(|text| Some(text.to_owned())));
        let text = String::from_utf8(bytes).expect("text");
        assert!(
            !text.contains("value\"\n") && !text.contains("first") && !text.contains(&key.text()),
            "{text}"
        );
        let debug = format!("{:?}", two(&key));
        assert!(!debug.contains("first") && !debug.contains(&key.text()), "{debug}");
    }

    #[test]
    fn a_change_of_any_byte_is_noticed() {
        let key = key();
        let bytes = two(&key).sealed(&key).expect("written");
        for at in 0..bytes.len() {
            for change in [0x01, 0x20, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                assert!(read(&changed, &key).is_none(), "byte {at} of {}", String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn a_file_that_is_not_complete_is_noticed() {
        let key = key();
        let bytes = two(&key).sealed(&key).expect("written");
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], &key).is_none(), "{length} bytes");
        }
        assert!(read(&[&bytes[..], b"\n"].concat(), &key).is_none());
    }

    #[test]
    fn entries_cannot_be_exchanged_removed_or_taken_from_an_earlier_file() {
        let key = key();
        let document = two(&key);
        let seal = |document: &Document| {
            let sealed = document.clone().sealed(&key).expect("written");
            Document::parse(&sealed, &store()).expect("it is whole")
        };
        let whole = seal(&document);
        // Even a new seal does not help: the name belongs to each entry.
        let mut exchanged = document.clone();
        let (one, two) = (document.secrets["one"].clone(), document.secrets["two"].clone());
        exchanged.secrets.extend([("one".to_owned(), two), ("two".to_owned(), one.clone())]);
        assert_eq!(seal(&exchanged).verify(&key), Err("a secret cannot be decrypted"));
        let changed = Err("it was changed by something else than Tocsin");
        let mut removed = whole.clone();
        removed.secrets.remove("two");
        assert_eq!(removed.verify(&key), changed);
        let mut later = document.clone();
        later.put("one", "a new value", "2026-02-03T04:05:06Z", &key).expect("stored");
        let mut mixed = seal(&later);
        mixed.secrets.insert("one".to_owned(), one);
        assert_eq!(mixed.verify(&key), changed);
        assert_eq!(whole.verify(&key), Ok(()));
    }

    #[test]
    fn another_key_and_a_newer_format_are_refused() {
        let key = key();
        let bytes = two(&key).sealed(&key).expect("written");
        assert!(read(&bytes, &self::key()).is_none());
        let newer = String::from_utf8(bytes).expect("text").replace("\"format\": 1", "\"format\": 2");
        let refused = Document::parse(newer.as_bytes(), &store()).map(drop);
        assert!(matches!(refused, Err(VaultError::Newer { format: 2, .. })), "{refused:?}");
    }

    #[test]
    fn names_follow_the_rule_and_there_is_a_limit() {
        let key = key();
        let mut document = Document::new(&key);
        for wrong in ["", "A", "1a", "a b", "a/b", "../x", &"a".repeat(65)] {
            assert!(matches!(document.put(wrong, "x", "now", &key), Err(VaultError::Name { .. })), "{wrong}");
        }
        for number in 0..SECRETS_MAX {
            document.put(&format!("s{number}"), "x", "now", &key).expect("stored");
        }
        assert!(matches!(document.put("more", "x", "now", &key), Err(VaultError::TooMany)));
        document.put("s0", "y", "later", &key).expect("replaced");
        let first = &document.list()[0];
        assert_eq!((first.set_at.as_str(), first.rotated_at.as_deref()), ("now", Some("later")));
    }
}
