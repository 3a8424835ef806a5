//! A source, connection or action of a configuration, as answers show it: without a secret.

use std::path::PathBuf;

use serde_json::{Map, Value as Json};
use toml::Value;

use super::document;
use super::kind::Kind;
use super::permitted::{forms, is_plain_address};
use crate::config::Config;
use crate::config::files::{File, Part};
use crate::config::secret::Form;
use crate::runtime::signing::sha256_of;

/// What stands for a secret that is written in the configuration.
const MASK: &str = "***";

/// A source, connection or action.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The table.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// Which part of the configuration its file is.
    pub part: Part,
    /// Its file.
    pub file: PathBuf,
    /// Its settings, with a mask for each secret that is written there.
    pub settings: Map<String, Json>,
    /// The paths of masked settings, below it: `secrets.token`.
    pub hidden: Vec<String>,
    /// A digest of the settings as they are shown and of the kind of file.
    pub version: String,
}

impl Resource {
    pub(super) fn of(kind: Kind, name: &str, table: &toml::Table, file: &File) -> Self {
        let path = kind.path(name);
        let below = |at: &str| at.strip_prefix(&path).and_then(|at| at.strip_prefix('.')).map(str::to_owned);
        let secrets = forms(kind, name, table).into_iter();
        let secrets: Vec<String> =
            secrets.filter(|(at, form)| is_masked(at, form)).map(|(at, _)| at).collect();
        let mask = |at: &str| secrets.iter().any(|secret| secret == at).then(|| Json::from(MASK));
        let settings = document::object(table, &path, &mask);
        let shown = Json::Object(settings.clone()).to_string();
        Self {
            kind,
            name: name.to_owned(),
            part: file.part,
            file: file.path.clone(),
            hidden: secrets.iter().filter_map(|at| below(at)).collect(),
            version: sha256_of(&[file.part.as_str(), &path, &shown]),
            settings,
        }
    }
}

/// Whether a value of this form may contain the secret itself.
fn is_masked(path: &str, form: &Form) -> bool {
    match form {
        Form::Literal(text) => !is_plain_address(path, text.reveal()),
        Form::Other => true,
        Form::Reference(_) | Form::Path => false,
    }
}

impl Config {
    /// The source, connection or action of this name.
    pub fn resource(&self, kind: Kind, name: &str) -> Option<Resource> {
        self.resources(kind).into_iter().find(|resource| resource.name == name)
    }

    /// All sources, connections or actions, by name.
    pub fn resources(&self, kind: Kind) -> Vec<Resource> {
        let mut found = Vec::new();
        for file in &self.files.all {
            // The files of a configuration are TOML.
            let Ok(mut table) = file.table() else { continue };
            let Some(Value::Table(entries)) = table.remove(kind.as_str()) else { continue };
            let entries = entries.iter().filter_map(|(name, value)| Some((name, value.as_table()?)));
            found.extend(entries.map(|(name, table)| Resource::of(kind, name, table, file)));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}
