//! Decides which attempts may begin now. The dispatcher tells it the time and how each connection stands: it reads no
//! clock, no store and no configuration, and it never waits.
//!
//! Never has more attempts under way over a connection than it has places, never more begin than its peer's rate allows,
//! and none while the connection waits. Where more may begin later by time alone, it says when to look again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tocsin_core::id::DeliveryId;
use tocsin_core::name::{ConnectionName, SourceName};
use tocsin_core::plugin::Rate;
use tokio::time::Instant;

use super::pace::Pace;

#[cfg(test)]
mod tests;

/// A connection that has something to deliver, or is paused.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) connection: ConnectionName,
    /// Attempts that it bears at once.
    pub(super) concurrency: usize,
    /// How fast its peer may be asked, if its plugin says.
    pub(super) rate: Option<Rate>,
    pub(super) standing: Standing,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is used.
    Works,
    /// Its plugin is not in force. Whatever puts one in force has the dispatcher look again.
    WithoutPlugin,
    /// Its peer asked to be left alone until then.
    BacksOff(Instant),
    /// It is paused, and the next delivery that is due is to show whether it works again.
    Tested,
    /// It is paused, and is to be asked then whether it works again.
    Paused(Instant),
}

/// A step that the dispatcher takes over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the deliveries that are due, at most so many. If that many are due, the peer's rate may hold more of them
    /// back: until `more_at`.
    Deliver { connection: ConnectionName, at_most: usize, more_at: Option<Instant> },
    /// Send one delivery that is due, over a paused connection.
    Test { connection: ConnectionName },
    /// Ask the peer of a paused connection whether it works again.
    Ask { connection: ConnectionName },
}

/// What may begin.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// When more may begin, as far as that is a matter of time.
    pub(super) wake: Option<Instant>,
}

impl Plan {
    /// More may begin at `at`.
    pub(super) fn wake_at(&mut self, at: Instant) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// More may begin at `at`, if that is a time.
    pub(super) fn wake_by(&mut self, at: Option<Instant>) {
        if let Some(at) = at {
            self.wake_at(at);
        }
    }
}

/// Records the dispatcher's reports about attempts.
#[derive(Debug, Default)]
pub(super) struct Planner {
    used: BTreeMap<ConnectionName, Use>,
    /// How many attempts of each delivery are under way, until they are known to have ended. The next attempt may begin
    /// before that is known of the one before, since its outcome is recorded earlier.
    attempts: BTreeMap<DeliveryId, usize>,
    is_stopping: bool,
}

/// The use of a connection.
#[derive(Debug, Default)]
struct Use {
    /// Places that are taken.
    taken: usize,
    pace: Pace,
    /// The source that was served last.
    served: Option<SourceName>,
}

impl Planner {
    /// What may begin at `now` over `lanes`.
    pub(super) fn plan(&mut self, now: Instant, lanes: &[Lane]) -> Plan {
        let mut plan = Plan::default();
        if !self.is_stopping {
            for lane in lanes {
                self.plan_lane(now, lane, &mut plan);
            }
        }
        plan
    }

    fn plan_lane(&mut self, now: Instant, lane: &Lane, plan: &mut Plan) {
        let connection = lane.connection.clone();
        let used = self.used.entry(connection.clone()).or_default();
        used.pace.keep_to(lane.rate);
        let places = lane.concurrency.saturating_sub(used.taken);
        match lane.standing {
            Standing::WithoutPlugin => {}
            // Whatever frees a place has the dispatcher look again.
            Standing::Works | Standing::BacksOff(_) if places == 0 => {}
            // An attempt in progress shows more than the probe.
            Standing::Tested | Standing::Paused(_) if used.taken > 0 => {}
            Standing::BacksOff(until) | Standing::Paused(until) if until > now => plan.wake_at(until),
            Standing::Paused(_) => plan.steps.push(Step::Ask { connection }),
            Standing::Tested => match used.pace.allows(now, 1) {
                (0, Some(more_at)) => plan.wake_at(more_at),
                _ => plan.steps.push(Step::Test { connection }),
            },
            Standing::Works | Standing::BacksOff(_) => match used.pace.allows(now, places) {
                (0, Some(more_at)) => plan.wake_at(more_at),
                (at_most, more_at) => plan.steps.push(Step::Deliver { connection, at_most, more_at }),
            },
        }
    }

    /// The source whose delivery was sent last over `connection`: the one behind it is next.
    pub(super) fn served_last(&self, connection: &str) -> Option<&SourceName> {
        self.used.get(connection)?.served.as_ref()
    }

    /// An attempt begins at `now`. It takes a place.
    pub(super) fn begins(
        &mut self,
        now: Instant,
        connection: &ConnectionName,
        source: &SourceName,
        delivery: DeliveryId,
    ) {
        let used = self.used.entry(connection.clone()).or_default();
        used.pace.took(now);
        used.served = Some(source.clone());
        used.taken += 1;
        *self.attempts.entry(delivery).or_default() += 1;
    }

    /// The peer of `connection` is asked whether it works. That takes a place.
    pub(super) fn asks(&mut self, connection: &ConnectionName) {
        self.used.entry(connection.clone()).or_default().taken += 1;
    }

    /// A place of `connection` is free again.
    pub(super) fn frees(&mut self, connection: &str) {
        if let Some(used) = self.used.get_mut(connection) {
            used.taken = used.taken.saturating_sub(1);
        }
    }

    /// An attempt of `delivery` has ended: what came of it is recorded, or nobody will record it any more.
    pub(super) fn ended(&mut self, delivery: DeliveryId) {
        if let Entry::Occupied(mut count) = self.attempts.entry(delivery) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Those of `sending`, which the store takes for being under way, that nobody makes.
    pub(super) fn stranded(&self, sending: Vec<DeliveryId>) -> Vec<DeliveryId> {
        sending.into_iter().filter(|delivery| !self.attempts.contains_key(delivery)).collect()
    }

    /// Nothing begins from now on.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }
}
