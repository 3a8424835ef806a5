//! Why a configuration cannot be used: a file, its syntax, or its mistakes.
//!
//! Never shows a line of a file, which may hold a secret.

use std::path::{Path, PathBuf};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: std::io::Error,
    },
    /// Its syntax. Never shows the line, which may hold a secret.
    #[error("{}: it is not TOML: line {line}, column {column}: {problem}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A file of the history.
    #[error("`{name}` is not the name of a configuration's file: the history was not written by the relay")]
    Name {
        /// Its name in the history.
        name: String,
    },
    /// The mistakes in it.
    #[error("{}: {} to fix\n{}", path.display(), count(problems.len()), listed(problems))]
    Invalid {
        /// The main file.
        path: PathBuf,
        /// All mistakes.
        problems: Vec<ConfigProblem>,
    },
}

/// One mistake. Its text begins with the file if the configuration has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where, for example `sources.jira.token`.
    pub path: String,
    /// The problem and the fix.
    pub problem: String,
    /// The file that it is in; none if there is only the main file, and where the problem itself names the files.
    pub file: Option<PathBuf>,
}

impl ConfigProblem {
    /// A mistake at `path`, in a file that is not known yet.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), file: None }
    }

    /// The mistake, always with its file: `main` if it names no other.
    pub fn in_file(&self, main: &Path) -> String {
        let file = self.file.as_deref().unwrap_or(main);
        format!("{}: {}: {}", file.display(), self.path, self.problem)
    }
}

impl std::fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// The number of mistakes, as text.
pub fn count(problems: usize) -> String {
    if problems == 1 { "1 mistake".to_owned() } else { format!("{problems} mistakes") }
}

fn listed(problems: &[ConfigProblem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}
