//! What systemd is told: that the relay is ready, that it is alive, that it stops.
//!
//! Does nothing when it was not started by systemd. Says "alive" only after the store answered a question, or said
//! of itself what keeps it from answering: a restart mends a relay that hangs, and no disk that is full.

use std::time::Duration;

use sd_notify::NotifyState;
use tocsin_store::{Fault, ReadError, Store};
use tokio::task::JoinHandle;

use crate::runtime::trouble;

/// Without a watchdog there is nothing to do between start and stop; look again this seldom.
const NO_WATCHDOG: Duration = Duration::from_secs(24 * 60 * 60);
/// What `systemctl status` shows while all is well.
const WELL: &str = "taking requests";

/// How often systemd hears that the start goes on.
const STARTING: Duration = Duration::from_secs(10);
/// For how long systemd is to wait for the next word of the start. Microseconds.
const MORE_TIME_US: u32 = 60_000_000;

/// Waits for `step` of the start, and has systemd wait as well: a store on a slow disk, or one
/// that needs a repair, takes longer to open than any time-out foresees.
pub async fn while_starting<T>(what: &str, mut step: JoinHandle<T>) -> Result<T, tokio::task::JoinError> {
    loop {
        tell(&[NotifyState::ExtendTimeoutUsec(MORE_TIME_US), NotifyState::Status(what)]);
        tokio::select! {
            done = &mut step => return done,
            () = tokio::time::sleep(STARTING) => {}
        }
    }
}

/// Says that the relay is ready, and goes on saying that it is alive until the task is aborted.
pub fn ready(store: Store) -> JoinHandle<()> {
    tell(&[NotifyState::Ready, NotifyState::Status(WELL)]);
    tokio::spawn(async move {
        let interval = sd_notify::watchdog_enabled();
        let mut said = WELL.to_owned();
        loop {
            tokio::time::sleep(interval.map_or(NO_WATCHDOG, |interval| interval / 3)).await;
            let store = store.clone();
            let state = tokio::task::spawn_blocking(move || state(&store)).await;
            let Ok(state) = trouble::watched("the store did not answer", state) else { continue };
            if interval.is_some() && state.is_alive {
                tell(&[NotifyState::Watchdog]);
            }
            if state.words != said {
                tell(&[NotifyState::Status(&state.words)]);
                said = state.words;
            }
        }
    })
}

/// How the store is.
struct State {
    words: String,
    /// Whether a restart would mend nothing.
    is_alive: bool,
}

fn state(store: &Store) -> State {
    let (words, is_alive) = match (store.pauses(), store.trouble()) {
        // For as long as that, the file is not opened again: somebody hangs.
        (Err(ReadError::Storage(fault @ Fault::Reopening)), _) => (fault.cause(), false),
        (Err(ReadError::Storage(fault)), _) => (format!("the store cannot be read: {}", fault.cause()), true),
        (Err(ReadError::Closed), _) => ("stopping".to_owned(), true),
        (Ok(_), Some(fault)) => (format!("nothing can be stored: {}", fault.advice()), true),
        (Ok(_), None) => (WELL.to_owned(), true),
    };
    State { words, is_alive }
}

/// Says that the configuration is being read again.
pub fn reloading() {
    if let Ok(now) = trouble::watched("systemd could not be told", NotifyState::monotonic_usec_now()) {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Says that this is over, whatever came of it.
pub fn reloaded() {
    tell(&[NotifyState::Ready]);
}

/// Says that the relay stops.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    // An error is reported; nothing else can be done about it.
    drop(trouble::watched("systemd could not be told", sd_notify::notify(states)));
}
