//! Checks the free space of the store and the backups.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::operate::api::doctor::Finding;
use crate::runtime::process;

const ABOUT: &str = "space";
const MIB: u64 = 1024 * 1024;
/// Below this limit, the relay will soon refuse requests.
const WRONG_BELOW: u64 = 100 * MIB;
/// Below this limit, free space is a warning.
const WARNING_BELOW: u64 = 1024 * MIB;

/// Checks the disks of the state directory and of the backup directory.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let store = config.store_path().metadata().map_or(0, |metadata| metadata.len());
    let mut findings: Vec<Finding> = free(&config.state_dir, 0, "").into_iter().collect();
    if let Some(backup) = &config.backup {
        findings.extend(free(&backup.dir, store, ", the size of the store, which the next backup may take"));
    }
    findings
}

/// The free space at `directory`, which needs `needed` bytes for `what`.
fn free(directory: &Path, needed: u64, what: &str) -> Option<Finding> {
    let there = nearest(directory)?;
    let free = process::room(&there).ok()?.free_bytes;
    let (name, mib) = (directory.display(), free / MIB);
    let found = format!("{mib} MiB are free at {name}");
    Some(if free < WRONG_BELOW {
        Finding::wrong(ABOUT, found, "make room: while the disk is full, the relay answers requests with 503")
    } else if free < needed {
        Finding::wrong(
            ABOUT,
            format!("{found}, less than {} MiB{what}", needed / MIB),
            "make room, or set `dir` in [backup] to another disk",
        )
    } else if free < WARNING_BELOW {
        Finding::warning(ABOUT, found, "make room, or shorten `keep_requests` and `keep_bytes` in [limits]")
    } else {
        Finding::ok(ABOUT, found)
    })
}

/// The directory, or its nearest parent that exists.
fn nearest(directory: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(directory).ok()?;
    absolute.ancestors().find(|above| above.is_dir()).map(Path::to_path_buf)
}
