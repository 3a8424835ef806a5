//! Reports when a directory may have changed.
//!
//! Knows nothing of what changed: the caller reads the directory and compares contents, so a missed or a doubled
//! event costs nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// How long the directories have to be quiet: a copy is many writes.
const QUIET: Duration = Duration::from_millis(200);

/// Directories being watched, until this is dropped.
pub struct Watch {
    changed: Arc<Notify>,
    _watcher: RecommendedWatcher,
}

/// Directories that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be watched for changes: {0}")]
pub struct WatchError(#[from] notify::Error);

impl Watch {
    /// Watches these directories, which have to be there.
    ///
    /// # Errors
    /// One is not there, or the system watches enough already (`fs.inotify.max_user_watches`).
    pub fn new<'a>(directories: impl IntoIterator<Item = &'a Path>) -> Result<Self, WatchError> {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error means that events were lost: look.
            if event.map_or(true, |event| !event.kind.is_access()) {
                tell.notify_one();
            }
        })?;
        for directory in directories {
            watcher.watch(directory, RecursiveMode::NonRecursive)?;
        }
        Ok(Self { changed, _watcher: watcher })
    }

    /// Waits until something changed and the directories are quiet again.
    pub async fn settled(&self) {
        self.changed.notified().await;
        while tokio::time::timeout(QUIET, self.changed.notified()).await.is_ok() {}
    }
}
