//! What is sent is what is the case when the attempt begins, and the last word follows the incident.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, delivered, event, resolve, retried, trigger};
use crate::command::{Command, Verdict};
use crate::delivery::ChangeKind::{self, Flapping, Noted, Opened, Reopened, Resolved, Steady, Updated};
use crate::delivery::DeliveryState::{self, Delivered, Skipped};
use crate::event::{Event, EventChange, Severity};
use crate::id::{DeliveryId, IncidentId};
use crate::routing::{ActionRule, ActionStatus, Flapping as Flaps, Routing, SourceRule};
use crate::state::Happening;
use crate::transition::IncidentCommand;

/// An action on these changes alone.
fn on(kinds: &[ChangeKind]) -> ActionRule {
    ActionRule { on: kinds.to_vec(), ..action("chat", "slack") }
}

fn relay(kinds: &[ChangeKind]) -> Relay {
    Relay::new(vec![on(kinds)])
}

fn severe(key: &str, severity: Severity) -> Event {
    Event { severity: Some(severity), ..trigger(key) }
}

fn titled(title: &str) -> Event {
    Event { title: title.to_owned(), ..trigger("disk") }
}

/// What became of the action's deliveries, in order.
fn all(relay: &Relay) -> Vec<(ChangeKind, DeliveryState)> {
    let deliveries = relay.state.deliveries_of("chat");
    deliveries.iter().map(|delivery| (delivery.change.kind, delivery.state)).collect()
}

/// What arrived, in order.
fn sent(relay: &Relay) -> Vec<ChangeKind> {
    all(relay).into_iter().filter(|(_, state)| *state == Delivered).map(|(kind, _)| kind).collect()
}

/// Has everything that is due arrive.
fn arrive(relay: &mut Relay) {
    loop {
        let claimed = relay.claim();
        if claimed.is_empty() {
            return;
        }
        for id in claimed {
            relay.settle(id, delivered());
        }
    }
}

fn reject(relay: &mut Relay) -> DeliveryId {
    let id = relay.claim_one();
    relay.settle(id, Verdict::Rejected("400".to_owned()));
    id
}

/// Has the one attempt that is due end without an answer.
fn lose(relay: &mut Relay, may_have_arrived: bool) {
    let id = relay.claim_one();
    let verdict = Verdict::Retry { reason: "no answer".to_owned(), at: relay.now, may_have_arrived };
    relay.settle(id, verdict);
}

/// The words of deliveries that ended without an attempt.
fn reasons(relay: &Relay) -> Vec<String> {
    let items = relay.state.timelines.values().flatten();
    let skipped = items.filter(|item| matches!(item.what, Happening::Delivery { state: Skipped, .. }));
    skipped.map(|item| item.text.to_string()).collect()
}

#[test]
fn what_was_over_before_it_could_be_sent_is_not_sent_and_log_and_timeline_say_so() {
    let mut relay = relay(&ChangeKind::ALL);
    relay.event(trigger("disk"));
    relay.event(resolve("disk"));
    arrive(&mut relay);
    assert_eq!(all(&relay), [(Opened, Skipped), (Resolved, Skipped)]);
    assert_eq!(reasons(&relay), ["resolved before it could be sent"; 2]);
    let log = &relay.state.deliveries_of("chat")[0].log;
    assert_eq!((log[0].number, log[0].summary.to_string().as_str()), (0, "resolved before it could be sent"));
}

#[test]
fn a_record_of_what_was_over_is_one_resolution() {
    let mut relay = relay(&ChangeKind::ALL);
    relay.event(trigger("disk"));
    relay.event(event(EventChange::Acknowledge, "disk"));
    relay.event(resolve("disk"));
    let claimed = relay.claim_for(true);
    assert_eq!(claimed.len(), 1);
    let delivery = relay.settle(claimed[0], delivered());
    assert_eq!(delivery.change.kind, Resolved);
    assert_eq!(sent(&relay), [Resolved]);
}

#[test]
fn an_opening_alone_becomes_the_record() {
    let mut relay = relay(&[Opened]);
    relay.event(trigger("disk"));
    relay.event(resolve("disk"));
    let claimed = relay.claim_for(true);
    assert_eq!(relay.state.deliveries[&claimed[0]].change.kind, Resolved);
}

#[test]
fn a_dead_letter_of_a_resolution_does_not_resolve_what_is_open_again() {
    let mut relay = relay(&ChangeKind::ALL);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.event(resolve("disk"));
    let dead = reject(&mut relay);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.apply(retried(dead));
    arrive(&mut relay);
    assert_eq!(all(&relay), [(Opened, Delivered), (Resolved, Skipped), (Reopened, Skipped)]);
    assert_eq!(reasons(&relay), ["it was open again before it could be sent"; 2]);
}

#[test]
fn a_dead_letter_of_an_opening_opens_nothing_that_is_over() {
    let mut relay = relay(&[Opened, Resolved]);
    relay.event(trigger("disk"));
    let dead = reject(&mut relay);
    relay.event(resolve("disk"));
    arrive(&mut relay);
    relay.apply(retried(dead));
    arrive(&mut relay);
    assert_eq!(sent(&relay), []);
    assert_eq!(reasons(&relay), ["resolved before it could be sent"; 2]);
}

#[test]
fn what_an_opening_left_undone_the_next_update_opens() {
    let mut relay = relay(&ChangeKind::ALL);
    relay.event(trigger("disk"));
    let dead = reject(&mut relay);
    relay.event(titled("disk is fuller"));
    arrive(&mut relay);
    relay.apply(retried(dead));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened]);
    assert_eq!(reasons(&relay), ["told with an earlier message"]);
}

#[test]
fn updates_that_wait_are_told_once_with_what_all_of_them_changed() {
    let mut relay = relay(&ChangeKind::ALL);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.event(titled("disk is fuller"));
    relay.event(Event { severity: Some(Severity::Critical), ..titled("disk is fullest") });
    relay.event(event(EventChange::Note, "disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened, Updated, Noted]);
    let change = &relay.state.deliveries_of("chat")[1].change;
    assert_eq!(change.changed, ["title", "severity"]);
    let before = [("title", "disk is full"), ("severity", "medium")];
    assert_eq!(change.before, before.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn starting_to_match_a_filter_is_an_opening_and_its_resolution_follows() {
    let filter = Some(r#"severity in ["critical", "high"]"#.to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..on(&[Opened, Resolved, Reopened]) }]);
    relay.event(severe("disk", Severity::Medium));
    assert_eq!(all(&relay), []);
    relay.event(severe("disk", Severity::Critical));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened]);
    relay.event(severe("disk", Severity::Low));
    relay.event(resolve("disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened, Resolved], "although the filter no longer matches");
}

#[test]
fn what_was_never_sent_gets_no_resolution() {
    let filter = Some(r#"severity == "critical""#.to_owned());
    let opens = ActionRule { filter: filter.clone(), ..on(&[Opened, Resolved]) };
    let resolves = ActionRule { filter, name: "ended".into(), ..on(&[Resolved]) };
    let mut relay = Relay::new(vec![opens, resolves]);
    relay.event(severe("disk", Severity::Low));
    let id = relay.state.find_in(&SOURCE.into(), "disk").expect("it is there");
    relay.event(resolve("disk"));
    let severity = Some(Severity::Critical);
    relay.apply(Command::Modify {
        incident: id,
        title: None,
        severity,
        actor: String::new(),
        text: String::new(),
    });
    assert!(relay.state.deliveries.is_empty());
    relay.event(severe("memory", Severity::Critical));
    relay.event(resolve("memory"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), []);
    assert_eq!(relay.state.deliveries_of("ended")[0].state, Delivered, "it tells of no opening");
}

#[test]
fn a_filter_that_chooses_resolutions_gets_them() {
    let filter = Some(r#"state == "resolved""#.to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..on(&[Opened, Resolved]) }]);
    relay.event(trigger("disk"));
    relay.event(resolve("disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Resolved]);
}

#[test]
fn an_action_that_called_it_resolved_is_told_that_it_is_open_again() {
    let mut relay = relay(&[Opened, Resolved]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.event(resolve("disk"));
    arrive(&mut relay);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened, Resolved, Reopened]);
}

#[test]
fn a_lost_answer_gets_its_resolution_and_a_refused_connection_none() {
    for (may_have_arrived, expected) in [(true, vec![Resolved]), (false, Vec::new())] {
        let mut relay = relay(&[Opened, Resolved]);
        relay.event(trigger("disk"));
        lose(&mut relay, may_have_arrived);
        relay.event(resolve("disk"));
        arrive(&mut relay);
        assert_eq!(sent(&relay), expected);
    }
}

#[test]
fn an_attempt_that_a_restart_interrupted_may_have_arrived() {
    let mut relay = relay(&[Opened, Resolved]);
    relay.event(trigger("disk"));
    relay.claim_one();
    relay.restart(None);
    relay.event(resolve("disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Resolved]);
}

#[test]
fn a_resolution_whose_answer_was_lost_becomes_the_reopening() {
    let mut relay = relay(&[Opened, Resolved]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.event(resolve("disk"));
    lose(&mut relay, true);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    assert_eq!(sent(&relay), [Opened, Reopened]);
}

/// A relay whose source flaps from two reopenings in ten minutes, with an incident that was told of and flaps.
fn flapping(rule: ActionRule) -> (Relay, IncidentId) {
    let flapping = Some(Flaps { reopenings: 2, window_ms: 10 * MINUTE_MS });
    let sources = [(SOURCE.into(), SourceRule { flapping, ..SourceRule::default() })].into();
    let mut relay = Relay::with_routing(Routing { sources, actions: vec![rule] });
    let id = relay.incident_of(trigger("disk")).id;
    arrive(&mut relay);
    for _ in 0..2 {
        relay.event(resolve("disk"));
        arrive(&mut relay);
        relay.event(trigger("disk"));
        arrive(&mut relay);
    }
    assert!(relay.state.incidents[&id].flapping);
    (relay, id)
}

fn steady(relay: &mut Relay) {
    relay.wait_ms(HOUR_MS / 2);
    relay.apply(Command::Tick);
    arrive(relay);
}

#[test]
fn flapping_that_ends_open_takes_the_resolution_back() {
    let (mut relay, _) = flapping(on(&[Opened, Resolved]));
    assert_eq!(sent(&relay).last(), Some(&Resolved));
    steady(&mut relay);
    assert_eq!(sent(&relay).last(), Some(&Reopened));
    let last = relay.state.deliveries_of("chat").last().map(|delivery| delivery.change.text.to_string());
    assert_eq!(last.as_deref(), Some("steady, and open"));
}

#[test]
fn flapping_that_ends_resolved_closes_what_it_opened() {
    let (mut relay, _) = flapping(on(&[Flapping]));
    assert_eq!(sent(&relay), [Flapping]);
    relay.event(resolve("disk"));
    steady(&mut relay);
    assert_eq!(sent(&relay), [Flapping, Resolved]);
}

#[test]
fn who_agrees_is_told_that_it_is_steady_if_he_listens() {
    for (listens, expected) in [(true, Steady), (false, Flapping)] {
        let kinds = if listens { vec![Flapping, Steady] } else { vec![Flapping] };
        let (mut relay, _) = flapping(on(&kinds));
        steady(&mut relay);
        assert_eq!(sent(&relay).last(), Some(&expected));
    }
}

#[test]
fn what_an_operator_resolved_while_it_flapped_stays_resolved() {
    let (mut relay, id) = flapping(on(&[Opened, Resolved]));
    relay.command(id, IncidentCommand::Resolve);
    arrive(&mut relay);
    steady(&mut relay);
    assert_eq!(sent(&relay).last(), Some(&Resolved));
}

#[test]
fn an_action_that_moved_closes_what_it_opened_before_and_opens_anew() {
    let mut relay = relay(&[Opened, Updated, Resolved]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    let moved = ActionRule { connection: "teams".into(), ..on(&[Opened, Updated, Resolved]) };
    let old = ActionRule { status: ActionStatus::Disabled, name: "old".into(), ..on(&[]) };
    let sources = [(SOURCE.into(), SourceRule::default())].into();
    relay.restart(Some(Routing { sources, actions: vec![moved, old] }));
    relay.event(titled("disk is fuller"));
    arrive(&mut relay);
    relay.event(resolve("disk"));
    arrive(&mut relay);
    let deliveries = relay.state.deliveries_of("chat");
    let mut told: Vec<_> = deliveries.iter().map(|d| (d.connection.as_str(), d.change.kind)).collect();
    told.sort_unstable();
    let expected = [("slack", Opened), ("slack", Resolved), ("teams", Opened), ("teams", Resolved)];
    assert_eq!(told, expected);
}

/// Each was skipped once for what else was the case, and the log did not say that its action is disabled.
#[test]
fn what_is_queued_for_an_action_that_is_disabled_by_now_is_skipped_for_that() {
    let mut relay = relay(&[Opened, Updated, Resolved]);
    relay.event(trigger("disk"));
    relay.event(titled("disk is fuller"));
    relay.event(resolve("disk"));
    let disabled = ActionRule { status: ActionStatus::Disabled, ..on(&[Opened, Updated, Resolved]) };
    let sources = [(SOURCE.into(), SourceRule::default())].into();
    relay.restart(Some(Routing { sources, actions: vec![disabled] }));
    assert_eq!(relay.claim(), []);
    for delivery in relay.state.deliveries_of("chat") {
        assert_eq!((delivery.state, delivery.attempts), (Skipped, 0));
        let why = delivery.log.last().expect("why").summary.to_string();
        assert!(why.contains("its action is disabled"), "{why}");
    }
    assert_eq!(all(&relay).len(), 3);
}
