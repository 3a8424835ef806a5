//! The tables in which a plugin has settings, and the given settings.

use std::collections::BTreeMap;

use anyhow::Context;
use tocsin_core::plugin::PluginInfo;
use tocsin_core::settings::{Field, FieldKind};

/// A table with settings of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Source,
    Connection,
    Action,
}

impl Part {
    const ALL: [Self; 3] = [Self::Source, Self::Connection, Self::Action];

    /// The name of the part in `--set`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Connection => "connection",
            Self::Action => "action",
        }
    }

    /// The part and the key of the setting at `path`, if `tables` has the path of its part's table.
    pub(super) fn setting<'a>(path: &'a str, tables: &[(Self, String)]) -> Option<(Self, &'a str)> {
        let (part, rest) = tables
            .iter()
            .find_map(|(part, table)| Some((*part, path.strip_prefix(table)?.strip_prefix('.')?)))?;
        let key = rest.strip_prefix("settings.").or_else(|| rest.strip_prefix("secrets."))?;
        Some((part, key))
    }

    /// The settings of this part that a plugin describes.
    pub(super) fn fields(self, plugin: &PluginInfo) -> &[Field] {
        match self {
            Self::Source => plugin.source.as_ref().map_or(&[], |source| &source.fields),
            Self::Connection => plugin.action.as_ref().map_or(&[], |action| &action.connection),
            Self::Action => plugin.action.as_ref().map_or(&[], |action| &action.fields),
        }
    }
}

/// The given settings and secrets, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(BTreeMap<(Part, String), String>);

impl Settings {
    /// Parses the values of `--set` for these plugins.
    ///
    /// # Errors
    /// A value is not `part.key=value`, or the plugin has no such setting.
    pub(super) fn read(texts: &[String], source: &PluginInfo, action: &PluginInfo) -> anyhow::Result<Self> {
        let mut settings = Self::default();
        for text in texts {
            // The error does not show the value, which may be a secret.
            let (name, value) = text.split_once('=').context(
                "--set: `=` is missing: write source.KEY=VALUE, connection.KEY=VALUE or action.KEY=VALUE",
            )?;
            let part = name.split_once('.').and_then(|(part, key)| {
                Some((Part::ALL.into_iter().find(|known| known.as_str() == part)?, key))
            });
            let (part, key) = part.with_context(|| {
                format!("--set: `{name}` is not a setting: write source.KEY, connection.KEY or action.KEY")
            })?;
            let plugin = if part == Part::Source { source } else { action };
            let fields = part.fields(plugin);
            if !fields.iter().any(|field| field.key == key) {
                let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
                let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
                let (id, part) = (&plugin.id, part.as_str());
                anyhow::bail!(
                    "--set: the plugin `{id}` has no {part} setting `{key}`; its settings are: {keys}"
                );
            }
            settings.set(part, key, value);
        }
        Ok(settings)
    }

    /// Sets a setting.
    pub(super) fn set(&mut self, part: Part, key: &str, value: &str) {
        self.0.insert((part, key.to_owned()), value.to_owned());
    }

    /// The given value of a setting.
    pub(super) fn get(&self, part: Part, key: &str) -> Option<&str> {
        self.0.get(&(part, key.to_owned())).map(String::as_str)
    }
}

/// A value as TOML.
pub(super) fn toml_value(kind: &FieldKind, text: &str) -> String {
    let native = match kind {
        FieldKind::Integer => text.trim().parse::<i64>().ok().map(toml::Value::from),
        FieldKind::Boolean => text.trim().parse::<bool>().ok().map(toml::Value::from),
        FieldKind::Texts => Some(toml::Value::from(text.lines().map(str::to_owned).collect::<Vec<_>>())),
        _ => None,
    };
    // A value of the wrong type stays text, and the check reports it.
    native.map_or_else(|| toml_text(text), |value| value.to_string())
}

/// A text as TOML, on one line.
pub(super) fn toml_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_it_was_given() {
        for text in ["", "a \"b\" \\c", "two\nlines\ttab \u{7f}", "{{ labels.x }}", "ü"] {
            let table: toml::Table = format!("key = {}", toml_text(text)).parse().expect("it is TOML");
            assert_eq!(table["key"].as_str(), Some(text));
        }
        assert_eq!(toml_value(&FieldKind::Integer, "7"), "7");
        assert_eq!(toml_value(&FieldKind::Boolean, "true"), "true");
        assert_eq!(toml_value(&FieldKind::Boolean, "perhaps"), "\"perhaps\"");
        let list: toml::Table =
            format!("key = {}", toml_value(&FieldKind::Texts, "a\nb")).parse().expect("TOML");
        assert_eq!(list["key"].as_array().map(Vec::len), Some(2));
    }
}
