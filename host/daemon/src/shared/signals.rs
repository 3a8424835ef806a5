//! Wakes the workers, and reports each step to watchers.

use tocsin_core::decide::Applied;
use tokio::sync::broadcast;

use crate::runtime::trace::Trace;
use crate::runtime::wakeup::Bell;
use crate::runtime::wording;
use crate::shared::events::Events;
use crate::shared::filters::Filters;

/// Steps of the road that may wait for a slow reader before it misses some.
const TRACE_BUFFER: usize = 4096;

/// The signals to workers and watchers. The store's writer sends them, so that they arrive even if the caller that
/// recorded an entry is gone.
#[derive(Debug)]
pub struct Signals {
    /// Rings whenever a delivery may be due.
    pub due: Bell,
    /// Rings whenever a timer was set.
    pub timed: Bell,
    /// The filters that failed since the start.
    pub filters: Filters,
    /// Every step of the road, for watchers.
    pub steps: broadcast::Sender<Trace>,
    /// Streams of events.
    pub events: Events,
}

impl Default for Signals {
    fn default() -> Self {
        let (due, timed, filters) = (Bell::default(), Bell::default(), Filters::default());
        Self { due, timed, filters, steps: broadcast::channel(TRACE_BUFFER).0, events: Events::default() }
    }
}

impl Signals {
    /// Reports a step of the road to watchers.
    pub fn trace(&self, step: impl FnOnce() -> Trace) {
        if self.steps.receiver_count() > 0 {
            // Without a watcher, sending is no error.
            let _ = self.steps.send(step());
        }
    }

    /// Reports the effects of an entry, then wakes the workers that it concerns.
    pub(super) fn committed(&self, applied: &Applied, took_us: u64) {
        if let Some(record) = &applied.receipt {
            self.trace(|| Trace::Committed {
                receipt: record.id,
                took_us,
                effects: record.effects.iter().map(wording::effect).collect(),
            });
        }
        self.events.committed();
        self.filters.failed(&applied.failed_filters);
        if applied.scheduled {
            self.due.ring();
        }
        if applied.timed {
            self.timed.ring();
        }
    }
}
