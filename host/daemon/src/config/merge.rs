//! Merges the files of a configuration into one table. Each part may be in one file only; several files may add to the
//! same table.
//!
//! Relative paths begin at the main file's directory afterwards (`paths.rs`). Knows only the key `state_dir` itself.

use toml::{Table, Value};

use super::directories::{self, STATE_DIR};
use super::error::{ConfigError, ConfigProblem};
use super::files::{File, Files, Part};
use super::origins::Origins;
use super::parts::NAMED;
use super::paths;

/// The merged table.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) table: Table,
    pub(super) origins: Origins,
    /// Parts that two files define. The table has the first file's part.
    pub(super) problems: Vec<ConfigProblem>,
}

/// Merges `files`.
///
/// # Errors
/// A file is not TOML.
pub(super) fn merge(files: &Files) -> Result<Merged, ConfigError> {
    let mut merged = Merged::default();
    for file in &files.all {
        let mut table = file.table()?;
        paths::resolve(&mut table, directories::base(&files.main));
        if file.part != Part::Main && table.remove(STATE_DIR).is_some() {
            let problem = format!(
                "only the main file may set it, since `{}` is in the state directory: move it to {}",
                Part::Managed.as_str(),
                files.main.display()
            );
            let problem = ConfigProblem::new(STATE_DIR, problem);
            merged.problems.push(ConfigProblem { file: Some(file.path.clone()), ..problem });
        }
        let Merged { table: into, origins, problems } = &mut merged;
        origins.begin(&file.path);
        Adding { file, origins, problems }.add(into, table, "");
    }
    Ok(merged)
}

impl File {
    /// The paths of its parts: `sources.jira`, `limits.body`. A source, connection or action is one part, as is every
    /// other key.
    ///
    /// # Errors
    /// It is not TOML.
    pub fn holds(&self) -> Result<Vec<String>, ConfigError> {
        let mut held = Vec::new();
        list(&self.table()?, "", &mut held);
        Ok(held)
    }
}

fn list(table: &Table, above: &str, held: &mut Vec<String>) {
    for (key, value) in table {
        let path = join(above, key);
        match value {
            Value::Table(table) if is_shared(above) && !table.is_empty() => list(table, &path, held),
            _ => held.push(path),
        }
    }
}

/// Whether several files may add to the tables in the table at `above`.
fn is_shared(above: &str) -> bool {
    !NAMED.contains(&above)
}

/// The path of a key, in the form that the readers of tables use.
fn join(above: &str, key: &str) -> String {
    if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") }
}

/// The file that is being added.
struct Adding<'a> {
    file: &'a File,
    origins: &'a mut Origins,
    problems: &'a mut Vec<ConfigProblem>,
}

impl Adding<'_> {
    fn add(&mut self, into: &mut Table, from: Table, above: &str) {
        for (key, value) in from {
            let path = join(above, &key);
            match (into.get_mut(&key), value) {
                (Some(Value::Table(into)), Value::Table(from)) if is_shared(above) => {
                    self.add(into, from, &path);
                }
                (Some(_), _) => self.refuse(&path),
                (None, Value::Table(from)) if is_shared(above) => {
                    self.origins.note(&path);
                    let mut table = Table::new();
                    self.add(&mut table, from, &path);
                    into.insert(key, Value::Table(table));
                }
                (None, value) => {
                    self.origins.note(&path);
                    into.insert(key, value);
                }
            }
        }
    }

    fn refuse(&mut self, path: &str) {
        let first = self.origins.of(path).unwrap_or(&self.file.path).display();
        let problem = format!("is in {first} and in {}: remove one of them", self.file.path.display());
        self.problems.push(ConfigProblem::new(path, problem));
    }
}
