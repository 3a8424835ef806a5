//! Changes of the configuration over the API: which file of `managed` a change writes, and what it may not do there.
//!
//! Reads and writes no file itself. The relay checks the resulting files as a whole before it writes one of them.

use std::path::Path;

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use super::error::{ConfigError, ConfigProblem};
use super::files::{File, Files, MANAGED, Part};
use super::name::{NO_NAME, is_name};
use super::sources::{OPEN, PROOFS};

mod document;
mod kind;
mod permitted;
mod refusal;
mod resource;

pub use kind::Kind;
pub use refusal::Refusal;
pub use resource::Resource;

use refusal::{BYTES_MAX, FILE_BYTES_MAX, FILES_MAX};

/// What a client expects to be in force before its change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// One of these versions; none if the client does not say.
    pub versions: Option<Vec<String>>,
    /// Any version: there must be one.
    pub any: bool,
    /// There must be none.
    pub none: bool,
}

impl Expected {
    fn is_met(&self, version: Option<&str>) -> bool {
        let among =
            |versions: &Vec<String>| version.is_some_and(|version| versions.iter().any(|v| v == version));
        self.versions.as_ref().is_none_or(among)
            && (!self.any || version.is_some())
            && (!self.none || version.is_none())
    }
}

/// A change of one source, connection or action.
#[derive(Clone, Debug)]
pub struct ManagedChange {
    kind: Kind,
    name: String,
    /// Its settings as in TOML; none to remove it.
    settings: Option<Table>,
    expected: Expected,
    /// The SHA-256 of the token for a source that has no authentication settings.
    token: String,
    /// The comment in the file: who asked, and when.
    remark: String,
}

/// A change that may be made, if the resulting configuration is right.
#[derive(Debug)]
pub struct Plan {
    /// The files after the change.
    pub files: Files,
    /// The file to write or remove; none if the settings are the same as before.
    pub write: Option<ManagedFile>,
    /// Whether there was none of this name.
    pub creates: bool,
    /// Whether the source got the change's token.
    pub uses_token: bool,
}

/// A file of `managed` to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its text; none to remove it.
    pub text: Option<String>,
}

impl ManagedChange {
    /// Writes these settings. `token` is the SHA-256 of a new token.
    ///
    /// # Errors
    /// The name or a value cannot be in a configuration, or may not be written over the API.
    pub fn put(
        (kind, name): (Kind, &str),
        settings: &Map<String, Json>,
        expected: Expected,
        token: String,
        remark: String,
    ) -> Result<Self, Refusal> {
        if !is_name(name) {
            return Err(Refusal::Mistakes(vec![ConfigProblem::new(kind.path(name), NO_NAME)]));
        }
        let settings = document::table(settings, &kind.path(name)).map_err(Refusal::Mistakes)?;
        let problems = permitted::refused(kind, name, &settings);
        if !problems.is_empty() {
            return Err(Refusal::Mistakes(problems));
        }
        Ok(Self { kind, name: name.to_owned(), settings: Some(settings), expected, token, remark })
    }

    /// Removes it.
    pub fn remove(kind: Kind, name: &str, expected: Expected) -> Self {
        let (token, remark) = (String::new(), String::new());
        Self { kind, name: name.to_owned(), settings: None, expected, token, remark }
    }

    /// The table of what is changed.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of what is changed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The effect of the change on the files `on_disk`, if `in_force` are the files of the configuration in force.
    ///
    /// # Errors
    /// The change is refused.
    pub fn plan(&self, in_force: &Files, on_disk: &Files, state_dir: &Path) -> Result<Plan, Refusal> {
        let path = self.kind.path(&self.name);
        let held = Held::find(on_disk, self.kind, &self.name)?;
        if let Some(Held { file, .. }) = held.as_ref().filter(|held| held.file.part != Part::Managed) {
            return Err(Refusal::Elsewhere { path, file: file.path.clone() });
        }
        let before = Held::find(in_force, self.kind, &self.name)?;
        self.check_expected(before.as_ref())?;
        if before.as_ref().map(|held| &held.table) != held.as_ref().map(|held| &held.table) {
            return Err(Refusal::NotReloaded { path });
        }
        let file = self.file(on_disk, held.as_ref())?;
        self.check_secrets(on_disk)?;
        let Some((settings, uses_token)) = self.complete(held.as_ref()) else {
            let Some(held) = held else {
                return Err(Refusal::Absent { kind: self.kind, name: self.name.clone() });
            };
            let files = on_disk.with_managed(state_dir, &held.own_name(), None);
            let write = Some(ManagedFile { name: file, text: None });
            return Ok(Plan { files, write, creates: false, uses_token: false });
        };
        if held.as_ref().is_some_and(|held| held.table == settings) {
            return Ok(Plan { files: on_disk.clone(), write: None, creates: false, uses_token });
        }
        let text = document::text(self.kind, &self.name, &settings, &self.remark);
        if text.len() > FILE_BYTES_MAX {
            return Err(Refusal::TooLarge { path, bytes: text.len() });
        }
        let files = on_disk.with_managed(state_dir, &file, Some(&text));
        check_room(&files)?;
        let write = Some(ManagedFile { name: file, text: Some(text) });
        Ok(Plan { files, write, creates: held.is_none(), uses_token })
    }

    fn check_expected(&self, before: Option<&Held<'_>>) -> Result<(), Refusal> {
        let version = before.map(|held| held.shown(self.kind, &self.name).version);
        if self.expected.is_met(version.as_deref()) {
            return Ok(());
        }
        let is = match version {
            Some(_) if self.expected.none => "exists already",
            Some(_) => "was changed meanwhile",
            None => "does not exist",
        };
        Err(Refusal::Outdated { path: self.kind.path(&self.name), is })
    }

    /// Refuses managed secrets that the relay uses for itself, such as the key of its certificate.
    fn check_secrets(&self, on_disk: &Files) -> Result<(), Refusal> {
        let Some(settings) = &self.settings else { return Ok(()) };
        let mut relays = Vec::new();
        for file in &on_disk.all {
            relays.extend(permitted::uses_of_the_relay(&file.table()?));
        }
        let problems = permitted::refused_secrets(&self.kind.path(&self.name), settings, &relays);
        if problems.is_empty() { Ok(()) } else { Err(Refusal::Mistakes(problems)) }
    }

    /// The name of the file to write.
    fn file(&self, on_disk: &Files, held: Option<&Held<'_>>) -> Result<String, Refusal> {
        if let Some(held) = held {
            return match held.is_alone {
                true => Ok(held.own_name()),
                false => Err(Refusal::Foreign {
                    file: held.file.path.clone(),
                    problem: "holds other parts of the configuration as well",
                }),
            };
        }
        let name = format!("{}-{}.toml", self.kind.as_str(), self.name);
        match on_disk.all.iter().find(|file| file.name == format!("{MANAGED}/{name}")) {
            Some(other) => Err(Refusal::Foreign {
                file: other.path.clone(),
                problem: "does not hold what its name says",
            }),
            None => Ok(name),
        }
    }

    /// The settings to write, and whether they contain the token of this change. A source without authentication
    /// settings keeps those that it has.
    fn complete(&self, held: Option<&Held<'_>>) -> Option<(Table, bool)> {
        let mut settings = self.settings.clone()?;
        let is_open = settings.get(OPEN) == Some(&Value::Boolean(true));
        let proofs = || PROOFS.into_iter().chain([OPEN]);
        if self.kind != Kind::Sources || is_open || PROOFS.iter().any(|key| settings.contains_key(*key)) {
            return Some((settings, false));
        }
        // Whoever closes an open source needs a token for it.
        let closes = settings.get(OPEN) == Some(&Value::Boolean(false));
        let held = held.filter(|held| !closes || held.table.get(OPEN) != Some(&Value::Boolean(true)));
        let Some(held) = held else {
            let digest = Table::from_iter([("sha256".to_owned(), Value::from(self.token.clone()))]);
            settings.insert("token".to_owned(), Value::Table(digest));
            return Some((settings, true));
        };
        for (key, value) in proofs().filter_map(|key| Some((key, held.table.get(key)?))) {
            settings.entry(key.to_owned()).or_insert_with(|| value.clone());
        }
        Some((settings, false))
    }
}

/// Where a source, connection or action is, and its table there.
struct Held<'a> {
    file: &'a File,
    table: Table,
    /// Whether the file holds nothing else.
    is_alone: bool,
}

impl<'a> Held<'a> {
    /// The first file with the one of this name.
    fn find(files: &'a Files, kind: Kind, name: &str) -> Result<Option<Self>, ConfigError> {
        for file in &files.all {
            let Some(Value::Table(mut entries)) = file.table()?.remove(kind.as_str()) else { continue };
            if let Some(Value::Table(table)) = entries.remove(name) {
                let is_alone = file.holds()?.len() == 1;
                return Ok(Some(Self { file, table, is_alone }));
            }
        }
        Ok(None)
    }

    /// The file's name in its folder.
    fn own_name(&self) -> String {
        self.file.name.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn shown(&self, kind: Kind, name: &str) -> Resource {
        Resource::of(kind, name, &self.table, self.file)
    }
}

fn check_room(files: &Files) -> Result<(), Refusal> {
    let managed = || files.all.iter().filter(|file| file.part == Part::Managed);
    let (files, bytes) = (managed().count(), managed().map(|file| file.text.len()).sum());
    if files > FILES_MAX || bytes > BYTES_MAX { Err(Refusal::Full { files, bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
