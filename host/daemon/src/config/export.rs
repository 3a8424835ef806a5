//! Prints all files of a configuration as one, for `tocsin config export`.
//!
//! Values are the same as in the files: the output contains secrets that are written there, and a reference to a secret
//! stays a reference. Relative paths become absolute, so that the output means the same in every directory. Comments are
//! lost. The output contains no terminal control sequences.

use std::path::Path;

use tocsin_core::event::turns_direction;
use toml::{Table, Value};

use super::error::ConfigError;
use super::files::Files;
use super::merge::{Merged, merge};
use super::origins::Origins;
use super::parts::NAMED;
use super::paths;

/// The keys of references to secrets and of digests: such tables are written inline.
const REFERENCES: [&str; 5] = ["file", "env", "credential", "managed", "sha256"];

impl Files {
    /// One file with the contents of all files, and comments that name the file of each part.
    ///
    /// # Errors
    /// A file is not TOML, this user may not read it, or two files define the same part. Other mistakes stay in the
    /// text.
    pub fn export(&self) -> Result<String, ConfigError> {
        let Merged { mut table, origins, mut problems } = merge(self)?;
        // What begins at the main file's directory may still be relative to the working directory.
        if let Ok(here) = std::env::current_dir() {
            paths::resolve(&mut table, &here);
        }
        problems.extend(self.unread.iter().cloned());
        if !problems.is_empty() {
            return Err(ConfigError::Invalid { path: self.main.clone(), problems });
        }
        let mut text = String::new();
        keys(&mut text, &table, &origins);
        for (key, table) in tables_of(&table) {
            if !NAMED.contains(&key) {
                remark(&mut text, origins.below(key).map(|(_, file)| file));
                section(&mut text, &quoted_key(key), table);
            }
        }
        for key in NAMED {
            let Some(Value::Table(entries)) = table.get(key) else { continue };
            let mut wrong = entries.clone();
            wrong.retain(|_, value| !value.is_table());
            if !wrong.is_empty() {
                section(&mut text, key, &wrong);
            }
            for (name, table) in tables_of(entries) {
                remark(&mut text, origins.of(&format!("{key}.{name}")));
                section(&mut text, &format!("{key}.{}", quoted_key(name)), table);
            }
        }
        Ok(text)
    }
}

/// The top-level keys, grouped by file.
fn keys(text: &mut String, table: &Table, origins: &Origins) {
    let mut keys: Vec<_> = table.iter().filter(|(_, value)| !value.is_table()).collect();
    keys.sort_by_key(|(key, _)| origins.position(key));
    let mut before = None;
    for (key, value) in keys {
        let file = origins.of(key);
        if file != before {
            remark(text, file);
            before = file;
        }
        line(text, key, value);
    }
}

fn tables_of(table: &Table) -> impl Iterator<Item = (&str, &Table)> {
    table.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_table()?)))
}

/// An empty line, and a comment that names the files of the following lines.
fn remark<'a>(text: &mut String, files: impl IntoIterator<Item = &'a Path>) {
    let mut names: Vec<String> = Vec::new();
    for file in files {
        let name = commented(&file.display().to_string());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let space = if text.is_empty() { "" } else { "\n" };
    text.push_str(&format!("{space}# from {}\n", names.join(", ")));
}

/// `text` for a comment: one line.
pub(super) fn commented(text: &str) -> String {
    text.replace(|c: char| c == '\n' || is_escaped(c), " ")
}

/// Writes a table with this header, and its subtables.
pub(super) fn section(text: &mut String, header: &str, table: &Table) {
    let (tables, lines): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| has_header(value));
    if !lines.is_empty() || tables.is_empty() {
        text.push_str(&format!("[{header}]\n"));
    }
    for (key, value) in lines {
        line(text, key, value);
    }
    for (key, table) in tables.into_iter().filter_map(|(key, value)| Some((key, value.as_table()?))) {
        section(text, &format!("{header}.{}", quoted_key(key)), table);
    }
}

/// Whether a value is written as a table with a header of its own.
fn has_header(value: &Value) -> bool {
    let is_reference =
        |table: &Table| table.len() == 1 && REFERENCES.iter().any(|key| table.contains_key(*key));
    value.as_table().is_some_and(|table| !is_reference(table))
}

fn line(text: &mut String, key: &str, value: &Value) {
    text.push_str(&format!("{} = {}\n", quoted_key(key), written(value)));
}

/// A value as TOML.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\n') => long_text(text),
        Value::String(text) => short_text(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let entry = |(key, value): (&String, &Value)| format!("{} = {}", quoted_key(key), written(value));
            format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => value.to_string(),
    }
}

pub(super) fn quoted_key(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(is_bare) { key.to_owned() } else { basic(key) }
}

/// A text on one line, in single quotes if that avoids escapes.
fn short_text(text: &str) -> String {
    let has_escapes = text.contains(is_escaped);
    if text.contains(['"', '\\']) && !text.contains('\'') && !has_escapes {
        return format!("'{text}'");
    }
    basic(text)
}

/// A multi-line text, unescaped where possible. A line end after the opening quotes is not part of it.
fn long_text(text: &str) -> String {
    let has_escapes = text.contains(is_escaped);
    if text.contains('\\') && !text.contains("'''") && !text.ends_with('\'') && !has_escapes {
        return format!("'''\n{text}'''");
    }
    let has_quotes = text.contains("\"\"\"") || text.ends_with('"');
    let escaped: String = text
        .chars()
        .map(|c| if c == '\n' || (c == '"' && !has_quotes) { c.to_string() } else { escaped(c) })
        .collect();
    format!("\"\"\"\n{escaped}\"\"\"")
}

fn basic(text: &str) -> String {
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn escaped(c: char) -> String {
    match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        c if is_escaped(c) => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    }
}

/// Whether a character could control a terminal and is written as an escape. Line ends are not.
fn is_escaped(c: char) -> bool {
    c != '\n' && (c.is_control() || turns_direction(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 16] = [
        "",
        "plain",
        "'single'",
        "\"double\"",
        "'both\"",
        "back\\slash \\d+",
        "tab\t and \u{1b}[2J and \u{202e} and \u{7f}",
        "first\nsecond",
        "\n",
        "\n\nlast\n",
        "\"\"\"\nthree",
        "ends\nwith \"",
        "jq \\(.x)\n'''",
        "jq \\(.x)\nend'",
        "jq \\(.x)\n\"\"\"and this\"\"\"",
        "dos\r\nlines\r\n",
    ];

    #[test]
    fn every_text_is_read_back_as_it_was_and_drives_no_terminal() {
        for text in TEXTS {
            let value = Value::from(text);
            for written in [written(&value), basic(text)] {
                let line = format!("{} = {written}", quoted_key(text));
                let read: Table = line.parse().unwrap_or_else(|error| unreachable!("{error}: {line}"));
                assert_eq!(read.get(text), Some(&value), "{line}");
                assert!(!line.contains(is_escaped), "{line:?}");
            }
        }
    }

    #[test]
    fn a_table_is_read_back_as_it_was() {
        let table: Table = "rate = 2.5\nlist = [\"a\", \"b\"]\nat = 2026-01-02T03:04:05Z\n\
            token = { file = \"/etc/token\" }\nflapping = { reopenings = 5, window = \"30m\" }\nempty = {}\n\
            [settings]\nmessage = \"{{ incident.title }}\"\n[secrets.deep.deeper]\n\"a b\" = true\n"
            .parse()
            .expect("it is TOML");
        let mut text = String::new();
        section(&mut text, "sources.\"a b\"", &table);
        let read: Table = text.parse().unwrap_or_else(|error| unreachable!("{error}: {text}"));
        assert_eq!(read["sources"]["a b"].as_table(), Some(&table), "{text}");
        assert!(text.contains("token = { file = \"/etc/token\" }\n"), "{text}");
    }
}
