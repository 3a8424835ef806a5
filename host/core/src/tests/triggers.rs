//! Triggers by state: on which changes an action runs that names the states entered or left.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, commanded, event, resolve, trigger};
use crate::command::Command;
use crate::delivery::ChangeKind;
use crate::event::EventChange;
use crate::id::DeliveryId;
use crate::incident::IncidentState;
use crate::name::ActionName;
use crate::routing::{ActionRule, Flapping, Routing, SourceRule};
use crate::transition::IncidentCommand;

const STATES: [(&str, IncidentState); 3] = [
    ("open", IncidentState::Open),
    ("acknowledged", IncidentState::Acknowledged),
    ("resolved", IncidentState::Resolved),
];

/// An action that runs on no change for its own sake.
fn by_state(name: &str) -> ActionRule {
    ActionRule { on: Vec::new(), ..action(name, "chat") }
}

/// A relay with an action for each state that is entered and for each that is left, and a source that flaps
/// from three reopenings.
fn relay() -> Relay {
    let enters =
        STATES.map(|(name, state)| ActionRule { enters: vec![state], ..by_state(&format!("enters {name}")) });
    let leaves =
        STATES.map(|(name, state)| ActionRule { leaves: vec![state], ..by_state(&format!("leaves {name}")) });
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 3, window_ms: HOUR_MS }),
        ..SourceRule::default()
    };
    let actions = enters.into_iter().chain(leaves).collect();
    Relay::with_routing(Routing { sources: [(SOURCE.into(), rule)].into(), actions })
}

/// The actions that `step` is told to, in order, with the change that they are told of.
fn told(relay: &mut Relay, step: impl FnOnce(&mut Relay)) -> Vec<(ActionName, ChangeKind)> {
    let before: Vec<DeliveryId> = relay.state.deliveries.keys().copied().collect();
    relay.wait_ms(MINUTE_MS);
    step(relay);
    let new = relay.state.deliveries.values().filter(|delivery| !before.contains(&delivery.id));
    new.map(|delivery| (delivery.action.clone(), delivery.change.kind)).collect()
}

fn by(kind: ChangeKind, actions: &[&str]) -> Vec<(ActionName, ChangeKind)> {
    actions.iter().map(|action| ((*action).into(), kind)).collect()
}

fn note(relay: &mut Relay) {
    relay.event(event(EventChange::Note, "disk"));
}

#[test]
fn every_change_enters_and_leaves_what_the_table_says() {
    use ChangeKind::{Acknowledged, Opened, Reopened, Resolved, Unacknowledged};
    let mut relay = relay();
    let opened = told(&mut relay, |relay| drop(relay.event(trigger("disk"))));
    assert_eq!(opened, by(Opened, &["enters open"]));
    let id = *relay.state.incidents.keys().next().expect("it was opened");
    let command = |command| move |relay: &mut Relay| drop(relay.command(id, command));
    let rows = [
        (IncidentCommand::Note, by(ChangeKind::Noted, &[])),
        (IncidentCommand::Acknowledge, by(Acknowledged, &["enters acknowledged", "leaves open"])),
        (IncidentCommand::Note, by(ChangeKind::Noted, &[])),
        (IncidentCommand::Unacknowledge, by(Unacknowledged, &["enters open", "leaves acknowledged"])),
        (IncidentCommand::Resolve, by(Resolved, &["enters resolved", "leaves open"])),
        (IncidentCommand::Note, by(ChangeKind::Noted, &[])),
        (
            IncidentCommand::Reopen,
            by(Reopened, &["enters open", "enters resolved", "leaves open", "leaves resolved"]),
        ),
        (IncidentCommand::Acknowledge, by(Acknowledged, &["enters acknowledged", "leaves open"])),
        (IncidentCommand::Resolve, by(Resolved, &["enters resolved", "leaves acknowledged"])),
    ];
    for (asked, expected) in rows {
        assert_eq!(told(&mut relay, command(asked)), expected, "{asked:?}");
    }
}

#[test]
fn events_enter_and_leave_states_as_commands_do() {
    use ChangeKind::{Acknowledged, Reopened, Resolved};
    let mut relay = relay();
    relay.event(trigger("disk"));
    let resolved = told(&mut relay, |relay| drop(relay.event(resolve("disk"))));
    assert_eq!(resolved, by(Resolved, &["enters resolved", "leaves open"]));
    let reopened = told(&mut relay, |relay| drop(relay.event(trigger("disk"))));
    let expected = by(Reopened, &["enters open", "enters resolved", "leaves open", "leaves resolved"]);
    assert_eq!(reopened, expected, "also who called it resolved");
    let acknowledged = told(&mut relay, |relay| drop(relay.event(event(EventChange::Acknowledge, "disk"))));
    assert_eq!(acknowledged, by(Acknowledged, &["enters acknowledged", "leaves open"]));
    let resolved = told(&mut relay, |relay| drop(relay.event(resolve("disk"))));
    assert_eq!(resolved, by(Resolved, &["enters resolved", "leaves acknowledged"]));
}

#[test]
fn what_leaves_an_incident_in_its_state_is_told_to_nobody_who_names_states() {
    let mut relay = relay();
    relay.event(trigger("disk"));
    let id = *relay.state.incidents.keys().next().expect("it was opened");
    assert_eq!(told(&mut relay, note), []);
    let updated = |relay: &mut Relay| {
        let title = "disk is very full".to_owned();
        relay.event(crate::event::Event { title, ..trigger("disk") });
    };
    assert_eq!(told(&mut relay, updated), []);
    assert_eq!(told(&mut relay, |relay| drop(relay.command(id, IncidentCommand::Unacknowledge))), []);
    for _ in 0..2 {
        relay.event(resolve("disk"));
        relay.event(trigger("disk"));
    }
    relay.event(resolve("disk"));
    let flapping = told(&mut relay, |relay| drop(relay.event(trigger("disk"))));
    assert!(relay.state.incidents[&id].flapping);
    assert_eq!(flapping, [], "the third reopening is told as the flapping");
    let steady = told(&mut relay, |relay| {
        relay.wait_ms(2 * HOUR_MS);
        relay.apply(Command::Tick);
    });
    assert!(!relay.state.incidents[&id].flapping);
    let expected = by(ChangeKind::Reopened, &["enters resolved", "leaves open"]);
    assert_eq!(steady, expected, "only whose last word was that it is resolved");
}

#[test]
fn a_change_that_meets_several_triggers_is_told_once() {
    let rule = ActionRule {
        on: vec![ChangeKind::Acknowledged],
        enters: vec![IncidentState::Acknowledged],
        leaves: vec![IncidentState::Open],
        ..action("all", "chat")
    };
    let mut relay = Relay::new(vec![rule]);
    let id = relay.incident_of(trigger("disk")).id;
    assert!(relay.state.deliveries.is_empty());
    relay.command(id, IncidentCommand::Acknowledge);
    assert_eq!(relay.state.deliveries.len(), 1);
}

#[test]
fn a_change_that_is_refused_or_makes_no_difference_triggers_nothing() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    relay.command(id, IncidentCommand::Resolve);
    let refused = |relay: &mut Relay| {
        assert!(relay.try_apply(commanded(id, IncidentCommand::Acknowledge)).is_err());
        relay.command(id, IncidentCommand::Resolve);
    };
    assert_eq!(told(&mut relay, refused), []);
}

#[test]
fn a_filter_holds_for_states_as_well() {
    let filter = Some(r#"severity == "critical""#.to_owned());
    let rule = ActionRule { enters: vec![IncidentState::Open], filter, ..by_state("some") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    assert!(relay.state.deliveries.is_empty());
    let severity = Some(crate::event::Severity::Critical);
    relay.event(crate::event::Event { severity, ..trigger("memory") });
    assert_eq!(relay.state.deliveries.len(), 1);
}
