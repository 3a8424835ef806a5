//! Backups that the relay makes by itself: when one is due, and which of them are kept.
//!
//! `[backup]` in the configuration asks for them. Never deletes a file that it did not make; never keeps requests
//! waiting: the store is read as it was when the backup began.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tocsin_core::time::Timestamp;
use tocsin_store::{About, Store, check};

use crate::config::Backup;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::backups::Made;

pub mod file;
mod kept;

use file::FileError;
use kept::Kept;

/// What the log and `tocsin status` call it.
pub const TROUBLE: &str = "the scheduled backup could not be made";
/// The pause after an attempt that failed, unless backups are made more often.
const RETRY: Duration = Duration::from_secs(60 * 60);
/// The longest pause between two looks at the clock, which may be set.
const LOOK: Duration = Duration::from_secs(60);

/// What the running relay of this version says about a backup that it makes at this time.
pub fn about(at: Timestamp, is_scheduled: bool) -> About {
    About { at, version: env!("CARGO_PKG_VERSION").to_owned(), is_scheduled }
}

/// Makes backups as the configuration says, until it is aborted.
pub async fn run(app: Arc<App>) {
    let mut changes = app.changes();
    loop {
        let plan = changes.borrow_and_update().config.backup.clone();
        let follow = async {
            match &plan {
                Some(plan) => follow(&app, plan).await,
                None => {
                    // No backup is due earlier.
                    app.store.may_drop_journal_up_to(u64::MAX);
                    app.backups.found(None);
                    trouble::over(TROUBLE);
                    std::future::pending().await
                }
            }
        };
        let is_other = async {
            // The sender is the relay's own.
            while changes.changed().await.is_ok() && changes.borrow_and_update().config.backup == plan {}
        };
        tokio::select! {
            () = follow => {}
            () = is_other => {}
        }
    }
}

/// Makes backups by the current `plan`, forever.
async fn follow(app: &Arc<App>, plan: &Backup) {
    let mut not_before = app.clock.now();
    loop {
        let directory = plan.dir.clone();
        let all = tokio::task::spawn_blocking(move || kept::all(&directory)).await.unwrap_or_default();
        // Each that is kept can be brought forward by the journal. Before the first is made, nothing is dropped.
        app.store.may_drop_journal_up_to(kept::sequence(&all));
        let newest = all.last().cloned();
        app.backups.found(newest.clone().map(Kept::into_made));
        let now = app.clock.now();
        let due = newest.map_or(now, |newest| next(newest.at, plan.every, now)).max(not_before);
        let wait = Duration::from_millis(due.ms_since(now));
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(LOOK)).await;
            continue;
        }
        if let Err(error) = attempt(app, plan).await {
            let error = format!("{error:#}");
            // Once for each reason; `tocsin status` shows it until a backup is made.
            if trouble::ongoing(TROUBLE).as_deref() != Some(&error) {
                trouble::error(TROUBLE, &error);
            }
            not_before = app.clock.now().plus_ms(millis(RETRY.min(plan.every)));
        }
    }
}

async fn attempt(app: &App, plan: &Backup) -> anyhow::Result<()> {
    let (store, plan, about) = (app.store.clone(), plan.clone(), about(app.clock.now(), true));
    let made = tokio::task::spawn_blocking(move || make(&store, &plan, &about))
        .await
        .context("the relay is stopping")??;
    trouble::over(TROUBLE);
    tracing::info!(
        file = %made.path.display(), bytes = made.bytes, digest = %made.digest, "a backup is made"
    );
    Ok(())
}

/// When the next backup is due. One from the future, before the clock was set back, puts it off no longer than `every`.
fn next(newest: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    newest.min(now).plus_ms(millis(every))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Makes one, reads it again, and deletes the oldest that are too many.
fn make(store: &Store, plan: &Backup, about: &About) -> anyhow::Result<Made> {
    kept::prepare(&plan.dir)?;
    let path = plan.dir.join(kept::name(about.at));
    let made = file::put(&path, false, |out| Ok(store.backup(about, out, &mut |_, _| {}).map(drop)?));
    // Without the file's name, which is another one each time: the same reason is logged once.
    let checked = made.map_err(|error| match error {
        FileError::Io { error, .. } => anyhow!("{}: {error}", plan.dir.display()),
        other => anyhow!("{}: {other}", plan.dir.display()),
    })?;
    kept::thin_out(&plan.dir, plan.keep)?;
    Ok(Made {
        path,
        at: checked.header.about.at,
        bytes: checked.bytes,
        sequence: checked.header.sequence,
        digest: checked.header.digest,
    })
}

/// The oldest of the relay's own backups in `directory` that a journal goes on from whose first and last entry have
/// these numbers.
pub fn checkpoint(directory: &std::path::Path, ends: (u64, u64)) -> Option<std::path::PathBuf> {
    kept::checkpoint(directory, ends)
}

/// Reads a whole backup file and checks it.
///
/// # Errors
/// It cannot be read, or is not whole.
pub fn checked(
    path: &std::path::Path,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<tocsin_store::Checked> {
    let input = std::fs::File::open(path).with_context(|| format!("{}", path.display()))?;
    let input = std::io::BufReader::with_capacity(file::BUFFER_BYTES, input);
    check(input, progress).with_context(|| format!("{}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_due_when_the_newest_is_old_enough_also_after_the_clock_was_set_back() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let day = Duration::from_secs(86_400);
        assert_eq!(next(at(100), day, at(500)), at(86_500));
        assert_eq!(next(at(900_000), day, at(500)), at(86_900));
    }
}
