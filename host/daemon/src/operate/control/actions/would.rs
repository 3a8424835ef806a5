//! Whether an action would be told of a change by itself, for trying it out.
//!
//! Asks the same router as decisions do. Records nothing.

use tocsin_core::delivery::{Change, ChangeKind};
use tocsin_core::incident::{Incident, IncidentState, Phase};
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing};
use tocsin_core::time::Timestamp;
use tocsin_core::view::sample;

use crate::runtime::wording;

/// The sample incident before anything happened to it.
pub(super) fn untouched() -> Incident {
    let (incident, _) = sample();
    Incident { phase: Phase::Open, ..incident }
}

/// `incident` as it is right after a change of this kind at `at`.
pub(in crate::operate::control) fn after(
    kind: ChangeKind,
    at: Timestamp,
    mut incident: Incident,
) -> Incident {
    match kind.entered().filter(|state| *state != incident.state()) {
        None => {}
        Some(IncidentState::Open) => incident.reopen(at),
        Some(IncidentState::Acknowledged) => incident.acknowledge(at),
        Some(IncidentState::Resolved) => incident.resolve(at),
    }
    incident
}

/// Why `rule` would not be told of `change` of `incident`, which was in the state `before`; empty when it would.
pub(in crate::operate::control) fn not_sent(
    rule: &ActionRule,
    incident: &Incident,
    before: IncidentState,
    change: &Change,
) -> Vec<String> {
    let mut reasons = Vec::new();
    if rule.status == ActionStatus::Disabled {
        reasons.push("the action is disabled".to_owned());
    }
    if rule.destination().is_none() {
        reasons.push("the action is in test and has no test connection".to_owned());
    }
    if !is_triggered(rule, incident, before, change.kind) {
        let kind = change.kind.as_str();
        reasons.push(format!("it does not run on {kind}, but on {}", wording::triggers(rule)));
    }
    if rule.is_fallback && !incident.unmatched {
        reasons.push("it is the fallback, and another action took this incident".to_owned());
    }
    // The status, the triggers and the fallback are told already.
    let enabled = ActionRule { status: ActionStatus::Enabled, is_fallback: false, ..rule.clone() };
    let router = Router::new(Routing { actions: vec![enabled], ..Routing::default() });
    if let Some(filter) = &rule.filter
        && router.is_ok_and(|router| !router.lets_through(&rule.name, incident, change))
    {
        reasons.push(format!("its filter keeps this incident out: {filter}"));
    }
    reasons
}

fn is_triggered(rule: &ActionRule, incident: &Incident, before: IncidentState, kind: ChangeKind) -> bool {
    if kind == ChangeKind::Repeated {
        return rule.repeat_ms.is_some() && incident.state() == IncidentState::Open;
    }
    left(kind, before, incident.state()).iter().any(|left| rule.is_triggered(*left, kind))
}

/// The states that the incident may have left by such a change. From which one it came to where it is already,
/// nobody says.
fn left(kind: ChangeKind, before: IncidentState, now: IncidentState) -> Vec<Option<IncidentState>> {
    use IncidentState::{Acknowledged, Open, Resolved};
    if before != now {
        return vec![Some(before)];
    }
    let left: &[IncidentState] = match kind {
        ChangeKind::Acknowledged => &[Open],
        ChangeKind::Unacknowledged => &[Acknowledged],
        ChangeKind::Resolved => &[Open, Acknowledged],
        ChangeKind::Reopened => &[Resolved],
        _ => return vec![None],
    };
    left.iter().copied().map(Some).collect()
}
