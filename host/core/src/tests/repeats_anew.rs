//! A new `repeat` in the configuration holds for the incidents that are open already.

use std::collections::BTreeMap;

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, delivered, event, trigger};
use crate::command::Command;
use crate::delivery::ChangeKind;
use crate::event::EventChange;
use crate::id::IncidentId;
use crate::routing::{ActionRule, ActionStatus, Routing, SourceRule};
use crate::time::Timestamp;
use crate::timer::Timer;

fn page(repeat_ms: Option<u64>) -> ActionRule {
    ActionRule { on: vec![ChangeKind::Opened], repeat_ms, ..action("page", "pager") }
}

fn routing(actions: Vec<ActionRule>) -> Routing {
    Routing { sources: BTreeMap::from([(SOURCE.into(), SourceRule::default())]), actions }
}

/// A relay whose action repeats so, with an incident that was told of.
fn told(repeat_ms: Option<u64>) -> (Relay, IncidentId) {
    let mut relay = Relay::new(vec![page(repeat_ms)]);
    let incident = relay.incident_of(trigger("disk")).id;
    let id = relay.claim_one();
    relay.settle(id, delivered());
    relay.wait_ms(MINUTE_MS);
    (relay, incident)
}

fn next(relay: &Relay, incident: IncidentId) -> Option<Timestamp> {
    relay.state.timers.get(&Timer::Repeat { incident, action: "page".into() }).copied()
}

#[test]
fn an_open_incident_is_repeated_from_the_start_on_that_says_so() {
    let (mut relay, incident) = told(None);
    assert_eq!(next(&relay, incident), None);
    assert!(relay.restart(Some(routing(vec![page(Some(HOUR_MS))]))).timed);
    assert_eq!(next(&relay, incident), Some(relay.now.plus_ms(HOUR_MS)));
    relay.wait_ms(HOUR_MS);
    relay.apply(Command::Tick);
    let id = relay.claim_one();
    assert_eq!(relay.state.deliveries[&id].change.kind, ChangeKind::Repeated);
}

#[test]
fn a_reload_is_kept_to_as_a_start_is() {
    let (mut relay, incident) = told(None);
    relay.reload(routing(vec![page(Some(HOUR_MS))]), &[], &[]);
    assert_eq!(next(&relay, incident), Some(relay.now.plus_ms(HOUR_MS)));
    relay.reload(routing(vec![page(None)]), &[], &[]);
    assert_eq!(next(&relay, incident), None);
}

#[test]
fn a_shorter_repeat_is_kept_to_at_once_and_a_longer_one_from_the_next_time_on() {
    let (mut relay, incident) = told(Some(4 * HOUR_MS));
    let before = next(&relay, incident);
    relay.restart(Some(routing(vec![page(Some(HOUR_MS))])));
    let shorter = Some(relay.now.plus_ms(HOUR_MS));
    assert!(before > shorter);
    assert_eq!(next(&relay, incident), shorter);
    relay.restart(Some(routing(vec![page(Some(9 * HOUR_MS))])));
    assert_eq!(next(&relay, incident), shorter);
}

#[test]
fn what_is_repeated_no_more_has_no_timer() {
    let gone = [
        vec![page(None)],
        vec![],
        vec![ActionRule { status: ActionStatus::Disabled, ..page(Some(HOUR_MS)) }],
    ];
    for actions in gone {
        let (mut relay, incident) = told(Some(HOUR_MS));
        assert!(next(&relay, incident).is_some());
        relay.restart(Some(routing(actions)));
        assert_eq!(next(&relay, incident), None);
    }
}

#[test]
fn neither_what_somebody_is_on_nor_what_the_filter_keeps_out_is_repeated() {
    let (mut relay, incident) = told(None);
    let filter = Some("severity == 'low'".to_owned());
    relay.restart(Some(routing(vec![ActionRule { filter, ..page(Some(HOUR_MS)) }])));
    assert_eq!(next(&relay, incident), None);
    relay.event(event(EventChange::Acknowledge, "disk"));
    relay.restart(Some(routing(vec![page(Some(HOUR_MS))])));
    assert_eq!(next(&relay, incident), None);
}
