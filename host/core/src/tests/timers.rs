//! What happens because time passes: flapping incidents and silent sources.

use std::collections::BTreeMap;

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, event};
use crate::command::{Command, Decoding};
use crate::decide::SILENCE_KEY;
use crate::delivery::ChangeKind;
use crate::event::{EventChange, Severity};
use crate::id::{Id, IncidentId, ReceiptId};
use crate::incident::{Incident, IncidentState};
use crate::routing::{Flapping, Routing, SourceRule};
use crate::state::Happening;
use crate::timer::Timer;

/// A relay whose source flaps from three reopenings in ten minutes, and may be silent for an hour.
fn relay() -> Relay {
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 3, window_ms: 10 * MINUTE_MS }),
        heartbeat_ms: Some(HOUR_MS),
        ..SourceRule::default()
    };
    let sources = BTreeMap::from([(SOURCE.into(), rule)]);
    Relay::with_routing(Routing { sources, actions: vec![action("tell", "chat")] })
}

fn tick(relay: &mut Relay, ms: u64) {
    relay.wait_ms(ms);
    relay.apply(Command::Tick);
}

/// Resolves the incident and triggers it again, a minute later each.
fn reopen(relay: &mut Relay) -> Incident {
    relay.wait_ms(MINUTE_MS);
    relay.event(event(EventChange::Resolve, "db"));
    relay.wait_ms(MINUTE_MS);
    relay.incident_of(event(EventChange::Trigger, "db"))
}

/// What people were told of, in order.
fn told(relay: &Relay) -> Vec<ChangeKind> {
    relay.state.deliveries.values().map(|delivery| delivery.change.kind).collect()
}

fn timeline(relay: &Relay, incident: IncidentId) -> Vec<ChangeKind> {
    let kind = |what: &Happening| match what {
        Happening::Changed(kind, _) => Some(*kind),
        Happening::Late(_) | Happening::Delivery { .. } => None,
    };
    relay.state.timelines[&incident].iter().filter_map(|item| kind(&item.what)).collect()
}

#[test]
fn flapping_is_told_once_when_it_begins_and_once_when_it_ends() {
    use ChangeKind::{Flapping, Opened, Reopened, Resolved, Steady};
    let mut relay = relay();
    let incident = relay.incident_of(event(EventChange::Trigger, "db"));
    for _ in 0..5 {
        reopen(&mut relay);
    }
    let until_it_flaps = [Opened, Resolved, Reopened, Resolved, Reopened, Resolved, Flapping];
    assert_eq!(told(&relay), until_it_flaps);
    assert!(relay.state.incidents[&incident.id].flapping);
    tick(&mut relay, 9 * MINUTE_MS);
    assert_eq!(told(&relay).len(), until_it_flaps.len(), "it was reopened nine minutes ago");
    tick(&mut relay, MINUTE_MS);
    assert_eq!(told(&relay).last(), Some(&Steady));
    let steady = &relay.state.incidents[&incident.id];
    assert!(!steady.flapping && steady.reopened.is_empty());
    tick(&mut relay, HOUR_MS);
    assert_eq!(told(&relay).iter().filter(|kind| **kind == Steady).count(), 1);
}

#[test]
fn what_a_flapping_incident_does_stays_in_its_timeline() {
    let mut relay = relay();
    let incident = relay.incident_of(event(EventChange::Trigger, "db"));
    for _ in 0..5 {
        reopen(&mut relay);
    }
    let reopened = timeline(&relay, incident.id).into_iter().filter(|kind| *kind == ChangeKind::Reopened);
    assert_eq!(reopened.count(), 5);
}

#[test]
fn what_an_operator_does_to_a_flapping_incident_is_told() {
    let mut relay = relay();
    let incident = relay.incident_of(event(EventChange::Trigger, "db"));
    for _ in 0..3 {
        reopen(&mut relay);
    }
    relay.command(incident.id, crate::transition::IncidentCommand::Acknowledge);
    assert_eq!(told(&relay).last(), Some(&ChangeKind::Acknowledged));
}

#[test]
fn reopenings_that_are_far_apart_are_no_flapping() {
    let mut relay = relay();
    relay.event(event(EventChange::Trigger, "db"));
    for _ in 0..6 {
        relay.wait_ms(4 * MINUTE_MS);
        let incident = reopen(&mut relay);
        assert!(!incident.flapping);
    }
}

#[test]
fn a_source_without_flapping_is_told_of_each_time() {
    let rule = SourceRule { flapping: None, ..SourceRule::default() };
    let sources = BTreeMap::from([(SOURCE.into(), rule)]);
    let mut relay = Relay::with_routing(Routing { sources, actions: vec![action("tell", "chat")] });
    relay.event(event(EventChange::Trigger, "db"));
    for _ in 0..9 {
        reopen(&mut relay);
    }
    assert_eq!(told(&relay).len(), 19);
}

fn silence(relay: &Relay) -> Option<Incident> {
    relay.state.incidents.values().find(|incident| incident.key == SILENCE_KEY).cloned()
}

#[test]
fn a_silent_source_is_an_incident_that_its_next_request_resolves() {
    let mut relay = relay();
    tick(&mut relay, HOUR_MS - 1);
    assert_eq!(silence(&relay), None);
    tick(&mut relay, 1);
    let open = silence(&relay).expect("it was silent for an hour");
    assert_eq!((open.state(), open.severity), (IncidentState::Open, Severity::High));
    assert_eq!(open.title, format!("No request at source {SOURCE}"));
    assert_eq!(told(&relay), [ChangeKind::Opened]);
    relay.request(SOURCE, &[], Decoding::Ignored("a test".to_owned()));
    assert_eq!(silence(&relay).map(|incident| incident.state()), Some(IncidentState::Resolved));
}

#[test]
fn any_request_that_proves_its_sender_breaks_the_silence() {
    for decoding in [Decoding::Refused("no title".to_owned()), Decoding::Failed("a trap".to_owned())] {
        let mut relay = relay();
        relay.wait_ms(50 * MINUTE_MS);
        relay.request(SOURCE, &[], decoding);
        tick(&mut relay, 50 * MINUTE_MS);
        assert_eq!(silence(&relay), None);
    }
}

#[test]
fn a_silence_that_goes_on_is_one_incident() {
    let mut relay = relay();
    for _ in 0..5 {
        tick(&mut relay, HOUR_MS);
    }
    let silences = relay.state.incidents.values().filter(|incident| incident.key == SILENCE_KEY);
    assert_eq!(silences.map(|incident| incident.count).collect::<Vec<_>>(), [1]);
}

#[test]
fn while_the_relay_was_down_nobody_was_silent() {
    let mut relay = relay();
    relay.wait_ms(5 * HOUR_MS);
    relay.restart(None);
    tick(&mut relay, HOUR_MS - 1);
    assert_eq!(silence(&relay), None);
    tick(&mut relay, 1);
    assert!(silence(&relay).is_some());
}

#[test]
fn a_source_that_may_be_silent_is_not_listened_to() {
    let mut relay = relay();
    let sources = BTreeMap::from([(SOURCE.into(), SourceRule::default())]);
    relay.restart(Some(Routing { sources, actions: Vec::new() }));
    assert!(relay.state.timers.is_empty());
    tick(&mut relay, 2 * HOUR_MS);
    assert_eq!(silence(&relay), None);
}

#[test]
fn a_reload_leaves_the_time_of_a_source_that_did_not_change_as_it_is() {
    let mut relay = relay();
    relay.wait_ms(50 * MINUTE_MS);
    relay.reload(relay.routing().clone(), &[], &[]);
    tick(&mut relay, 10 * MINUTE_MS - 1);
    assert_eq!(silence(&relay), None);
    tick(&mut relay, 1);
    assert!(silence(&relay).is_some());
}

#[test]
fn a_reload_begins_to_listen_to_a_source_anew_whose_heartbeat_changed_and_stops_where_it_is_gone() {
    let mut relay = relay();
    relay.wait_ms(50 * MINUTE_MS);
    let rule = SourceRule { heartbeat_ms: Some(2 * HOUR_MS), ..SourceRule::default() };
    let routing = Routing { sources: BTreeMap::from([(SOURCE.into(), rule)]), ..relay.routing().clone() };
    relay.reload(routing, &[SOURCE], &[]);
    tick(&mut relay, 2 * HOUR_MS - 1);
    assert_eq!(silence(&relay), None);
    relay.reload(Routing::default(), &[SOURCE], &[]);
    tick(&mut relay, HOUR_MS);
    assert_eq!(silence(&relay), None);
    assert!(relay.state.timers.is_empty());
}

#[test]
fn a_timer_is_read_as_it_was_written() {
    let (id, action) = (IncidentId::from_bytes([7; 16]), "tell the team".to_owned());
    let timers = [
        Timer::Steady(id),
        Timer::Silence("a b".into()),
        Timer::Held(Id::from_bytes([8; 16])),
        Timer::Repeat { incident: id, action: action.into() },
    ];
    for timer in timers {
        assert_eq!(timer.to_string().parse(), Ok(timer));
    }
    for text in ["tea 5", "held", "held 5", "repeat 5 tell", &format!("repeat {id}")] {
        assert!(text.parse::<Timer>().is_err(), "{text}");
    }
}

#[test]
fn dead_letters_can_be_given_up_once() {
    let mut relay = relay();
    let refused = relay.request(SOURCE, &[], Decoding::Refused("no title".to_owned()));
    let applied = relay.event(event(EventChange::Trigger, "db"));
    let discard = |receipts: Vec<ReceiptId>| Command::Discard { receipts, actor: "Ada".to_owned() };
    assert!(relay.try_apply(discard(vec![refused.id, applied.id])).is_err(), "one is no dead letter");
    assert!(relay.state.receipts[&refused.id].status.is_dead_letter(), "nothing was changed");
    relay.apply(discard(vec![refused.id]));
    assert_eq!(relay.state.receipts[&refused.id].status.as_str(), "discarded");
    assert!(relay.try_apply(discard(vec![refused.id])).is_err());
}

/// A process that was stopped wakes after the time of its sources: none of them is reported for that.
#[test]
fn after_an_interruption_every_source_has_its_time_again() {
    let mut relay = relay();
    relay.event(event(EventChange::Trigger, "db"));
    relay.wait_ms(5 * HOUR_MS);
    relay.apply(Command::Interrupt);
    relay.apply(Command::Tick);
    assert!(relay.state.find_in(&SOURCE.into(), SILENCE_KEY).is_none(), "it was reported as silent");
    tick(&mut relay, HOUR_MS + 1);
    assert!(
        relay.state.find_in(&SOURCE.into(), SILENCE_KEY).is_some(),
        "its silence is not noticed any more"
    );
}
