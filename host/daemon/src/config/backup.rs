//! `[backup]`: how often the relay makes a backup by itself, where, and how many it keeps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reader::Reader;

/// Backups that the relay makes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// A backup is made when the newest is older than this. A day.
    pub every: Duration,
    /// How many are kept. 7: a week.
    pub keep: usize,
    /// Where they are. `backups` in the state directory; on another disk, a backup outlives the store's.
    pub dir: PathBuf,
}

/// The table, if there is one.
pub(super) fn read(root: &mut Reader, state_dir: &Path) -> Option<Backup> {
    let is_there = root.has("backup");
    let mut reader = root.section("backup");
    let every = reader.duration("every").unwrap_or(Duration::from_secs(24 * 60 * 60));
    if every < Duration::from_secs(1) {
        reader.problem("every", "is less than a second: write how often, such as `\"1d\"`");
    }
    let backup = Backup {
        every,
        keep: reader.count("keep", 1..=10_000).unwrap_or(7),
        dir: reader.text("dir").map_or_else(|| state_dir.join("backups"), PathBuf::from),
    };
    reader.finish();
    is_there.then_some(backup)
}
