//! Free space where the store and the backups are.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::operate::api::doctor::Finding;
use crate::runtime::process;

const ABOUT: &str = "space";
const MIB: u64 = 1024 * 1024;
/// Below this, the relay stops taking requests soon.
const WRONG_BELOW: u64 = 100 * MIB;
/// Below this, somebody should look.
const WARNING_BELOW: u64 = 1024 * MIB;

/// Looks at the disks of the state directory and of the backup directory.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let store = config.store_path().metadata().map_or(0, |metadata| metadata.len());
    let mut findings: Vec<Finding> = free(&config.state_dir, 0, "").into_iter().collect();
    if let Some(backup) = &config.backup {
        findings.extend(free(&backup.dir, store, ", the size of the store, which the next backup may take"));
    }
    findings
}

/// What is free at `directory`, where `needed` bytes are wanted for `what`.
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

/// The directory, or the nearest above it that is there.
fn nearest(directory: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(directory).ok()?;
    absolute.ancestors().find(|above| above.is_dir()).map(Path::to_path_buf)
}
