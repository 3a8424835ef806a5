//! What wakes the workers, and shows what happens to whoever watches.

use tocsin_core::decide::Applied;
use tokio::sync::broadcast;

use crate::runtime::trace::Trace;
use crate::runtime::wakeup::Bell;
use crate::runtime::wording;
use crate::shared::filters::Filters;

/// Steps of the road that may wait for a slow reader before it misses some.
const TRACE_BUFFER: usize = 4096;

/// What wakes the workers and shows steps. The store's writer gives them, so that nothing waits because whoever
/// wanted an entry recorded is gone by the time it is.
#[derive(Debug)]
pub struct Signals {
    /// Rings whenever a delivery may be due.
    pub due: Bell,
    /// Rings whenever a timer was set.
    pub timed: Bell,
    /// The filters that failed since the start.
    pub filters: Filters,
    /// Every step of the road, for whoever watches.
    pub steps: broadcast::Sender<Trace>,
}

impl Default for Signals {
    fn default() -> Self {
        let (due, timed, filters) = (Bell::default(), Bell::default(), Filters::default());
        Self { due, timed, filters, steps: broadcast::channel(TRACE_BUFFER).0 }
    }
}

impl Signals {
    /// Shows a step of the road to whoever watches.
    pub fn trace(&self, step: impl FnOnce() -> Trace) {
        if self.steps.receiver_count() > 0 {
            // Nobody left to read it is no error.
            let _ = self.steps.send(step());
        }
    }

    /// Shows what an entry did, then wakes whoever has work by it.
    pub(super) fn committed(&self, applied: &Applied, took_us: u64) {
        if let Some(record) = &applied.receipt {
            self.trace(|| Trace::Committed {
                receipt: record.id,
                took_us,
                effects: record.effects.iter().map(wording::effect).collect(),
            });
        }
        self.filters.failed(&applied.failed_filters);
        if applied.scheduled {
            self.due.ring();
        }
        if applied.timed {
            self.timed.ring();
        }
    }
}
