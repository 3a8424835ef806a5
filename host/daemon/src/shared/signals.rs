//! Wakes the workers, and reports each step to watchers.

use tocsin_core::decide::Applied;
use tocsin_core::receipt::ReceiptRecord;

use crate::runtime::steps::{Traced, What};
use crate::runtime::wakeup::Bell;
use crate::runtime::wording;
use crate::shared::events::Events;
use crate::shared::filters::Filters;
use crate::shared::steps::Steps;

/// Effects of an entry that a step has as text. The store's one writer thread formats them, and only the demonstration
/// shows them: without a limit, a commit of a thousand effects would delay the next one while traces are on.
const EFFECTS_MAX: usize = 32;

/// The signals to workers and watchers. The store's writer sends them, so that they arrive even if the caller that
/// recorded an entry is gone.
#[derive(Debug, Default)]
pub struct Signals {
    /// Rings whenever a delivery may be due.
    pub due: Bell,
    /// Rings whenever a timer was set.
    pub timed: Bell,
    /// The filters that failed since the start.
    pub filters: Filters,
    /// Every step of the road, for watchers.
    pub steps: Steps,
    /// Streams of events.
    pub events: Events,
}

impl Signals {
    /// Reports the effects of an entry, then wakes the workers that it concerns.
    pub(super) fn committed(&self, applied: &Applied, took_us: u64) {
        if let Some(record) = &applied.receipt {
            let traced = Traced::by(record.origin());
            self.steps.tell(Some(traced), took_us, || on_the_disk(record));
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

/// The step of a request that is on the disk.
fn on_the_disk(record: &ReceiptRecord) -> What {
    let mut incidents: Vec<u64> =
        record.effects.iter().filter_map(|effect| Some(effect.incident?.1)).collect();
    incidents.sort_unstable();
    incidents.dedup();
    What::Committed {
        receipt: record.id,
        effects: record.effects.iter().take(EFFECTS_MAX).map(wording::effect).collect(),
        incidents,
        changes: record.effects.iter().filter(|effect| effect.transition.does_something()).count(),
    }
}
