//! Reads one table of the configuration, key by key, and collects what is wrong with it.
//!
//! What was not asked for by the time of [`Reader::finish`] is an unknown key.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tocsin_core::settings::{Given, duration_ms};
use toml::{Table, Value};

use super::error::ConfigProblem;
use super::managed_secrets::Managed;
use super::name;
use super::secret::{Form, Forms, Place, Secret};

mod secrets;
mod values;

use values::{bytes, given, kind};

/// A table that is being read.
pub(super) struct Reader {
    path: String,
    table: Table,
    /// Every key that was looked for, whether or not it was there: the list that an unknown key is answered with.
    asked: RefCell<Vec<String>>,
    found: Rc<Found>,
}

/// The results of reading all tables of a configuration.
#[derive(Default)]
struct Found {
    problems: RefCell<Vec<ConfigProblem>>,
    unseen: RefCell<Vec<ConfigProblem>>,
    places: RefCell<Vec<(String, Place, Secret)>>,
    /// The notes of a reader that reads no secret and no file.
    forms: Option<Forms>,
    managed: Managed,
}

/// The notes of a reader and of those of its tables.
pub(super) struct Notes(Rc<Found>);

impl Notes {
    /// How each secret is written, by its path.
    pub(super) fn forms(&self) -> Vec<(String, Form)> {
        self.0.forms.as_ref().map(Forms::all).unwrap_or_default()
    }

    /// The mistakes that were found.
    #[cfg(test)]
    pub(super) fn problems(&self) -> Vec<ConfigProblem> {
        self.0.problems.borrow().clone()
    }
}

impl Reader {
    pub(super) fn root(table: Table) -> Self {
        Self { path: String::new(), table, asked: RefCell::default(), found: Rc::default() }
    }

    /// A reader of the table at `path` that reads no secret and no file. It notes how each is written.
    pub(super) fn noting(path: &str, table: Table) -> Self {
        let found = Found { forms: Some(Forms::default()), ..Found::default() };
        Self { path: path.to_owned(), table, asked: RefCell::default(), found: Rc::new(found) }
    }

    /// What this reader and those of its tables will note.
    pub(super) fn notes(&self) -> Notes {
        Notes(Rc::clone(&self.found))
    }

    /// Reports a mistake in `key` of this table.
    pub(super) fn problem(&self, key: &str, problem: impl Into<String>) {
        self.found.problems.borrow_mut().push(ConfigProblem::new(self.at(key), problem));
    }

    fn at(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    /// Remembers that this table may have `key`. Whatever looks into the table calls this first.
    fn ask(&self, key: &str) {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == key) {
            asked.push(key.to_owned());
        }
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.ask(key);
        self.table.get(key)
    }

    /// Whether `key` is still there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Whether `key` is there and true or false.
    pub(super) fn is_boolean(&self, key: &str) -> bool {
        self.value(key).is_some_and(Value::is_bool)
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.ask(key);
        self.table.remove(key)
    }

    /// The table under `key`. What stands in its place may be a secret, so it is never shown.
    fn table(&mut self, key: &'static str, expected: &str) -> Option<Table> {
        match self.take(key)? {
            Value::Table(table) => Some(table),
            other => {
                self.problem(key, format!("is {}, expected {expected}", kind(&other)));
                None
            }
        }
    }

    /// The value of `key` made by `read`, or a mistake saying that `expected` was expected.
    fn typed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let typed = read(&value);
        if typed.is_none() {
            self.problem(key, format!("`{value}` is not {expected}"));
        }
        typed
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text that `parse` accepts; its error is the mistake.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.checked(key, parse(&text))
    }

    /// What was read of `key`; an error is the mistake.
    pub(super) fn checked<T, E: std::fmt::Display>(&self, key: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, error.to_string());
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, key: &'static str, help: &str) -> String {
        let missing = !self.has(key);
        let text = self.text(key);
        if missing {
            self.problem(key, format!("is missing: {help}"));
        }
        text.unwrap_or_default()
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "a list of texts", |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A whole number within `range`.
    pub(super) fn count(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<usize> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.typed(key, &expected, |value| {
            value.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n))
        })
    }

    /// A part of a whole.
    pub(super) fn ratio(&mut self, key: &'static str) -> Option<f64> {
        self.typed(key, "a number from 0 to 1: write 1 for all, or such as 0.1 for a tenth", |value| {
            let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
            number.filter(|number| (0.0..=1.0).contains(number))
        })
    }

    /// A number of bytes, written as a number or as `64KiB`, `1MiB`, within `range`.
    pub(super) fn bytes(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<usize> {
        let expected = format!(
            "a size from {} to {} bytes: write a number of bytes, or KiB, MiB or GiB, such as `4MiB`",
            range.start(),
            range.end()
        );
        self.typed(key, &expected, |value| bytes(value).filter(|n| range.contains(n)))
    }

    /// A duration such as `15m`.
    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let text = self.typed(key, "a duration: write a text such as `\"90s\"` or `\"12h\"`", |value| {
            value.as_str().map(str::to_owned)
        })?;
        self.checked(key, duration_ms(&text)).map(Duration::from_millis)
    }

    /// Takes the text under `inner` in the table under `key`, if the table has only this key.
    pub(super) fn only_key(&mut self, key: &'static str, inner: &str) -> Option<String> {
        let table = self.value(key)?.as_table().filter(|table| table.len() == 1)?;
        let text = table.get(inner)?.as_str()?.to_owned();
        self.take(key);
        Some(text)
    }

    /// All of a table of a plugin's settings; what they mean is for the plugin to say.
    pub(super) fn settings(&mut self, key: &'static str) -> BTreeMap<String, Given> {
        let Some(table) = self.table(key, "a table") else { return BTreeMap::new() };
        let mut settings = BTreeMap::new();
        for (name, value) in table {
            match given(&value) {
                Some(given) => drop(settings.insert(name, given)),
                None => {
                    let problem = "expected a text, a whole number, true, false or a list of texts";
                    self.problem(&format!("{key}.{name}"), format!("is {}, {problem}", kind(&value)));
                }
            }
        }
        settings
    }

    /// All of a table of texts.
    pub(super) fn named_texts(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let Some(table) = self.table(key, "a table") else { return BTreeMap::new() };
        let mut texts = BTreeMap::new();
        for (name, value) in table {
            match value {
                Value::String(text) => drop(texts.insert(name, text)),
                other => {
                    self.problem(&format!("{key}.{name}"), format!("is {}, expected a text", kind(&other)))
                }
            }
        }
        texts
    }

    /// The table under `key`, or an empty one.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let table = self.table(key, "a table").unwrap_or_default();
        self.within(key, table)
    }

    /// The tables under `key`, by name. Names are parts of URLs and commands.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<(String, Self)> {
        let tables = self.table(key, "a table of tables");
        let mut sections = Vec::new();
        for (name, value) in tables.unwrap_or_default() {
            let path = format!("{key}.{name}");
            if !name::is_name(&name) {
                self.problem(&path, name::NO_NAME);
            }
            match value {
                Value::Table(table) => sections.push((name, self.within(&path, table))),
                other => self.problem(&path, format!("is {}, expected a table", kind(&other))),
            }
        }
        sections
    }

    fn within(&self, key: &str, table: Table) -> Self {
        Self { path: self.at(key), table, asked: RefCell::default(), found: Rc::clone(&self.found) }
    }

    /// Reports the keys that nobody asked for. Returns every mistake so far, in this table and in all others
    /// of the same configuration.
    pub(super) fn finish(self) -> Vec<ConfigProblem> {
        for key in self.table.keys() {
            self.problem(key, format!("is unknown: there is {}", self.asked.borrow().join(", ")));
        }
        self.found.problems.borrow().clone()
    }
}
