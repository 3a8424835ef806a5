//! The pulses of the endless tasks, by which the watchdog and `/readyz` check that each makes progress.

use crate::runtime::pulse::Pulse;

/// One for each task.
#[derive(Debug, Default)]
pub struct Pulses {
    /// The dispatcher's.
    pub deliveries: Pulse,
    /// The timers'.
    pub timers: Pulse,
}
