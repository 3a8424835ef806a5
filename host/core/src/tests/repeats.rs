//! Repetition: what is open and what nobody is on is told again.

use super::relay::{
    HOUR_MS, MINUTE_MS, Relay, SOURCE, action, delivered, event, labels, resolve, retried, trigger,
};
use crate::command::{Command, Verdict};
use crate::delivery::{ChangeKind, Delivery, DeliveryState};
use crate::event::{Event, EventChange};
use crate::id::IncidentId;
use crate::routing::{ActionRule, ActionStatus, Flapping, Routing, SourceRule};
use crate::state::Happening;
use crate::timer::Timer;
use crate::transition::IncidentCommand;

/// An action that tells of openings, and again every hour.
fn again(name: &str, connection: &str) -> ActionRule {
    ActionRule { on: vec![ChangeKind::Opened], repeat_ms: Some(HOUR_MS), ..action(name, connection) }
}

fn relay() -> Relay {
    Relay::new(vec![again("page", "pager")])
}

/// Lets time pass, and has everything that is due arrive.
fn pass(relay: &mut Relay, ms: u64) {
    relay.wait_ms(ms);
    relay.apply(Command::Tick);
    arrive(relay);
}

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

fn repetitions(relay: &Relay) -> Vec<&Delivery> {
    let deliveries = relay.state.deliveries.values();
    deliveries.filter(|delivery| delivery.change.kind == ChangeKind::Repeated).collect()
}

fn count(relay: &Relay) -> usize {
    repetitions(relay).len()
}

/// Whether the timer of a repetition is set.
fn goes_on(relay: &Relay) -> bool {
    relay.state.timers.keys().any(|timer| matches!(timer, Timer::Repeat { .. }))
}

#[test]
fn what_is_open_is_told_again_each_time_with_how_long_it_is() {
    let mut relay = relay();
    relay.event(trigger("disk"));
    arrive(&mut relay);
    pass(&mut relay, HOUR_MS - 1);
    assert_eq!(count(&relay), 0);
    pass(&mut relay, 1);
    pass(&mut relay, HOUR_MS + 30 * MINUTE_MS);
    pass(&mut relay, 48 * HOUR_MS);
    let told: Vec<_> = repetitions(&relay).iter().map(|delivery| delivery.change.text.clone()).collect();
    assert_eq!(told, ["still open after 1h", "still open after 2h 30m", "still open after 2d 2h"]);
    let change = &repetitions(&relay)[0].change;
    assert_eq!((change.actor.as_ref(), change.changed.is_empty()), (None, true));
    assert!(repetitions(&relay).iter().all(|delivery| delivery.state == DeliveryState::Delivered));
}

#[test]
fn a_repetition_is_in_the_timeline_by_how_its_delivery_ended_alone() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    arrive(&mut relay);
    let before = relay.state.timelines[&id].len();
    pass(&mut relay, HOUR_MS);
    let news = &relay.state.timelines[&id][before..];
    assert_eq!(news.len(), 1);
    assert!(matches!(&news[0].what, Happening::Delivery { action, .. } if action == "page"));
}

#[test]
fn a_repetition_is_told_by_its_own_action_alone() {
    let mut relay = Relay::new(vec![again("page", "pager"), action("all", "slack")]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    pass(&mut relay, HOUR_MS);
    assert!(repetitions(&relay).iter().all(|delivery| delivery.action == "page"));
    assert_eq!(count(&relay), 1);
}

#[test]
fn one_tick_tells_once_however_late_it_comes() {
    let mut relay = relay();
    relay.event(trigger("disk"));
    arrive(&mut relay);
    pass(&mut relay, 10 * HOUR_MS);
    assert_eq!(count(&relay), 1);
    relay.apply(Command::Tick);
    assert_eq!(count(&relay), 1, "the next is an hour from then on");
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 2);
}

#[test]
fn whatever_the_action_tells_begins_the_time_anew() {
    let rule = ActionRule { on: ChangeKind::ALL.to_vec(), ..again("page", "pager") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.wait_ms(50 * MINUTE_MS);
    relay.event(event(EventChange::Note, "disk"));
    arrive(&mut relay);
    pass(&mut relay, 59 * MINUTE_MS);
    assert_eq!(count(&relay), 0);
    pass(&mut relay, MINUTE_MS);
    assert_eq!(count(&relay), 1);
}

#[test]
fn repetition_stops_at_acknowledgement_and_starts_again_when_nobody_is_on_it_any_more() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    arrive(&mut relay);
    relay.command(id, IncidentCommand::Acknowledge);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 0);
    assert!(!goes_on(&relay));
    relay.command(id, IncidentCommand::Unacknowledge);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 1, "although the action does not tell of the change itself");
}

#[test]
fn repetition_stops_at_resolution_and_starts_again_when_it_is_back() {
    let back: [fn(&mut Relay, IncidentId); 2] = [
        |relay, _| drop(relay.event(trigger("disk"))),
        |relay, id| drop(relay.command(id, IncidentCommand::Reopen)),
    ];
    for reopen in back {
        let mut relay = relay();
        let id = relay.incident_of(trigger("disk")).id;
        arrive(&mut relay);
        relay.wait_ms(30 * MINUTE_MS);
        relay.event(resolve("disk"));
        pass(&mut relay, HOUR_MS);
        assert_eq!(count(&relay), 0);
        assert!(!goes_on(&relay));
        reopen(&mut relay, id);
        pass(&mut relay, HOUR_MS);
        let told: Vec<_> = repetitions(&relay).iter().map(|delivery| delivery.change.text.clone()).collect();
        assert_eq!(told, ["still open after 1h"], "since it was reopened");
    }
}

#[test]
fn a_flapping_incident_is_not_told_again_until_it_is_steady() {
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 2, window_ms: 3 * HOUR_MS }),
        ..SourceRule::default()
    };
    let sources = [(SOURCE.into(), rule)].into();
    let mut relay = Relay::with_routing(Routing { sources, actions: vec![again("page", "pager")] });
    let id = relay.incident_of(trigger("disk")).id;
    for _ in 0..2 {
        relay.event(resolve("disk"));
        relay.event(trigger("disk"));
    }
    arrive(&mut relay);
    assert!(relay.state.incidents[&id].flapping);
    pass(&mut relay, HOUR_MS);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 0);
    assert!(goes_on(&relay), "it is only silent");
    pass(&mut relay, HOUR_MS);
    assert!(!relay.state.incidents[&id].flapping);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 1);
}

#[test]
fn what_flapped_and_was_over_when_the_timer_was_due_is_told_again_once_it_is_steady() {
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 2, window_ms: 3 * HOUR_MS }),
        ..SourceRule::default()
    };
    let sources = [(SOURCE.into(), rule)].into();
    let mut relay = Relay::with_routing(Routing { sources, actions: vec![again("page", "pager")] });
    relay.event(trigger("disk"));
    for _ in 0..2 {
        relay.event(resolve("disk"));
        relay.event(trigger("disk"));
    }
    relay.event(resolve("disk"));
    pass(&mut relay, HOUR_MS);
    assert!(!goes_on(&relay));
    relay.event(trigger("disk"));
    pass(&mut relay, 3 * HOUR_MS);
    assert_eq!(count(&relay), 0);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 1);
}

#[test]
fn what_the_filter_does_not_let_through_is_silent_until_it_does() {
    let filter = Some(r#"labels.team == "db""#.to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..again("page", "pager") }]);
    let of_team = |team| Event { labels: labels(&[("team", team)]), ..trigger("disk") };
    relay.event(of_team("db"));
    arrive(&mut relay);
    relay.event(of_team("web"));
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 0);
    relay.event(of_team("db"));
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 1);
}

#[test]
fn a_configuration_without_the_action_or_its_repetition_ends_it() {
    let disabled = ActionRule { status: ActionStatus::Disabled, ..again("page", "pager") };
    for actions in [vec![], vec![disabled], vec![action("page", "pager")]] {
        let mut relay = relay();
        relay.event(trigger("disk"));
        arrive(&mut relay);
        let sources = [(SOURCE.into(), SourceRule::default())].into();
        relay.restart(Some(Routing { sources, actions }));
        pass(&mut relay, HOUR_MS);
        assert_eq!(count(&relay), 0);
        assert!(relay.state.timers.is_empty());
    }
}

#[test]
fn an_action_in_test_repeats_over_its_test_connection_and_without_one_says_so() {
    let test = |test_connection: Option<&str>| ActionRule {
        status: ActionStatus::Test,
        test_connection: test_connection.map(Into::into),
        ..again("page", "pager")
    };
    let mut relay = Relay::new(vec![test(Some("sandbox"))]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    pass(&mut relay, HOUR_MS);
    assert_eq!(repetitions(&relay)[0].connection, "sandbox");
    let sources = [(SOURCE.into(), SourceRule::default())].into();
    relay.restart(Some(Routing { sources, actions: vec![test(None)] }));
    pass(&mut relay, HOUR_MS);
    assert_eq!(repetitions(&relay)[1].state, DeliveryState::NotSent);
}

#[test]
fn what_could_not_be_sent_at_all_is_not_repeated() {
    let rule = ActionRule { status: ActionStatus::Test, ..again("page", "pager") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    assert!(!goes_on(&relay));
}

#[test]
fn while_a_repetition_is_on_its_way_there_is_no_second_one() {
    let mut relay = Relay::new(vec![again("page", "pager"), again("ring", "pager")]);
    relay.event(trigger("disk"));
    for _ in 0..20 {
        relay.wait_ms(HOUR_MS);
        relay.apply(Command::Tick);
    }
    assert_eq!(count(&relay), 2, "one of each action, behind the opening");
    arrive(&mut relay);
    pass(&mut relay, HOUR_MS);
    assert_eq!(count(&relay), 4);
}

#[test]
fn with_a_delay_the_first_repetition_is_after_what_was_held() {
    let rule = ActionRule { delay_ms: Some(3 * HOUR_MS), ..again("page", "pager") };
    let mut relay = Relay::new(vec![rule]);
    let id = relay.incident_of(trigger("disk")).id;
    assert!(!goes_on(&relay), "nothing was told yet");
    relay.command(id, IncidentCommand::Acknowledge);
    relay.command(id, IncidentCommand::Unacknowledge);
    pass(&mut relay, 2 * HOUR_MS);
    assert_eq!(count(&relay), 0);
    pass(&mut relay, HOUR_MS);
    assert_eq!(relay.state.deliveries_of("page")[0].state, DeliveryState::Delivered);
    pass(&mut relay, HOUR_MS);
    let told: Vec<_> = repetitions(&relay).iter().map(|delivery| delivery.change.text.clone()).collect();
    assert_eq!(told, ["still open after 4h"]);
}

#[test]
fn a_dead_letter_that_is_retried_is_no_news_that_begins_the_time_anew() {
    let mut relay = relay();
    relay.event(trigger("disk"));
    let id = relay.claim_one();
    relay.settle(id, Verdict::Rejected("no".to_owned()));
    let timers = relay.state.timers.clone();
    relay.wait_ms(MINUTE_MS);
    relay.apply(retried(id));
    assert_eq!(relay.state.timers, timers);
}

#[test]
fn two_repetitions_are_never_less_than_a_second_apart() {
    let mut relay = Relay::new(vec![ActionRule { repeat_ms: Some(0), ..again("page", "pager") }]);
    relay.event(trigger("disk"));
    arrive(&mut relay);
    relay.apply(Command::Tick);
    assert_eq!(count(&relay), 0);
    pass(&mut relay, 1000);
    assert_eq!(count(&relay), 1);
    assert_eq!(repetitions(&relay)[0].change.text, "still open after 1s");
}
