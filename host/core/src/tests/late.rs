//! An event that was overtaken on its way must not undo what is newer.

use super::relay::{HOUR_MS, Relay, action, event, occurred, resolve, trigger};
use crate::event::{Event, EventChange};
use crate::incident::IncidentState;
use crate::state::Happening;
use crate::transition::Transition;

#[test]
fn a_late_trigger_does_not_reopen() {
    for wait_ms in [0, 2 * HOUR_MS] {
        let mut relay = Relay::new(vec![action("chat", "slack")]);
        relay.event(occurred(trigger("disk"), 10));
        let resolved = relay.incident_of(occurred(resolve("disk"), 30));
        relay.wait_ms(wait_ms);
        let late = relay.event(occurred(trigger("disk"), 20));
        assert_eq!(late.effects[0].transition, Transition::NoteLate);
        assert_eq!(relay.state.incidents.len(), 1);
        assert_eq!(relay.state.incidents[&resolved.id], resolved);
        assert_eq!(relay.state.deliveries.len(), 2, "of the opening and the resolution");
        let last = relay.state.timelines[&resolved.id].last().expect("a timeline");
        assert_eq!((&last.what, last.receipt), (&Happening::Late(EventChange::Trigger), Some(late.id)));
    }
}

#[test]
fn a_late_resolution_does_not_resolve() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(occurred(trigger("disk"), 10));
    let open = relay.incident_of(occurred(trigger("disk"), 30));
    let late = relay.event(occurred(resolve("disk"), 20));
    assert_eq!(late.effects[0].transition, Transition::NoteLate);
    assert_eq!(relay.state.incidents[&open.id], open);
    assert_eq!(relay.state.deliveries.len(), 1);
}

#[test]
fn a_late_acknowledgement_does_not_acknowledge() {
    let mut relay = Relay::new(Vec::new());
    let open = relay.incident_of(occurred(trigger("disk"), 30));
    relay.event(occurred(event(EventChange::Acknowledge, "disk"), 20));
    assert_eq!(relay.state.incidents[&open.id], open);
}

#[test]
fn a_late_trigger_is_counted_and_overwrites_nothing() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let open = relay.incident_of(occurred(trigger("disk"), 30));
    let older = Event { title: "disk is nearly full".to_owned(), ..trigger("disk") };
    let counted = relay.incident_of(occurred(older, 20));
    assert_eq!(counted.title, "disk is full");
    assert_eq!(counted.last_occurred_at, open.last_occurred_at);
    assert_eq!(counted.count, 2);
    assert_eq!(relay.state.deliveries.len(), 1);
}

#[test]
fn events_of_the_same_moment_are_in_order() {
    let mut relay = Relay::new(Vec::new());
    relay.event(occurred(trigger("disk"), 10));
    assert_eq!(relay.incident_of(occurred(resolve("disk"), 10)).state(), IncidentState::Resolved);
    assert_eq!(relay.incident_of(occurred(trigger("disk"), 10)).state(), IncidentState::Open);
}

#[test]
fn an_event_without_a_time_is_never_late() {
    let mut relay = Relay::new(Vec::new());
    relay.event(occurred(trigger("disk"), 10));
    assert_eq!(relay.incident_of(resolve("disk")).state(), IncidentState::Resolved);
}

#[test]
fn a_late_note_is_still_written_down() {
    let mut relay = Relay::new(Vec::new());
    relay.event(occurred(trigger("disk"), 30));
    let late = relay.event(occurred(event(EventChange::Note, "disk"), 20));
    assert_eq!(late.effects[0].transition, Transition::Note);
}

/// The time of a resolution that changed nothing was once not remembered. Sent were: resolved at 20, back at
/// 25, resolved at 30; the last two came in the wrong order, and the incident stayed open for ever.
#[test]
fn a_resolution_that_changes_nothing_makes_older_triggers_late() {
    let mut relay = Relay::new(Vec::new());
    relay.event(occurred(trigger("disk"), 10));
    relay.event(occurred(resolve("disk"), 20));
    let nothing = relay.event(occurred(resolve("disk"), 30));
    assert_eq!(nothing.effects[0].transition, Transition::Nothing);
    let late = relay.incident_of(occurred(trigger("disk"), 25));
    assert_eq!(late.state(), IncidentState::Resolved);
}
