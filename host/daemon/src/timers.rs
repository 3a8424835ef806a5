//! Lets time pass: tells the journal when a timer is due.
//!
//! Decides nothing: what a timer does is in `tocsin_core::fold`.

use std::sync::Arc;
use std::time::Duration;

use tocsin_core::journal::Fact;

use crate::app::{App, CommitError};
use crate::clock;

/// The longest sleep: a clock that was set must not keep a timer for long.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause after the store could not be read or written.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);

/// Runs until it is aborted, or the store is closed.
pub async fn run(app: Arc<App>) {
    loop {
        let wait = match app.store.next_timer() {
            Ok(Some(at)) if at <= clock::now() => match app.record(Fact::Ticked).await {
                Ok(_) => continue,
                Err(CommitError::Stopping) => return,
                Err(error) => {
                    tracing::error!(%error, "timers stand still");
                    TROUBLE_PAUSE
                }
            },
            // Never less than a moment: the clock's grain is finer than the timer's.
            Ok(Some(at)) => Duration::from_millis(at.ms_since(clock::now()) + 1).min(SLEEP_MAX),
            Ok(None) => SLEEP_MAX,
            Err(error) => {
                tracing::error!(%error, "timers stand still");
                TROUBLE_PAUSE
            }
        };
        tokio::select! {
            () = app.signals.timed.heard() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
