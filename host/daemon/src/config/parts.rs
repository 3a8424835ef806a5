//! The parts of a configuration, each with a digest, to compare two configurations.
//!
//! A part is a source, a connection or an action, or one setting of another table. The digest of a part covers the
//! values of its secrets, so that a new token in a file counts as a change.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::runtime::signing::sha256_of;

/// The tables whose entries are parts: two files cannot share an entry.
pub(super) const NAMED: [&str; 3] = ["sources", "connections", "actions"];

/// The digest of each part, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts(BTreeMap<String, String>);

/// A part that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The part's path, such as `sources.jira` or `limits.body_time`.
    pub path: String,
    /// How.
    pub how: How,
}

/// How a part differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum How {
    /// The part is new.
    Added,
    /// The part has a different content.
    Changed,
    /// The part no longer exists.
    Removed,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.path, <&str>::from(self.how))
    }
}

impl Change {
    /// The name of the part, if it is one of this table's: `jira` of `sources.jira`.
    pub fn name_in(&self, table: &str) -> Option<&str> {
        self.path.strip_prefix(table)?.strip_prefix('.')
    }
}

impl Parts {
    /// The parts of a configuration's text.
    pub(super) fn of(table: &Table) -> Self {
        let mut parts = BTreeMap::new();
        for (key, value) in table {
            match value {
                // Even an empty table counts: its presence may be its meaning.
                Value::Table(inner) if inner.is_empty() => drop(parts.insert(key.clone(), sha256_of(&[]))),
                Value::Table(inner) => {
                    for (name, value) in inner {
                        parts.insert(format!("{key}.{name}"), sha256_of(&[&value.to_string()]));
                    }
                }
                value => drop(parts.insert(key.clone(), sha256_of(&[&value.to_string()]))),
            }
        }
        Self(parts)
    }

    /// Adds the value of the secret at `path`.
    pub(super) fn say(&mut self, path: &str, secret: &str) {
        let mut names = path.split('.');
        let part = match (names.next(), names.next()) {
            (Some(table), Some(name)) => format!("{table}.{name}"),
            (first, _) => first.unwrap_or_default().to_owned(),
        };
        if let Some(known) = self.0.get_mut(&part) {
            *known = sha256_of(&[known, path, secret]);
        }
    }

    /// Takes the part at `path` from `before`.
    pub(super) fn stay_as(&mut self, before: &Self, path: &str) {
        match before.0.get(path) {
            Some(known) => drop(self.0.insert(path.to_owned(), known.clone())),
            None => drop(self.0.remove(path)),
        }
    }

    /// The differences in `next`: sources, connections and actions first, in the order of their paths.
    pub(super) fn changes(&self, next: &Self) -> Vec<Change> {
        let how = |path: &String| match (self.0.get(path), next.0.get(path)) {
            (None, Some(_)) => Some(How::Added),
            (Some(_), None) => Some(How::Removed),
            (Some(before), Some(after)) if before != after => Some(How::Changed),
            _ => None,
        };
        let new = next.0.keys().filter(|path| !self.0.contains_key(*path));
        let mut changes: Vec<Change> = self
            .0
            .keys()
            .chain(new)
            .filter_map(|path| Some(Change { path: path.clone(), how: how(path)? }))
            .collect();
        changes.sort_by(|a, b| (rank(&a.path), &a.path).cmp(&(rank(&b.path), &b.path)));
        changes
    }
}

fn rank(path: &str) -> usize {
    let table = path.split('.').next().unwrap_or_default();
    NAMED.iter().position(|known| *known == table).unwrap_or(NAMED.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Parts {
        Parts::of(&text.parse().expect("TOML"))
    }

    #[test]
    fn what_differs_is_named_part_by_part() {
        let before = parts(
            "listen = \"a\"\nlimits.queue = 1\nlimits.body = 2\n[sources.a]\nplugin = \"x\"\n[actions.b]\n",
        );
        let after = parts(
            "listen = \"b\"\nlimits.queue = 1\n[sources.a]\nplugin = \"y\"\n[sources.c]\n[connections.d]\n",
        );
        let said: Vec<String> = before.changes(&after).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "sources.a changed",
                "sources.c added",
                "connections.d added",
                "actions.b removed",
                "limits.body removed",
                "listen changed"
            ]
        );
        assert_eq!(after.changes(&after.clone()), []);
    }

    #[test]
    fn a_secret_that_says_something_else_changes_its_part_although_the_text_is_the_same() {
        let mut before = parts("[sources.a]\ntoken = { file = \"t\" }\n[sources.b]\n");
        let mut after = before.clone();
        before.say("sources.a.token", "old");
        after.say("sources.a.token", "new");
        let changes = before.changes(&after);
        assert_eq!(changes, [Change { path: "sources.a".to_owned(), how: How::Changed }]);
        assert_eq!((changes[0].name_in("sources"), changes[0].name_in("actions")), (Some("a"), None));
    }
}
