//! Has the relay forget what was kept for long enough: resolved incidents, receipts, the head of the journal.
//!
//! In small steps with pauses between them, so that requests wait for none of it. Decides nothing: what may be forgotten
//! is in `tocsin_core::decide`.

use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::{Command, Forget};
use tocsin_core::time::Timestamp;
use tocsin_store::{Past, Reached};
use tokio::sync::watch;

use crate::config::Config;
use crate::runtime::trouble;
use crate::shared::app::{App, CommitError};
use crate::shared::in_force::InForce;

/// What the log calls it.
pub const TROUBLE: &str = "what is past its time is not forgotten";
/// Receipts, and incidents with their deliveries, that one step forgets: a few milliseconds of the writer's time.
const AT_ONCE: usize = 50;
/// The pause between two steps, in which requests are written.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest and the shortest pause between two looks.
const LOOK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));

/// For how long things are kept, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Keep {
    incidents: u64,
    receipts: u64,
    dead_letters: u64,
    look: Duration,
}

impl Keep {
    fn of(config: &Config) -> Self {
        let limits = &config.limits;
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        // A replay is answered like the request that came first, so that one's receipt is needed as long.
        let window = config.sources.values().map(|source| source.rule.replay_window_ms).max().unwrap_or(0);
        let receipts = ms(limits.keep_receipts).max(window);
        let shortest = limits.keep_incidents.min(limits.keep_receipts).min(limits.keep_journal);
        Self {
            incidents: ms(limits.keep_incidents),
            receipts,
            dead_letters: ms(limits.keep_dead_letters).max(receipts),
            look: (shortest / 4).clamp(LOOK.0, LOOK.1),
        }
    }

    /// What is past its time at `now`.
    fn past(self, now: Timestamp) -> Past {
        Past {
            resolved_before: now.minus_ms(self.incidents),
            came_before: now.minus_ms(self.receipts),
            dead_letters_came_before: now.minus_ms(self.dead_letters),
            now,
            most: AT_ONCE,
        }
    }
}

/// Runs until it is aborted, or the store is closed.
pub async fn run(app: Arc<App>) {
    let mut changes = app.changes();
    loop {
        let keep = Keep::of(&changes.borrow_and_update().config);
        match pass(&app, keep, &changes).await {
            // With more requests than the disk takes, the next look is soon enough.
            Ok(()) | Err(CommitError::Busy) => trouble::over(TROUBLE),
            Err(CommitError::Stopping) => return,
            Err(error) => trouble::error(TROUBLE, &error),
        }
        tokio::select! {
            () = tokio::time::sleep(keep.look) => {}
            // The relay owns the sender.
            _ = changes.changed() => {}
        }
    }
}

/// Removes all records past their retention, step by step, until the retention changes.
async fn pass(app: &App, keep: Keep, changes: &watch::Receiver<Arc<InForce>>) -> Result<(), CommitError> {
    let mut reached = Reached::default();
    // Without a sender, the relay has ended.
    while !changes.has_changed().unwrap_or(true) {
        let (forget, now_at) = look(app, keep, reached).await?;
        reached = now_at;
        match forget {
            Some(forget) => {
                app.record(Command::Forget(forget)).await?;
                tokio::time::sleep(PAUSE).await;
            }
            None if reached.is_end => break,
            None => {}
        }
    }
    Ok(())
}

async fn look(app: &App, keep: Keep, mut from: Reached) -> Result<(Option<Forget>, Reached), CommitError> {
    let (store, past) = (app.store.clone(), keep.past(app.clock.now()));
    let looking =
        tokio::task::spawn_blocking(move || store.past(&past, &mut from).map(|found| (found, from)));
    let looked = looking.await.map_err(|error| CommitError::Storage(error.to_string()))?;
    looked.map_err(|error| match error {
        tocsin_store::ReadError::Closed => CommitError::Stopping,
        error => CommitError::Storage(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(text: &str) -> Keep {
        Keep::of(&Config::parse(std::path::Path::new("/etc/tocsin.toml"), text).expect("it is right"))
    }

    #[test]
    fn receipts_are_kept_as_long_as_incidents_and_as_long_as_a_replay_is_known() {
        const DAY: u64 = 86_400_000;
        let usual = keep("");
        assert_eq!((usual.incidents, usual.receipts, usual.dead_letters), (90 * DAY, 90 * DAY, 90 * DAY));
        assert_eq!(usual.look, LOOK.1);
        let limits = "[limits]\nkeep_incidents = \"2d\"\nkeep_dead_letters = \"1d\"\n";
        let short = keep(limits);
        assert_eq!((short.incidents, short.receipts, short.dead_letters), (2 * DAY, 2 * DAY, 2 * DAY));
        let own = keep(&format!("{limits}keep_receipts = \"3d\"\n"));
        assert_eq!((own.receipts, own.dead_letters), (3 * DAY, 3 * DAY));
        let source = "[sources.a]\nplugin = \"webhook\"\nopen = true\nreplay_window = \"5d\"\n";
        assert_eq!(keep(&format!("{limits}{source}")).receipts, 5 * DAY);
        assert_eq!(keep("[limits]\nkeep_journal = \"2s\"\n").look, Duration::from_millis(500));
    }
}
