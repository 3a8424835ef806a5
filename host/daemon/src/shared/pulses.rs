//! The pulses of the endless tasks, by which the watchdog and `/readyz` check that each makes progress.

use std::time::Duration;

use crate::runtime::pulse::Pulse;

/// How long a round of the dispatcher or of the timers may take, including a sleep of up to half a minute and a commit.
pub const ROUND_MAX: Duration = Duration::from_secs(180);

/// One for each task.
#[derive(Debug, Default)]
pub struct Pulses {
    /// The dispatcher's.
    pub deliveries: Pulse,
    /// The timers'.
    pub timers: Pulse,
}
