//! What systemd is told: that the relay is ready, that it is alive, that it stops.
//!
//! Does nothing if systemd did not start the process. The caller decides what "alive" means.

pub mod sockets;

use std::time::Duration;

use sd_notify::NotifyState;
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

/// The state of the relay.
pub struct State {
    /// The text in `systemctl status`.
    pub words: String,
    /// Whether the relay counts as alive: a restart would not help.
    pub is_alive: bool,
}

impl State {
    /// All is well.
    pub fn well() -> Self {
        Self { words: WELL.to_owned(), is_alive: true }
    }
}

/// Reports that the relay is ready, and then that it is alive, as `state` decides, until the task is aborted. `state`
/// may wait for the disk.
pub fn ready(state: impl Fn() -> State + Clone + Send + 'static) -> JoinHandle<()> {
    tell(&[NotifyState::Ready, NotifyState::Status(WELL)]);
    tokio::spawn(async move {
        let interval = sd_notify::watchdog_enabled();
        let mut said = WELL.to_owned();
        loop {
            tokio::time::sleep(interval.map_or(NO_WATCHDOG, |interval| interval / 3)).await;
            let state = tokio::task::spawn_blocking(state.clone()).await;
            let Ok(state) = trouble::watched("the relay's state could not be seen", state) else { continue };
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

/// Reports that a reload has begun.
pub fn reloading() {
    if let Ok(now) = trouble::watched("systemd could not be told", NotifyState::monotonic_usec_now()) {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Reports that the reload has ended, with or without success.
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
