//! The history of configurations: each with its files, the person who put it in force, and the changes.
//!
//! Each is one file in the state directory, which only its owner can read, because it may contain secrets. The journal
//! has the same events without the files.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, File, Files};
use crate::runtime::folder::Folder;

/// The folder in the state directory.
const FOLDER: &str = "configurations";
/// The file extension.
const ENDING: &str = ".json";
/// How many are kept: one change a week for a year.
const KEPT_MAX: usize = 52;

/// The configurations that were in force.
#[derive(Clone, Debug)]
pub struct History(Folder);

/// A configuration that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its number, from 1.
    pub number: u64,
    /// When it was put in force: RFC 3339 in UTC.
    pub at: String,
    /// Who did it.
    pub by: String,
    /// SHA-256 over its files, see [`Files::digest`].
    pub digest: String,
    /// The changes from the previous one, one per line.
    pub changes: Vec<String>,
    /// Its files, the main file first.
    pub files: Vec<KeptFile>,
}

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Its name on any machine: see [`File::name`].
    pub name: String,
    /// Its text, which may contain secrets.
    pub text: String,
}

impl KeptFile {
    fn of(file: &File) -> Self {
        Self { name: file.name.clone(), text: file.text.clone() }
    }
}

impl History {
    /// The history of the relay with this state directory, to read and write. Only the relay uses this.
    pub fn of_relay(state_dir: &Path) -> Self {
        Self(Folder::new(state_dir, FOLDER, true))
    }

    /// The same history, only to read.
    pub fn to_look_at(state_dir: &Path) -> Self {
        Self(Folder::new(state_dir, FOLDER, false))
    }

    /// All configurations, the oldest first.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn all(&self) -> io::Result<Vec<Kept>> {
        self.0.names()?.iter().map(|name| self.read(name)).collect()
    }

    /// The last one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn newest(&self) -> io::Result<Option<Kept>> {
        self.0.names()?.last().map(|name| self.read(name)).transpose()
    }

    fn read(&self, name: &str) -> io::Result<Kept> {
        let bytes = self.0.bytes(name)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {error}")))
    }

    /// Keeps `files` as the newest. Returns when they are on the disk.
    ///
    /// # Errors
    /// They cannot be written; nothing changed.
    pub fn keep(&self, files: &Files, at: String, by: &str, changes: Vec<String>) -> io::Result<Kept> {
        let last = self.0.names()?.last().and_then(|name| name.strip_suffix(ENDING)?.parse::<u64>().ok());
        let number = last.unwrap_or(0) + 1;
        let files_kept = files.all.iter().map(KeptFile::of).collect();
        let kept = Kept { number, at, by: by.to_owned(), digest: files.digest(), changes, files: files_kept };
        let written = self.0.write(&name(number), &kept).and_then(|()| self.thin_out());
        if let Err(error) = written {
            // Removes what was written; if that fails as well, a configuration stays that was never in force.
            drop(self.take_back(&kept));
            return Err(error);
        }
        Ok(kept)
    }

    /// Removes the oldest beyond the limit.
    fn thin_out(&self) -> io::Result<()> {
        let names = self.0.names()?;
        let old = names.iter().take(names.len().saturating_sub(KEPT_MAX));
        old.into_iter().try_for_each(|name| self.0.remove(name))
    }

    /// Removes the newest, which did not come into force.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn take_back(&self, kept: &Kept) -> io::Result<()> {
        self.0.remove(&name(kept.number))
    }
}

impl Kept {
    /// Its files, placed around the main file at `main`.
    ///
    /// # Errors
    /// A name is not valid for a file of a configuration: another user with access to the state directory wrote it.
    pub fn files(&self, main: &Path, state_dir: &Path) -> Result<Files, ConfigError> {
        Files::of_kept(
            main,
            state_dir,
            self.files.iter().map(|file| (file.name.as_str(), file.text.as_str())),
        )
    }

    /// The configuration, as far as it can be read.
    ///
    /// # Errors
    /// A file is not TOML.
    pub fn config(&self, main: &Path, state_dir: &Path) -> Result<Config, ConfigError> {
        Ok(Config::inspect_files(&self.files(main, state_dir)?)?.0)
    }
}

/// Names sort in the order of the numbers.
fn name(number: u64) -> String {
    format!("{number:010}{ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        Files::of_text(Path::new("/etc/tocsin/tocsin.toml"), text)
    }

    #[test]
    fn the_newest_are_kept_in_order() {
        let state = tempfile::tempdir().expect("a folder");
        let history = History::of_relay(state.path());
        assert_eq!(history.newest().expect("none"), None);
        for number in 0..KEPT_MAX + 3 {
            let text = format!("listen = \"127.0.0.1:{number}\"\n");
            history
                .keep(&files(&text), "now".to_owned(), "ada", vec!["listen changed".to_owned()])
                .expect("kept");
        }
        let all = history.all().expect("read");
        assert_eq!((all.len(), all[0].number, all[KEPT_MAX - 1].number), (KEPT_MAX, 4, KEPT_MAX as u64 + 3));
        let newest = history.newest().expect("read").expect("one");
        assert_eq!(newest.files[0].text, format!("listen = \"127.0.0.1:{}\"\n", KEPT_MAX + 2));
        history.take_back(&newest).expect("gone");
        assert_eq!(history.newest().expect("read").map(|kept| kept.number), Some(newest.number - 1));
    }

    #[test]
    fn a_kept_configuration_stands_where_its_files_would_stand_today() {
        let state = tempfile::tempdir().expect("a folder");
        let kept = History::of_relay(state.path()).keep(
            &files("listen = \"a\"\n"),
            String::new(),
            "ada",
            Vec::new(),
        );
        let kept = kept.expect("kept");
        let again = kept.files(Path::new("/srv/other.toml"), state.path()).expect("its names are right");
        assert_eq!((again.all[0].path.as_path(), again.all.len()), (Path::new("/srv/other.toml"), 1));
    }

    #[test]
    fn a_name_that_leads_out_of_the_folders_is_refused() {
        let state = tempfile::tempdir().expect("a folder");
        let kept =
            History::of_relay(state.path()).keep(&files(""), String::new(), "ada", Vec::new()).expect("kept");
        for name in [
            "conf.d/../../cron.d/x.toml",
            "conf.d//etc/x.toml",
            "managed/a/b.toml",
            "conf.d/.x.toml",
            "conf.d/x",
            "other.toml",
            "conf.d/..toml",
        ] {
            let mut kept = kept.clone();
            kept.files.push(KeptFile { name: name.to_owned(), text: String::new() });
            let refused = kept.files(Path::new("/etc/tocsin/tocsin.toml"), state.path());
            assert!(refused.is_err_and(|error| error.to_string().contains(name)), "{name}");
        }
    }
}
