//! Writes the file of a first configuration.
//!
//! Never overwrites a file. Other users cannot read the new file at any moment.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The file contains a token, and often a secret address.
const OWNER_ONLY: u32 = 0o600;
/// The mode for a service whose user is in the file's group.
const GROUP_READS: u32 = 0o640;
/// The suffix of a renamed file that contains only comments.
const EXAMPLE: &str = "example";

/// A path where a configuration can be written.
#[derive(Debug)]
pub(super) struct Free<'a> {
    path: &'a Path,
    /// The new name of the present file, which contains only comments.
    example: Option<PathBuf>,
}

/// A file that was written.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) mode: u32,
    /// The new name of the previous file.
    pub(super) before: Option<PathBuf>,
}

/// Checks that a configuration can be written to `path`. A file that contains only comments, such as the package's,
/// gets another name.
///
/// # Errors
/// There is a configuration, or no directory for it.
pub(super) fn free(path: &Path) -> anyhow::Result<Free<'_>> {
    let directory = directory(path);
    anyhow::ensure!(
        directory.is_dir(),
        "the directory {} does not exist: create it with `mkdir -p {}`",
        directory.display(),
        directory.display()
    );
    let name = path.display();
    let example = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(text) if has_comments_alone(&text) => Some(PathBuf::from(format!("{name}.{EXAMPLE}"))),
        Ok(_) => anyhow::bail!("{name} exists and is not overwritten: name another file with --config"),
        Err(error) => return Err(error).with_context(|| format!("{name} exists and cannot be read")),
    };
    if let Some(example) = &example {
        anyhow::ensure!(
            !example.exists(),
            "{name} contains only comments, but {} exists too: remove or rename one of them",
            example.display()
        );
    }
    Ok(Free { path, example })
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn has_comments_alone(text: &str) -> bool {
    text.lines().map(str::trim_start).all(|line| line.is_empty() || line.starts_with('#'))
}

impl Free<'_> {
    /// Writes the configuration.
    ///
    /// # Errors
    /// The system refuses, or another process has created the file meanwhile.
    pub(super) fn write(self, text: &str) -> anyhow::Result<Made> {
        let name = self.path.display();
        if let Some(example) = &self.example {
            std::fs::rename(self.path, example)
                .with_context(|| format!("renaming {name} to {}", example.display()))?;
        }
        match self.make(text) {
            Ok(mode) => Ok(Made { mode, before: self.example }),
            Err(error) => {
                // Restores the previous file.
                if let Some(example) = &self.example {
                    let _ = std::fs::rename(example, self.path);
                }
                Err(error).with_context(|| format!("writing {name}"))
            }
        }
    }

    /// Creates the file, and returns its mode. Removes an incomplete file.
    fn make(&self, text: &str) -> std::io::Result<u32> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(self.path)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| share(&file, directory(self.path)));
        let written = written.and_then(|mode| file.sync_all().map(|()| mode));
        if written.is_err() {
            let _ = std::fs::remove_file(self.path);
        }
        written
    }
}

/// Lets the directory's group read a file that root creates in it: the package's directory belongs to the group of the
/// relay's user, who could not read the file otherwise. Returns the file's mode.
fn share(file: &File, directory: &Path) -> std::io::Result<u32> {
    let group = directory.metadata()?.gid();
    if !rustix::process::geteuid().is_root() || group == 0 {
        return Ok(OWNER_ONLY);
    }
    fchown(file, None, Some(group))?;
    file.set_permissions(Permissions::from_mode(GROUP_READS))?;
    Ok(GROUP_READS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_overwritten_unless_it_has_comments_alone_and_then_it_is_renamed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tocsin.toml");
        let made = free(&path).expect("nothing is there").write("a = 1\n").expect("written");
        assert_eq!((made.mode, made.before), (OWNER_ONLY, None));
        assert_eq!(path.metadata().expect("it is there").permissions().mode() & 0o777, OWNER_ONLY);
        let refused = free(&path).expect_err("it is there").to_string();
        assert!(refused.contains("--config"), "{refused}");
        std::fs::write(&path, "# an example\n\n  # [sources.x]\n").expect("written");
        let place = free(&path).expect("comments alone");
        let made = place.write("b = 2\n").expect("written");
        assert_eq!(made.before, Some(folder.path().join("tocsin.toml.example")));
        std::fs::write(&path, "# again\n").expect("written");
        assert!(
            free(&path).expect_err("the other name is taken").to_string().contains("tocsin.toml.example")
        );
    }

    #[test]
    fn a_missing_directory_is_named_with_what_makes_it() {
        let error = free(Path::new("/nowhere/at/all/tocsin.toml")).expect_err("it is missing").to_string();
        assert!(error.contains("mkdir -p /nowhere/at/all"), "{error}");
    }
}
