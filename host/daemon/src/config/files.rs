//! The files of a configuration: the main file, `conf.d/*.toml` beside it, and `managed/*.toml` in the state
//! directory.
//!
//! Reads each file once, in a fixed order, and checks only its syntax. `merge` combines the files into one table, and
//! the readers of its parts check that.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Table;

use super::directories;
use super::error::{ConfigError, ConfigProblem};
use crate::runtime::signing::sha256_of;

/// The folder beside the main file.
const DROPPED: &str = "conf.d";
/// The folder in the state directory.
pub const MANAGED: &str = "managed";
/// The file extension in both folders.
const ENDING: &str = ".toml";

/// The folder beside the main file at `main` for the operator's files.
pub fn dropped_beside(main: &Path) -> PathBuf {
    directories::base(main).join(DROPPED)
}

/// The folder in a state directory for the relay's own files.
pub fn managed_in(state_dir: &Path) -> PathBuf {
    state_dir.join(MANAGED)
}

/// Which part of a configuration a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The file that `--config` names.
    Main,
    /// A file in `conf.d`, which an operator wrote.
    Dropped,
    /// A file in `managed`, which the relay wrote.
    Managed,
}

impl Part {
    /// The name in the output of commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Dropped => DROPPED,
            Self::Managed => MANAGED,
        }
    }
}

/// One file, as it was read.
#[derive(Clone)]
pub struct File {
    /// Which part of the configuration it is.
    pub part: Part,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its name on any machine: `tocsin.toml`, `conf.d/jira.toml`, `managed/jira.toml`.
    pub name: String,
    /// Its text, which may contain secrets.
    pub text: String,
}

impl File {
    fn main(path: &Path, text: &str) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { part: Part::Main, path: path.to_owned(), name, text: text.to_owned() }
    }

    /// The main file.
    pub(super) fn read_main(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self::main(path, &read(path)?))
    }

    /// The keys before the first table. Commands find the running relay despite a mistake below them.
    pub(super) fn keys_before_tables(&self) -> Result<Table, ConfigError> {
        self.table().or_else(|error| {
            let is_table = |line: &str| line.trim_start().starts_with('[');
            let keys: Vec<&str> = self.text.lines().take_while(|line| !is_table(line)).collect();
            keys.join("\n").parse().map_err(|_| error)
        })
    }

    /// Its tables.
    ///
    /// # Errors
    /// It is not TOML.
    pub fn table(&self) -> Result<Table, ConfigError> {
        self.text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| self.text.get(..span.start)).unwrap_or_default();
            let line_begins = before.rfind('\n').map_or(0, |at| at + 1);
            ConfigError::Syntax {
                path: self.path.clone(),
                line: before.matches('\n').count() + 1,
                column: before[line_begins..].chars().count() + 1,
                problem: error.message().lines().next().unwrap_or_default().to_owned(),
            }
        })
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("part", &self.part).field("path", &self.path).finish_non_exhaustive()
    }
}

/// All files of a configuration, as they were read.
#[derive(Clone, Debug)]
pub struct Files {
    /// The file that `--config` names.
    pub main: PathBuf,
    /// In reading order: the main file, then `conf.d`, then `managed`, each by name.
    pub all: Vec<File>,
    /// Files and folders that only the relay's user may read; none in a running relay.
    pub unread: Vec<ConfigProblem>,
    /// The state directory that they belong to, even if the main file names another one for the next start. None if
    /// they were not read from files.
    pub(super) state_dir: Option<PathBuf>,
}

impl Files {
    /// Reads all files of the configuration at `main`.
    ///
    /// # Errors
    /// The main file is not TOML, so that the state directory is not known; or a file or folder is there that cannot
    /// be read. Files in the state directory that this user may not read are not an error: see [`Self::unread`].
    pub fn read(main: &Path) -> Result<Self, ConfigError> {
        let first = File::read_main(main)?;
        let base = directories::base(main);
        // A mistake in `state_dir` is reported when the whole is checked.
        let (state_dir, _) = directories::read_state_dir(base, first.table()?);
        Self::around(first, &state_dir)
    }

    /// As [`Self::read`], with this state directory instead of the main file's.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_around(main: &Path, state_dir: &Path) -> Result<Self, ConfigError> {
        Self::around(File::read_main(main)?, state_dir)
    }

    fn around(first: File, state_dir: &Path) -> Result<Self, ConfigError> {
        let main = first.path.clone();
        let mut files =
            Self { all: vec![first], unread: Vec::new(), main, state_dir: Some(state_dir.to_owned()) };
        files.all.extend(read_folder(&dropped_beside(&files.main), Part::Dropped)?);
        match read_folder(&managed_in(state_dir), Part::Managed) {
            Ok(managed) => files.all.extend(managed),
            Err(ConfigError::Read { path, error }) if error.kind() == ErrorKind::PermissionDenied => {
                let why = format!(
                    "this user may not read {}: run this as the relay's user or as root",
                    path.display()
                );
                files.unread.push(ConfigProblem::new(MANAGED, why));
            }
            Err(error) => return Err(error),
        }
        Ok(files)
    }

    /// The files in `conf.d` beside `main` and in this state directory. Does not read the main file.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn beside(main: &Path, state_dir: &Path) -> Result<Vec<File>, ConfigError> {
        let mut files = read_folder(&dropped_beside(main), Part::Dropped)?;
        files.extend(read_folder(&managed_in(state_dir), Part::Managed)?);
        Ok(files)
    }

    /// A configuration of one text, as the main file at `main`.
    pub fn of_text(main: &Path, text: &str) -> Self {
        let all = vec![File::main(main, text)];
        Self { main: main.to_owned(), all, unread: Vec::new(), state_dir: None }
    }

    /// Files of the history by their names, placed around the main file at `main` and in `state_dir`.
    ///
    /// # Errors
    /// A name is not valid for a file of a configuration.
    pub(super) fn of_kept<'a>(
        main: &Path,
        state_dir: &Path,
        kept: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let file = |(place, (name, text)): (usize, (&str, &str))| {
            let wrong = || ConfigError::Name { name: name.to_owned() };
            let (part, path) = if place == 0 {
                (Part::Main, main.to_owned())
            } else {
                place_of(name, main, state_dir).ok_or_else(wrong)?
            };
            Ok(File { part, path, name: name.to_owned(), text: text.to_owned() })
        };
        let all = kept.enumerate().map(file).collect::<Result<_, ConfigError>>()?;
        Ok(Self { main: main.to_owned(), all, unread: Vec::new(), state_dir: Some(state_dir.to_owned()) })
    }

    /// The same files with this text in `managed/<file>`, or without that file.
    pub(super) fn with_managed(&self, state_dir: &Path, file: &str, text: Option<&str>) -> Self {
        let mut files = self.clone();
        let name = format!("{MANAGED}/{file}");
        files.all.retain(|known| known.part != Part::Managed || known.name != name);
        if let Some(text) = text {
            let path = managed_in(state_dir).join(file);
            let after = |known: &File| known.part == Part::Managed && known.name > name;
            let at = files.all.iter().position(after).unwrap_or(files.all.len());
            files.all.insert(at, File { part: Part::Managed, path, name, text: text.to_owned() });
        }
        files
    }

    /// SHA-256 over the names and contents of all files, in hexadecimal digits. The folders do not matter.
    pub fn digest(&self) -> String {
        let texts = self.all.iter().flat_map(|file| [file.name.as_str(), file.text.as_str()]);
        sha256_of(&texts.collect::<Vec<_>>())
    }
}

/// The part and the path of the file with this name.
fn place_of(name: &str, main: &Path, state_dir: &Path) -> Option<(Part, PathBuf)> {
    let (folder, file) = name.split_once('/')?;
    let file = name_of(OsStr::new(file)).filter(|file| !file.contains('/'))?;
    match folder {
        DROPPED => Some((Part::Dropped, dropped_beside(main).join(file))),
        MANAGED => Some((Part::Managed, managed_in(state_dir).join(file))),
        _ => None,
    }
}

/// The configuration's files in `folder`, by name; none if the folder does not exist.
fn read_folder(folder: &Path, part: Part) -> Result<Vec<File>, ConfigError> {
    let failed = |error| ConfigError::Read { path: folder.to_owned(), error };
    let entries = match fs::read_dir(folder) {
        // A broken link counts as existing.
        Err(error) if error.kind() == ErrorKind::NotFound && !folder.is_symlink() => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Some(name) = name_of(&entry.file_name()) {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    let mut files = Vec::new();
    for (name, path) in found {
        let about = fs::metadata(&path).map_err(|error| ConfigError::Read { path: path.clone(), error })?;
        if about.is_file() {
            let (name, text) = (format!("{}/{name}", part.as_str()), read(&path)?);
            files.push(File { part, path, name, text });
        }
    }
    Ok(files)
}

/// The name, if it is a file of the configuration. None for hidden files, which editors and package managers leave, and
/// for other extensions.
fn name_of(file: &OsStr) -> Option<String> {
    let name = file.to_string_lossy();
    (name.ends_with(ENDING) && !name.starts_with('.')).then(|| name.into_owned())
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| ConfigError::Read { path: path.to_owned(), error })
}
