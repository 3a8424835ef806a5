//! Whether the relay is alive, for systemd's watchdog: a restart fixes a relay that hangs, but not a full disk.
//!
//! Alive means that the store answers or reports why it cannot, that its writer finishes each batch, and that the loops
//! of deliveries and timers make progress.

use std::time::Duration;

use tocsin_store::{Fault, ReadError};

use crate::runtime::systemd::State;
use crate::shared::app::App;
use crate::shared::pulses::ROUND_MAX;

/// How long the writer may work on one batch. The slowest disks take seconds for a sync.
const WRITER: Duration = Duration::from_secs(120);

/// The state of the relay. Waits for the store's answer.
pub(super) fn state(app: &App) -> State {
    let store = &app.store;
    let dead = |words: String| State { words, is_alive: false };
    let busy = store.busy_for();
    if busy > WRITER {
        return dead(format!("the store has been writing one batch for {} s", busy.as_secs()));
    }
    for (what, pulse) in [("deliveries", &app.pulses.deliveries), ("timers", &app.pulses.timers)] {
        if pulse.age() > ROUND_MAX {
            return dead(format!("{what} have made no progress for {} s", pulse.age().as_secs()));
        }
    }
    match (store.pauses(), store.trouble()) {
        // The file cannot be opened again while a thread that hangs still holds it.
        (Err(ReadError::Storage(fault @ Fault::Reopening)), _) => dead(fault.cause()),
        (Err(ReadError::Storage(fault)), _) => alive(format!("the store cannot be read: {}", fault.cause())),
        (Err(ReadError::Closed), _) => alive("stopping".to_owned()),
        (Ok(_), Some(fault)) => alive(format!("nothing can be stored: {}", fault.advice())),
        (Ok(_), None) => State::well(),
    }
}

fn alive(words: String) -> State {
    State { words, is_alive: true }
}
