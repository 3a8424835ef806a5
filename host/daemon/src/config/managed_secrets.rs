//! Managed secrets in a configuration: `{ managed = "name" }`.
//!
//! Opens their store when the first of them is needed, once for each reading of the configuration.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::secret::{Place, Secret};
use super::vault::{Opened, Vault, VaultError};

/// The path of the key's place.
pub(super) const KEY: &str = "secrets.key";
/// The key of a reference.
const REFERENCE: &str = "managed";

/// A part of a configuration that uses a managed secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedUse {
    /// The path in the configuration, such as `connections.ops.url`.
    pub path: String,
    /// The secret's name.
    pub name: String,
}

/// The parts of a merged configuration that use managed secrets, in the order of their paths.
pub(super) fn uses(table: &Table) -> Vec<ManagedUse> {
    let mut found = Vec::new();
    find(table, "", &mut found);
    found
}

fn find(table: &Table, above: &str, found: &mut Vec<ManagedUse>) {
    for (key, value) in table {
        let Value::Table(inner) = value else { continue };
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match inner.get(REFERENCE).and_then(Value::as_str) {
            Some(name) if inner.len() == 1 => found.push(ManagedUse { path, name: name.to_owned() }),
            _ => find(inner, &path, found),
        }
    }
}

/// The managed secrets, while a configuration is read.
#[derive(Default)]
pub(super) struct Managed {
    vault: RefCell<Option<Vault>>,
    opened: OnceCell<Result<Option<Opened>, VaultError>>,
}

impl Managed {
    /// Sets where they are.
    pub(super) fn of(&self, vault: Vault) {
        self.vault.replace(Some(vault));
    }

    fn opened(&self) -> Result<Option<&Opened>, &VaultError> {
        let open = || self.vault.borrow().as_ref().map_or(Ok(None), Vault::open);
        self.opened.get_or_init(open).as_ref().map(Option::as_ref)
    }

    /// The secret with this name.
    pub(super) fn read(&self, name: &str) -> Result<(Secret, Place), String> {
        let missing = || VaultError::Missing { name: name.to_owned() }.to_string();
        let found = match self.opened() {
            Ok(Some(opened)) => opened.reveal(name),
            Ok(None) => return Err(missing()),
            Err(error) => return unseen(error),
        };
        match found {
            Ok(Some(text)) => Ok((Secret::new(text), Place::Managed)),
            Ok(None) => Err(missing()),
            Err(error) => unseen(error),
        }
    }

    /// The file of the key, if a secret was read and its key is in a file.
    pub(super) fn key_file(&self) -> Option<PathBuf> {
        let opened = self.opened.get()?.as_ref().ok()?.as_ref()?;
        opened.key_source()?.file().map(Path::to_owned)
    }
}

/// A secret that is there for the service alone; another error is a mistake.
fn unseen(error: &VaultError) -> Result<(Secret, Place), String> {
    if error.is_unseen() {
        return Ok((Secret::unseen(), Place::Unseen(error.to_string())));
    }
    Err(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_that_uses_a_managed_secret_is_found() {
        let text = "[sources.a]\ntoken = { managed = \"one\" }\nbasic = { user = \"u\", password = { managed = \"two\" } }\n\
                    [connections.b]\nurl = \"https://x\"\nsecrets = { token = { managed = \"one\" } }\n\
                    settings = { managed = \"a setting\", other = 1 }\n";
        let found = uses(&text.parse().expect("TOML"));
        let found: Vec<(&str, &str)> =
            found.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
        assert_eq!(
            found,
            [
                ("connections.b.secrets.token", "one"),
                ("sources.a.basic.password", "two"),
                ("sources.a.token", "one")
            ]
        );
    }
}
