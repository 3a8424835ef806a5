//! What a delivery is when its attempt begins: the incident as it is now, and the change that is the case now.
//!
//! [`judge`] is the table: a change, the present incident, and what was told of it. Looks at nothing else.

use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind, Delivery, DeliveryState};
use crate::incident::{Incident, IncidentState};
use crate::journal::Fact;
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus};
use crate::state::State;
use crate::time::Timestamp;
use crate::told::{Told, is_of_state};

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Now {
    /// It tells of its own change.
    Same,
    /// It tells of this.
    Becomes(ChangeKind),
    /// It is not sent; why.
    Skip(Reason),
}

use Now::{Becomes, Same, Skip};

/// What decides about a delivery beside its change.
struct Present<'a> {
    incident: &'a Incident,
    told: &'a Told,
    rule: &'a ActionRule,
    /// Whether the action would tell of the incident if it opened now.
    opens: bool,
    /// Whether the action tells nothing of an incident whose opening it did not tell.
    needs_opening: bool,
    /// Whether the plugin wants a record of what was over before it could be sent.
    records: bool,
    /// Whether a later delivery of the action about the state is on its way.
    is_overtaken: bool,
    /// Whether the incident was over already when the delivery was queued.
    was_over: bool,
}

impl Present<'_> {
    fn tells(&self, left: IncidentState, kind: ChangeKind) -> bool {
        self.rule.is_triggered(Some(left), kind)
    }

    /// The last word, as far as triggers ask for the state that is left.
    fn left(&self) -> IncidentState {
        let unresolved = self.told.state.filter(|state| *state != IncidentState::Resolved);
        unresolved.unwrap_or(IncidentState::Open)
    }

    /// Whether the last word may be that it is resolved.
    fn may_be_resolved(&self) -> bool {
        self.told.may_be(IncidentState::Resolved)
    }

    /// It becomes `kind`, unless a later delivery says it.
    fn unless_overtaken(&self, kind: ChangeKind, why: Reason) -> Now {
        if self.is_overtaken { Skip(why) } else { Becomes(kind) }
    }

    /// Nothing was told: it becomes the opening, if the action tells of openings.
    fn opening_or(&self, otherwise: Now) -> Now {
        if self.opens { Becomes(ChangeKind::Opened) } else { otherwise }
    }
}

/// The table.
fn judge(kind: ChangeKind, now: &Present<'_>) -> Now {
    if now.incident.state() == IncidentState::Resolved { over(kind, now) } else { not_over(kind, now) }
}

/// The same for the fallback, once another action took the incident: it closes what it told, and tells nothing else.
fn only_closing(kind: ChangeKind, now: &Present<'_>) -> Now {
    match judge(kind, now) {
        Skip(why) => Skip(why),
        _ if now.told.is_nothing() => Skip(Reason::TakenByAnotherAction),
        Same if kind != ChangeKind::Resolved => Skip(Reason::TakenByAnotherAction),
        Becomes(other) if other != ChangeKind::Resolved => Skip(Reason::TakenByAnotherAction),
        closing => closing,
    }
}

/// The incident is resolved.
fn over(kind: ChangeKind, now: &Present<'_>) -> Now {
    use ChangeKind as K;
    let is_nothing = now.told.is_nothing();
    match kind {
        K::Noted | K::Referenced if is_nothing && now.needs_opening => Skip(Reason::OverBeforeSent),
        K::Noted | K::Referenced => Same,
        K::Resolved => resolved(now),
        K::Flapping if now.incident.flapping => Same,
        K::Steady if now.incident.flapping => Skip(Reason::ToldAsFlapping),
        K::Steady if !now.told.may_be_unresolved() => {
            if is_nothing && now.needs_opening {
                Skip(Reason::OverBeforeSent)
            } else {
                Same
            }
        }
        K::Updated if is_nothing && !now.needs_opening => Same,
        K::Updated if !is_nothing && now.was_over => Same,
        K::Opened
        | K::Reopened
        | K::Acknowledged
        | K::Unacknowledged
        | K::Updated
        | K::Repeated
        | K::Flapping
        | K::Steady => no_longer(kind, now),
    }
}

/// A resolution, of an incident that is resolved.
fn resolved(now: &Present<'_>) -> Now {
    let tells = now.tells(now.left(), ChangeKind::Resolved);
    if now.told.is_nothing() {
        if now.records || (tells && !now.needs_opening) { Same } else { Skip(Reason::OverBeforeSent) }
    } else if now.told.may_be_unresolved() || (tells && !now.needs_opening) {
        Same
    } else {
        Skip(Reason::ToldEarlier)
    }
}

/// A change of an incident that was not over then and is now.
fn no_longer(kind: ChangeKind, now: &Present<'_>) -> Now {
    if now.told.is_nothing() {
        if now.incident.flapping {
            // Over for the moment.
            let is_opening = matches!(kind, ChangeKind::Opened | ChangeKind::Reopened);
            return if is_opening {
                now.unless_overtaken(ChangeKind::Flapping, Reason::ToldAsFlapping)
            } else {
                Skip(Reason::OverBeforeSent)
            };
        }
        let is_record = now.records && kind != ChangeKind::Repeated;
        return if is_record {
            now.unless_overtaken(ChangeKind::Resolved, Reason::OverBeforeSent)
        } else {
            Skip(Reason::OverBeforeSent)
        };
    }
    let closes = now.tells(now.left(), ChangeKind::Resolved);
    if now.told.may_be_unresolved() && closes && !now.incident.flapping {
        now.unless_overtaken(ChangeKind::Resolved, Reason::OverBeforeSent)
    } else {
        Skip(Reason::OverBeforeSent)
    }
}

/// The incident is open, or somebody is on it.
fn not_over(kind: ChangeKind, now: &Present<'_>) -> Now {
    use ChangeKind as K;
    let is_nothing = now.told.is_nothing();
    match kind {
        K::Noted | K::Referenced => Same,
        K::Flapping if now.incident.flapping => Same,
        K::Steady | K::Resolved if now.incident.flapping => Skip(Reason::ToldAsFlapping),
        K::Repeated if now.incident.flapping => Skip(Reason::ToldAsFlapping),
        K::Repeated if now.incident.state() == IncidentState::Acknowledged => {
            Skip(Reason::AcknowledgedBeforeSent)
        }
        K::Flapping if now.is_overtaken => Skip(Reason::SteadyBeforeSent),
        K::Opened if now.told.is_unresolved() => Skip(Reason::ToldEarlier),
        K::Reopened if now.told.is_unresolved() && now.tells(now.left(), K::Resolved) => still_open(now),
        K::Reopened => Same,
        K::Opened if now.may_be_resolved() => Becomes(K::Reopened),
        K::Opened => Same,
        K::Resolved if now.may_be_resolved() => {
            now.unless_overtaken(K::Reopened, Reason::OpenAgainBeforeSent)
        }
        K::Resolved if is_nothing && now.opens => {
            now.unless_overtaken(K::Opened, Reason::OpenAgainBeforeSent)
        }
        K::Resolved => Skip(Reason::OpenAgainBeforeSent),
        K::Acknowledged | K::Unacknowledged => taken(kind, now),
        K::Updated | K::Repeated | K::Steady | K::Flapping if now.may_be_resolved() => {
            if !now.is_overtaken {
                Becomes(K::Reopened)
            } else if kind == K::Updated {
                Same
            } else {
                Skip(Reason::OpenAgainBeforeSent)
            }
        }
        K::Updated | K::Repeated | K::Steady if is_nothing => now.opening_or(Same),
        K::Updated | K::Repeated | K::Steady => Same,
        K::Flapping if !now.told.is_unresolved() => now.opening_or(Skip(Reason::SteadyBeforeSent)),
        K::Flapping => Skip(Reason::SteadyBeforeSent),
    }
}

/// A reopening, of what its reader never knew to be resolved. Its reader hears of it when somebody came on the incident,
/// or left it, since the last word.
fn still_open(now: &Present<'_>) -> Now {
    let (other, change) = match now.incident.state() {
        IncidentState::Acknowledged => (IncidentState::Open, ChangeKind::Acknowledged),
        IncidentState::Open | IncidentState::Resolved => {
            (IncidentState::Acknowledged, ChangeKind::Unacknowledged)
        }
    };
    if now.told.may_be(other) && now.tells(other, change) {
        now.unless_overtaken(change, Reason::OpenAgainBeforeSent)
    } else {
        Skip(Reason::OpenAgainBeforeSent)
    }
}

/// Somebody is on it, or no longer is, and it is not over.
fn taken(kind: ChangeKind, now: &Present<'_>) -> Now {
    use ChangeKind::{Acknowledged, Opened, Reopened, Unacknowledged};
    use IncidentState as I;
    let (state, other, opposite) = match now.incident.state() {
        I::Acknowledged => (I::Acknowledged, I::Open, Acknowledged),
        I::Open | I::Resolved => (I::Open, I::Acknowledged, Unacknowledged),
    };
    let is_so = kind.entered() == Some(state);
    if !is_so && now.is_overtaken {
        return Skip(Reason::Overtaken);
    }
    if now.may_be_resolved() {
        return now.unless_overtaken(Reopened, Reason::OpenAgainBeforeSent);
    }
    if now.told.is_nothing() && !(is_so && kind == Acknowledged) {
        return if is_so && !now.opens {
            Same
        } else if now.opens {
            Becomes(Opened)
        } else {
            Skip(Reason::Overtaken)
        };
    }
    if is_so {
        // Told twice in a row only to who is not told of what lies between.
        let hears_between = match kind {
            Acknowledged => now.tells(I::Acknowledged, Unacknowledged),
            _ => now.tells(I::Open, Acknowledged),
        };
        return if now.told.is(state) && hears_between { Skip(Reason::ToldEarlier) } else { Same };
    }
    if now.told.may_be(other) && now.tells(other, opposite) {
        Becomes(opposite)
    } else {
        Skip(Reason::Overtaken)
    }
}

/// The change that a delivery tells of, when it is `kind` from now on.
fn become_of(old: &Change, kind: ChangeKind, incident: &Incident, now: Timestamp) -> Change {
    let at = match kind {
        ChangeKind::Resolved => incident.resolved_at().unwrap_or(now),
        ChangeKind::Opened => incident.opened_at,
        ChangeKind::Reopened => incident.open_since,
        _ => old.at,
    };
    let keeps = matches!(old.kind, ChangeKind::Updated | ChangeKind::Steady) && kind != ChangeKind::Opened;
    if keeps && kind == ChangeKind::Reopened {
        return Change { kind, ..old.clone() };
    }
    let text = if keeps { old.text.clone() } else { Reason::none() };
    Change::of_the_relay(kind, at, text)
}

impl<S: State> Step<'_, S> {
    /// Begins an attempt of `before`, which is due, as what is the case now; or settles it as skipped.
    pub(super) fn begin(&mut self, before: &Delivery, records: bool) -> Decided<(), S> {
        let mut change = before.change.clone();
        match self.now(before, records)? {
            Skip(why) => return self.drop_delivery(before.id, DeliveryState::Skipped, why),
            Becomes(kind) => change = become_of(&before.change, kind, &before.incident, self.at),
            Same => {}
        }
        if matches!(change.kind, ChangeKind::Opened | ChangeKind::Reopened | ChangeKind::Updated) {
            self.take_later_updates(before, &mut change)?;
        }
        let is_of_state =
            is_of_state(change.kind) && !is_of_state(before.change.kind) && self.is_last_of_state(before)?;
        let change = (change != before.change).then_some(change);
        self.record(Fact::DeliveryClaimed { delivery: before.id, change, is_of_state })?;
        self.applied.claimed.extend(self.state.delivery(before.id).kept()?);
        Ok(())
    }

    /// Whether no delivery about the state waits behind `delivery`.
    fn is_last_of_state(&self, delivery: &Delivery) -> Decided<bool, S> {
        let told = self.told(&delivery.action, &delivery.connection, delivery.incident.id)?;
        match told {
            Some(told) => Ok(self.last_pending(&told)?.is_none()),
            None => Ok(true),
        }
    }

    fn now(&self, delivery: &Delivery, records: bool) -> Decided<Now, S> {
        let router = self.policy;
        // Without its action it cannot be sent, which the attempt says.
        let Some(rule) = router.action(&delivery.action) else { return Ok(Same) };
        if rule.status == ActionStatus::Disabled {
            return Ok(Skip(Reason::ActionDisabled));
        }
        let incident = &delivery.incident;
        let told = self.told(&delivery.action, &delivery.connection, incident.id)?;
        let told = told.unwrap_or_else(|| Told::nothing(&delivery.action, &delivery.connection));
        let later = self.last_pending(&told)?;
        let opens = router.would_open(rule, incident);
        let present = Present {
            opens,
            // A filter may choose resolutions alone.
            needs_opening: rule.is_triggered(None, ChangeKind::Opened)
                && (opens || !router.lets_through(&rule.name, incident, &delivery.change)),
            is_overtaken: later.is_some_and(|later| later.id != delivery.id),
            was_over: delivery.shown == IncidentState::Resolved,
            incident,
            told: &told,
            rule,
            records,
        };
        let judge = if rule.is_done_with(incident) { only_closing } else { judge };
        Ok(judge(delivery.change.kind, &present))
    }

    /// Later updates that wait behind `delivery` are told with it, as `change`: it shows the incident as they left it.
    fn take_later_updates(&mut self, delivery: &Delivery, change: &mut Change) -> Decided<(), S> {
        let lane = self.state.lane(&delivery.connection, delivery.incident.id).kept()?;
        for id in lane.into_iter().filter(|id| *id != delivery.id) {
            let later = self.state.delivery(id).kept()?;
            let is_update = |later: &Delivery| {
                later.action == delivery.action
                    && later.change.kind == ChangeKind::Updated
                    && later.state == DeliveryState::Waiting
            };
            let Some(later) = later.filter(is_update) else { continue };
            if change.kind != ChangeKind::Opened {
                add_update(change, &later.change);
            }
            self.drop_delivery(id, DeliveryState::Skipped, Reason::ToldEarlier)?;
        }
        Ok(())
    }
}

/// Adds what a `later` update changed: the values before are the oldest, the words the newest.
fn add_update(change: &mut Change, later: &Change) {
    for name in &later.changed {
        if change.changed.contains(name) {
            continue;
        }
        change.changed.push(name.clone());
        change.before.extend(later.before.iter().filter(|(of, _)| of == name).cloned());
    }
    if change.kind == ChangeKind::Updated {
        change.at = later.at;
        change.actor.clone_from(&later.actor);
        if !later.text.is_empty() {
            change.text.clone_from(&later.text);
        }
    }
}
