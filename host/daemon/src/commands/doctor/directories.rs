//! Checks the modes and owners of the relay's directories.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::commands::out::some;
use crate::config::Config;
use crate::operate::api::doctor::Finding;

const ABOUT: &str = "directories";
/// The permissions of users other than the owner.
const OTHERS: u32 = 0o077;
/// The write permissions of group and others.
const OTHERS_WRITE: u32 = 0o022;
/// What a file system keeps in its root directory.
const OF_FILE_SYSTEM: &str = "lost+found";
/// How many file names are listed.
const NAMED: usize = 3;

/// Checks the state directory, the cache and the backup directory.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![state(&config.state_dir)];
    findings.extend(foreign(&config.state_dir));
    findings.extend(cache(config));
    if let Some(backup) = &config.backup {
        findings.push(backups(&backup.dir));
    }
    findings
}

fn state(directory: &Path) -> Finding {
    let name = directory.display();
    let metadata = match directory.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Finding::ok(
                ABOUT,
                format!("the state directory {name} does not exist: the first start creates it"),
            );
        }
        Err(error) => return unseen(directory, &error),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return Finding::ok(ABOUT, format!("the state directory {name} is accessible only to its owner"));
    }
    // It contains senders' requests and the control socket, which gives full control of the relay.
    let found = format!("the state directory {name} has mode {mode:o}: other users can access it");
    Finding::warning(ABOUT, found, format!("chmod 700 {name}"))
}

/// Files in the state directory of another user, often root, who ran a command: the relay cannot write to them.
fn foreign(directory: &Path) -> Option<Finding> {
    let owner = directory.metadata().ok()?.uid();
    let entries = std::fs::read_dir(directory).ok()?.flatten();
    let is_foreign = |metadata: &Metadata| metadata.uid() != owner;
    let foreign: Vec<String> = entries
        .filter(|entry| entry.file_name() != OF_FILE_SYSTEM)
        .filter(|entry| entry.metadata().is_ok_and(|metadata| is_foreign(&metadata)))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if foreign.is_empty() {
        return None;
    }
    let (name, some) = (directory.display(), some(&foreign, NAMED));
    let found = format!("in {name}, not everything belongs to its owner, user {owner}: {some}");
    Some(Finding::wrong(ABOUT, found, format!("stop the relay, then: chown -R {owner} {name}")))
}

/// A user who can write to the compiled plugins can run code as the relay.
fn cache(config: &Config) -> Option<Finding> {
    let directory = &config.cache_dir;
    let mode = directory.metadata().ok()?.permissions().mode() & 0o777;
    let name = directory.display();
    (mode & OTHERS_WRITE != 0).then(|| {
        let found =
            format!("the cache directory {name} has mode {mode:o}: other users can run code as the relay");
        Finding::wrong(ABOUT, found, format!("run `chmod 700 {name}` and remove its contents"))
    })
}

fn backups(directory: &Path) -> Finding {
    let name = directory.display();
    match directory.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Finding::ok(ABOUT, format!("the backup directory {name} exists"))
        }
        Ok(_) => Finding::wrong(ABOUT, format!("{name} is not a directory"), "correct `dir` in [backup]"),
        Err(error) if error.kind() == ErrorKind::NotFound => Finding::ok(
            ABOUT,
            format!("the backup directory {name} does not exist: the first backup creates it"),
        ),
        Err(error) => unseen(directory, &error),
    }
}

fn unseen(directory: &Path, error: &std::io::Error) -> Finding {
    let found = format!("cannot check {}: {error}", directory.display());
    Finding::warning(ABOUT, found, "run this as root or as the relay's user")
}
