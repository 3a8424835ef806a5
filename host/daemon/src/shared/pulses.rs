//! The pulses of the tasks that run for ever: the watchdog and `/readyz` see by them whether each goes on.

use crate::runtime::pulse::Pulse;

/// One for each task.
#[derive(Debug, Default)]
pub struct Pulses {
    /// The dispatcher's.
    pub deliveries: Pulse,
    /// The timers'.
    pub timers: Pulse,
}
