//! Reads the secrets of a table, and the files of certificates. Notes where each comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;

use super::Reader;
use crate::config::error::ConfigProblem;
use crate::config::managed_secrets::KEY;
use crate::config::parts::Parts;
use crate::config::secret::{Place, Secret};
use crate::config::vault::Vault;

impl Reader {
    /// Sets where managed secrets are read from. Whatever reads secrets comes after this.
    pub(in crate::config) fn manage(&self, vault: Vault) {
        self.found.managed.of(vault);
    }

    /// A secret: a text, or `{ file = … }`, `{ env = … }`, `{ credential = … }`, `{ managed = … }`.
    pub(in crate::config) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.take(key)?;
        self.read_secret(key, &value)
    }

    /// A secret that must be there; one that cannot be read is that one mistake.
    pub(in crate::config) fn required_secret(&mut self, key: &'static str, help: &str) -> Option<Secret> {
        if !self.has(key) {
            self.problem(key, format!("is missing: {help}"));
        }
        self.secret(key)
    }

    fn read_secret(&self, key: &str, value: &Value) -> Option<Secret> {
        if let Some(forms) = &self.found.forms {
            return Some(forms.note(self.at(key), value));
        }
        self.found_at(key, Secret::read(value, |name| self.found.managed.read(name)))
    }

    /// The path and text of a file of certificates. None if it is not configured or wrong, or only the service can
    /// read it.
    pub(in crate::config) fn file(&mut self, key: &'static str) -> Option<(PathBuf, String)> {
        let path = self.text(key)?;
        if let Some(forms) = &self.found.forms {
            forms.note_path(self.at(key));
            return None;
        }
        let text = self.found_at(key, Secret::read_certificates(Path::new(&path)))?;
        text.is_seen().then(|| (PathBuf::from(path), text.reveal().to_owned()))
    }

    /// Notes the source of a secret, or why it was not found.
    fn found_at(&self, key: &str, read: Result<(Secret, Place), String>) -> Option<Secret> {
        let (secret, place) = self.checked(key, read)?;
        if let Place::Unseen(why) = &place {
            self.found.unseen.borrow_mut().push(ConfigProblem::new(self.at(key), why.clone()));
        }
        self.found.places.borrow_mut().push((self.at(key), place, secret.clone()));
        Some(secret)
    }

    /// All of a table of secrets.
    pub(in crate::config) fn secrets(&mut self, key: &'static str) -> BTreeMap<String, Secret> {
        let Some(table) = self.table(key, "a table") else { return BTreeMap::new() };
        let read = |(name, value): (String, Value)| {
            let secret = self.read_secret(&format!("{key}.{name}"), &value)?;
            Some((name, secret))
        };
        table.into_iter().filter_map(read).collect()
    }

    /// The secrets of all tables that could not be seen, and where each secret was read from. Their values belong to
    /// their parts.
    pub(in crate::config) fn secrets_found(
        &self,
        parts: &mut Parts,
    ) -> (Vec<ConfigProblem>, Vec<(String, Place)>) {
        let places = self.found.places.borrow();
        places.iter().for_each(|(path, _, secret)| parts.say(path, secret.reveal()));
        let places = places.iter().map(|(path, place, _)| (path.clone(), place.clone()));
        // The file of the key protects all managed secrets. Another key changes no part.
        let key = self.found.managed.key_file().map(|file| (KEY.to_owned(), Place::File(file)));
        let places = places.chain(key).collect();
        (self.found.unseen.borrow().clone(), places)
    }
}
