//! `auto_resolve`: what its sender forgot is resolved.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, event, resolve, start, trigger};
use crate::command::Command;
use crate::decide::SILENCE_KEY;
use crate::delivery::ChangeKind;
use crate::event::EventChange;
use crate::id::IncidentId;
use crate::incident::IncidentState;
use crate::routing::{Routing, SourceRule};
use crate::state::Happening;
use crate::timer::Timer;
use crate::transition::IncidentCommand;

const DAY_MS: u64 = 24 * HOUR_MS;

fn routing(auto_resolve_ms: Option<u64>) -> Routing {
    let rule = SourceRule { auto_resolve_ms, ..SourceRule::default() };
    Routing { sources: [(SOURCE.into(), rule)].into(), actions: vec![action("tell", "chat")] }
}

fn relay(auto_resolve_ms: u64) -> Relay {
    Relay::with_routing(routing(Some(auto_resolve_ms)))
}

fn tick(relay: &mut Relay, ms: u64) {
    relay.wait_ms(ms);
    relay.apply(Command::Tick);
}

fn state(relay: &Relay, id: IncidentId) -> IncidentState {
    relay.state.incidents[&id].state()
}

fn is_timed(relay: &Relay, id: IncidentId) -> bool {
    relay.state.timers.contains_key(&Timer::AutoResolve(id))
}

#[test]
fn an_incident_without_an_event_for_so_long_is_resolved_and_the_timeline_says_why() {
    let mut relay = relay(7 * DAY_MS);
    let id = relay.incident_of(trigger("disk")).id;
    tick(&mut relay, 7 * DAY_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Open);
    tick(&mut relay, 1);
    let incident = &relay.state.incidents[&id];
    assert_eq!((incident.state(), incident.resolved_at()), (IncidentState::Resolved, Some(relay.now)));
    let last = relay.state.timelines[&id].last().expect("a line");
    assert_eq!(last.what, Happening::Changed(ChangeKind::Resolved, Vec::new()));
    assert_eq!(last.actor.as_deref(), Some("tocsin"));
    assert_eq!(last.text.to_string(), format!("no event for 7 days: auto_resolve of source {SOURCE}"));
    let told: Vec<_> = relay.state.deliveries.values().map(|delivery| delivery.change.kind).collect();
    assert_eq!(told, [ChangeKind::Opened, ChangeKind::Resolved]);
    assert!(!is_timed(&relay, id));
}

#[test]
fn every_event_about_an_incident_gives_it_its_whole_time_again() {
    let mut relay = relay(HOUR_MS);
    let id = relay.incident_of(trigger("disk")).id;
    for change in [EventChange::Trigger, EventChange::Acknowledge, EventChange::Note, EventChange::Trigger] {
        tick(&mut relay, 50 * MINUTE_MS);
        relay.event(event(change, "disk"));
    }
    tick(&mut relay, HOUR_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Acknowledged);
    tick(&mut relay, 1);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
}

#[test]
fn an_operators_command_gives_no_time_and_an_operators_reopening_does() {
    let mut relay = relay(HOUR_MS);
    let id = relay.incident_of(trigger("disk")).id;
    tick(&mut relay, 50 * MINUTE_MS);
    relay.command(id, IncidentCommand::Acknowledge);
    tick(&mut relay, 10 * MINUTE_MS);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
    relay.command(id, IncidentCommand::Reopen);
    tick(&mut relay, HOUR_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Open);
    tick(&mut relay, 1);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
}

#[test]
fn a_resolved_incident_has_no_timer_whoever_resolved_it() {
    let mut relay = relay(HOUR_MS);
    let first = relay.incident_of(trigger("disk")).id;
    let second = relay.incident_of(trigger("memory")).id;
    assert!(is_timed(&relay, first) && is_timed(&relay, second));
    relay.event(resolve("disk"));
    relay.command(second, IncidentCommand::Resolve);
    assert!(!is_timed(&relay, first) && !is_timed(&relay, second));
}

#[test]
fn however_often_the_configuration_is_read_again_an_incident_gets_no_more_time() {
    let mut relay = relay(DAY_MS);
    let id = relay.incident_of(trigger("disk")).id;
    for number in 0..23 {
        tick(&mut relay, HOUR_MS);
        // Another part of it is another each time.
        let actions = vec![action(&format!("tell-{number}"), "chat")];
        relay.reload(Routing { actions, ..routing(Some(DAY_MS)) }, &[], &[]);
    }
    tick(&mut relay, HOUR_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Open);
    tick(&mut relay, 1);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
}

#[test]
fn a_shorter_time_that_a_reload_brings_leaves_a_moment_and_a_longer_one_holds_at_once() {
    let mut relay = relay(7 * DAY_MS);
    let id = relay.incident_of(trigger("disk")).id;
    tick(&mut relay, 2 * DAY_MS);
    relay.reload(routing(Some(DAY_MS)), &[SOURCE], &[]);
    tick(&mut relay, 6 * HOUR_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Open);
    relay.reload(routing(Some(3 * DAY_MS)), &[SOURCE], &[]);
    tick(&mut relay, 18 * HOUR_MS);
    assert_eq!(state(&relay, id), IncidentState::Open);
    tick(&mut relay, 1);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
    relay.reload(routing(None), &[SOURCE], &[]);
    assert!(!is_timed(&relay, id));
}

#[test]
fn without_auto_resolve_nothing_is_resolved_and_a_silence_never_is() {
    let mut relay = Relay::with_routing(routing(None));
    let id = relay.incident_of(trigger("disk")).id;
    tick(&mut relay, 400 * DAY_MS);
    assert_eq!(state(&relay, id), IncidentState::Open);

    let rule = SourceRule {
        auto_resolve_ms: Some(2 * HOUR_MS),
        heartbeat_ms: Some(HOUR_MS),
        ..SourceRule::default()
    };
    let mut relay =
        Relay::with_routing(Routing { sources: [(SOURCE.into(), rule)].into(), actions: Vec::new() });
    tick(&mut relay, HOUR_MS);
    tick(&mut relay, DAY_MS);
    let silence = relay.state.find_in(&SOURCE.into(), SILENCE_KEY).expect("it is silent");
    assert_eq!(state(&relay, silence), IncidentState::Open);
}

#[test]
fn a_new_value_reaches_incidents_that_are_open_already() {
    let mut relay = Relay::with_routing(routing(None));
    let id = relay.incident_of(trigger("disk")).id;
    tick(&mut relay, 30 * DAY_MS);
    relay.restart(Some(routing(Some(7 * DAY_MS))));
    tick(&mut relay, DAY_MS);
    assert_eq!(state(&relay, id), IncidentState::Open, "its last event is not known: it has its whole time");
    // A shorter time counts from the last event, here from that start.
    relay.restart(Some(routing(Some(2 * DAY_MS))));
    tick(&mut relay, DAY_MS - 1);
    assert_eq!(state(&relay, id), IncidentState::Open);
    tick(&mut relay, 1);
    assert_eq!(state(&relay, id), IncidentState::Resolved);

    let other = relay.incident_of(trigger("memory")).id;
    relay.restart(Some(routing(None)));
    assert!(!is_timed(&relay, other));
    tick(&mut relay, 30 * DAY_MS);
    assert_eq!(state(&relay, other), IncidentState::Open);
}

#[test]
fn a_start_and_an_interruption_leave_time_for_the_events_that_the_relay_could_not_hear() {
    let mut relay = relay(7 * DAY_MS);
    let id = relay.incident_of(trigger("disk")).id;
    // The relay was down, and then stopped.
    for command in [start(), Command::Interrupt] {
        relay.wait_ms(20 * DAY_MS);
        relay.apply(command);
        tick(&mut relay, 5 * HOUR_MS);
        assert_eq!(state(&relay, id), IncidentState::Open);
    }
    tick(&mut relay, HOUR_MS);
    assert_eq!(state(&relay, id), IncidentState::Resolved);
}
