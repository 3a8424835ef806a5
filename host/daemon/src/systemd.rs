//! What systemd is told: that the relay is ready, that it is alive, that it stops.
//!
//! Does nothing when it was not started by systemd. Says "alive" only after the store answered a question: a
//! relay that cannot store is not alive.

use std::time::Duration;

use sd_notify::NotifyState;
use tocsin_store::Store;
use tokio::task::JoinHandle;

/// Without a watchdog there is nothing to do between start and stop; look again this seldom.
const NO_WATCHDOG: Duration = Duration::from_secs(24 * 60 * 60);

/// Says that the relay is ready, and goes on saying that it is alive until the task is aborted.
pub fn ready(store: Store) -> JoinHandle<()> {
    tell(&[NotifyState::Ready, NotifyState::Status("taking requests")]);
    tokio::spawn(async move {
        let interval = sd_notify::watchdog_enabled();
        loop {
            tokio::time::sleep(interval.map_or(NO_WATCHDOG, |interval| interval / 3)).await;
            let store = store.clone();
            match tokio::task::spawn_blocking(move || store.pauses()).await {
                Ok(Ok(_)) if interval.is_some() => tell(&[NotifyState::Watchdog]),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "the store cannot be read"),
                Err(error) => tracing::error!(%error, "the store did not answer"),
            }
        }
    })
}

/// Says that the relay stops.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}
