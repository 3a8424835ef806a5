//! Which file each part of a configuration stands in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ConfigProblem;

/// The files, by the paths of what stands in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    files: Vec<PathBuf>,
    /// The position of the file; the first of them for a table that several files add to.
    by_path: BTreeMap<String, usize>,
}

impl Origins {
    /// Goes on to the next file: what is noted from now on stands in it.
    pub(super) fn begin(&mut self, file: &Path) {
        self.files.push(file.to_owned());
    }

    /// Notes that `path` stands in the file that was begun last, unless an earlier one has it.
    pub(super) fn note(&mut self, path: &str) {
        if let Some(last) = self.files.len().checked_sub(1) {
            self.by_path.entry(path.to_owned()).or_insert(last);
        }
    }

    /// The file in which `path` itself stands.
    pub(super) fn of(&self, path: &str) -> Option<&Path> {
        self.position(path).and_then(|at| self.files.get(at)).map(PathBuf::as_path)
    }

    /// How many files are before the one in which `path` stands.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The file in which `path` stands, or the nearest table around it.
    pub(super) fn nearest(&self, path: &str) -> Option<&Path> {
        let mut path = path;
        loop {
            if let Some(file) = self.of(path) {
                return Some(file);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    /// `table` and all that stands in it: the paths, each with its file.
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
