//! The file of each part of a configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ConfigProblem;

/// The files, by the paths of their parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    files: Vec<PathBuf>,
    /// The position of the file; the first one for a table that several files add to.
    by_path: BTreeMap<String, usize>,
}

impl Origins {
    /// Begins the next file, to which later notes refer.
    pub(super) fn begin(&mut self, file: &Path) {
        self.files.push(file.to_owned());
    }

    /// Notes that `path` is in the file that was begun last, unless an earlier file has it.
    pub(super) fn note(&mut self, path: &str) {
        if let Some(last) = self.files.len().checked_sub(1) {
            self.by_path.entry(path.to_owned()).or_insert(last);
        }
    }

    /// The file that contains `path` itself.
    pub(super) fn of(&self, path: &str) -> Option<&Path> {
        self.position(path).and_then(|at| self.files.get(at)).map(PathBuf::as_path)
    }

    /// How many files come before the one that contains `path`.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The file that contains `path`, or the nearest table around it.
    pub(super) fn nearest(&self, path: &str) -> Option<&Path> {
        let mut path = path;
        loop {
            if let Some(file) = self.of(path) {
                return Some(file);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    /// The paths of `table` and of everything in it, each with its file.
    pub(super) fn below<'a>(&'a self, table: &'a str) -> impl Iterator<Item = (&'a str, &'a Path)> {
        let is_below = move |path: &str| {
            path.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = self.by_path.iter().filter(move |(path, _)| is_below(path));
        found.filter_map(|(path, at)| Some((path.as_str(), self.files.get(*at)?.as_path())))
    }

    /// The mistake with the file that it is in, if there are several files.
    pub(super) fn locate(&self, problem: ConfigProblem) -> ConfigProblem {
        if self.files.len() < 2 || problem.file.is_some() {
            return problem;
        }
        let file = self.nearest(&problem.path).map(Path::to_owned);
        ConfigProblem { file, ..problem }
    }
}
