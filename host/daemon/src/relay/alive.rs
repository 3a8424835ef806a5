//! Whether the relay is alive, for systemd's watchdog: a restart mends a relay that hangs, and no disk that is full.
//!
//! Alive means that the store answers or says of itself what keeps it from answering, that its writer ends what it
//! begins, and that deliveries and timers go round.

use std::time::Duration;

use tocsin_store::{Fault, ReadError};

use crate::runtime::systemd::State;
use crate::shared::app::App;

/// How long the writer may be at work on one batch. The slowest disks take seconds for a sync.
const WRITER: Duration = Duration::from_secs(120);
/// How long a round of the dispatcher or of the timers may take, with its sleep of half a minute at most. A commit is
/// part of a round.
const ROUND: Duration = Duration::from_secs(180);

/// How the relay is. Waits for the store's answer.
pub(super) fn state(app: &App) -> State {
    let store = &app.store;
    let dead = |words: String| State { words, is_alive: false };
    let busy = store.busy_for();
    if busy > WRITER {
        return dead(format!("the store has been writing one batch for {} s", busy.as_secs()));
    }
    for (what, pulse) in [("deliveries", &app.pulses.deliveries), ("timers", &app.pulses.timers)] {
        if pulse.age() > ROUND {
            return dead(format!("{what} have stood still for {} s", pulse.age().as_secs()));
        }
    }
    match (store.pauses(), store.trouble()) {
        // For as long as that, the file is not opened again: somebody hangs.
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
