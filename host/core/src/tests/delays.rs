//! An action's delay: what is over soon is not told, and what is held stands in nobody's way.

use super::relay::{
    HOUR_MS, MINUTE_MS, Relay, SOURCE, action, delivered, event, labels, resolve, retried, trigger,
};
use crate::command::Command;
use crate::delivery::ChangeKind::{self, Acknowledged, Flapping, Noted, Opened, Reopened, Resolved, Steady};
use crate::delivery::DeliveryState::{self, Delivered, Due, NotSent, Skipped, Waiting};
use crate::event::{Event, EventChange};
use crate::id::DeliveryId;
use crate::incident::IncidentState;
use crate::routing::{ActionRule, ActionStatus, Routing, SourceRule};
use crate::state::Happening;
use crate::timer::Timer;
use crate::transition::IncidentCommand;

const DELAY_MS: u64 = 5 * MINUTE_MS;

/// An action that tells of what has been open for five minutes.
fn late(name: &str, connection: &str) -> ActionRule {
    ActionRule { delay_ms: Some(DELAY_MS), ..action(name, connection) }
}

fn routing(actions: Vec<ActionRule>) -> Routing {
    Routing { sources: [(SOURCE.into(), SourceRule::default())].into(), actions }
}

fn tick(relay: &mut Relay, ms: u64) {
    relay.wait_ms(ms);
    relay.apply(Command::Tick);
}

/// What an action's deliveries are of and where they are, in order.
fn of(relay: &Relay, action: &str) -> Vec<(ChangeKind, DeliveryState)> {
    let deliveries = relay.state.deliveries_of(action);
    deliveries.iter().map(|delivery| (delivery.change.kind, delivery.state)).collect()
}

/// What the timelines say of deliveries.
fn outcomes(relay: &Relay) -> Vec<String> {
    let items = relay.state.timelines.values().flatten();
    items
        .filter(|item| matches!(item.what, Happening::Delivery { .. }))
        .map(|item| item.text.to_string())
        .collect()
}

fn held(relay: &Relay) -> Vec<DeliveryId> {
    let timers = relay.state.timers.keys();
    timers.filter_map(|timer| if let Timer::Held(id) = timer { Some(*id) } else { None }).collect()
}

#[test]
fn what_has_been_open_for_long_enough_is_told_with_the_incident_as_it_is_then() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    let opened_at = relay.now;
    let applied = relay.event(trigger("disk"));
    assert_eq!(applied.effects.len(), 1);
    let delivery = relay.state.deliveries_of("chat")[0].clone();
    assert_eq!((delivery.state, delivery.next_at), (Waiting, opened_at.plus_ms(DELAY_MS)));
    assert!(relay.state.lanes.is_empty(), "it is in no lane");
    relay.wait_ms(MINUTE_MS);
    relay.event(Event { labels: labels(&[("volume", "/var")]), ..event(EventChange::Trigger, "disk") });
    tick(&mut relay, DELAY_MS - MINUTE_MS - 1);
    assert_eq!(of(&relay, "chat")[0], (Opened, Waiting), "a millisecond is missing");
    tick(&mut relay, 1);
    assert_eq!(of(&relay, "chat")[0], (Opened, Due));
    let told = relay.state.deliveries[&delivery.id].clone();
    assert_eq!(told.incident.labels, labels(&[("volume", "/var")]));
    assert_eq!((told.next_at, told.owed_since), (relay.now, relay.now));
    assert_eq!(told.change, delivery.change);
    assert_eq!(held(&relay), []);
}

#[test]
fn a_hold_wakes_whoever_lets_time_pass() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    let receive = Command::Receive(super::relay::received(
        SOURCE,
        &[],
        crate::command::Decoding::Events(vec![trigger("disk")]),
    ));
    let applied = relay.apply(receive);
    assert!(applied.timed && !applied.scheduled);
    relay.wait_ms(DELAY_MS);
    assert!(relay.apply(Command::Tick).scheduled);
}

#[test]
fn what_was_over_within_the_delay_is_not_told_and_the_timeline_says_so() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.wait_ms(MINUTE_MS);
    relay.event(resolve("disk"));
    assert_eq!(of(&relay, "chat"), [(Opened, Waiting), (Resolved, Skipped)]);
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Skipped), (Resolved, Skipped)]);
    assert_eq!(outcomes(&relay), ["not told: it was over within the delay of 5m"; 2]);
    assert!(relay.state.lanes.is_empty() && relay.state.due.is_empty() && held(&relay).is_empty());
}

#[test]
fn after_the_delay_everything_is_told_at_once() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    tick(&mut relay, DELAY_MS);
    relay.event(event(EventChange::Acknowledge, "disk"));
    relay.event(resolve("disk"));
    assert_eq!(of(&relay, "chat"), [(Opened, Due), (Acknowledged, Waiting), (Resolved, Waiting)]);
    assert_eq!(held(&relay), []);
    relay.event(event(EventChange::Note, "disk"));
    assert_eq!(of(&relay, "chat").last(), Some(&(Noted, Waiting)), "it was open for long enough");
}

#[test]
fn what_is_noted_after_a_short_time_was_over_is_not_told_either() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.event(resolve("disk"));
    tick(&mut relay, HOUR_MS / 2);
    relay.event(event(EventChange::Note, "disk"));
    assert_eq!(of(&relay, "chat"), [(Opened, Skipped), (Resolved, Skipped), (Noted, Skipped)]);
}

#[test]
fn what_was_acknowledged_within_the_delay_is_told_in_the_order_in_which_it_happened() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    let id = relay.incident_of(trigger("disk")).id;
    relay.wait_ms(MINUTE_MS);
    relay.command(id, IncidentCommand::Acknowledge);
    assert_eq!(of(&relay, "chat"), [(Opened, Waiting), (Acknowledged, Waiting)]);
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Due), (Acknowledged, Waiting)]);
    for (kind, state) in [(Opened, IncidentState::Acknowledged), (Acknowledged, IncidentState::Acknowledged)]
    {
        let claimed = relay.claim_one();
        let delivery = relay.settle(claimed, delivered());
        assert_eq!((delivery.change.kind, delivery.incident.state()), (kind, state));
    }
    assert_eq!(of(&relay, "chat"), [(Opened, Delivered), (Acknowledged, Delivered)]);
}

#[test]
fn what_the_filter_no_longer_lets_through_is_not_told() {
    let filter = Some(r#"labels.team == "db""#.to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..late("chat", "slack") }]);
    let of_team = |team| Event { labels: labels(&[("team", team)]), ..trigger("disk") };
    relay.event(of_team("db"));
    relay.event(of_team("web"));
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Skipped)]);
    assert_eq!(outcomes(&relay), ["not told: its action's filter no longer matches"]);
}

#[test]
fn what_is_held_does_not_hold_up_another_action_on_the_same_connection() {
    let mut relay = Relay::new(vec![late("late", "slack"), action("now", "slack")]);
    relay.event(trigger("disk"));
    assert_eq!(of(&relay, "late"), [(Opened, Waiting)]);
    assert_eq!(of(&relay, "now"), [(Opened, Due)]);
    let claimed = relay.claim_one();
    relay.settle(claimed, delivered());
    relay.event(event(EventChange::Note, "disk"));
    assert_eq!(of(&relay, "now"), [(Opened, Delivered), (Noted, Due)]);
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "late"), [(Opened, Waiting), (Noted, Waiting)], "behind what is on its way");
    for action in ["now", "late", "late"] {
        let claimed = relay.claim_one();
        assert_eq!(relay.settle(claimed, delivered()).action, action);
    }
    assert!(relay.state.lanes.is_empty());
}

#[test]
fn a_restart_keeps_what_is_held() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.restart(None);
    assert_eq!(of(&relay, "chat"), [(Opened, Waiting)]);
    relay.wait_ms(DELAY_MS + HOUR_MS);
    relay.restart(None);
    relay.apply(Command::Tick);
    assert_eq!(of(&relay, "chat"), [(Opened, Due)]);
}

#[test]
fn what_was_over_within_the_delay_and_came_back_has_its_time_again() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.wait_ms(MINUTE_MS);
    relay.event(resolve("disk"));
    relay.wait_ms(3 * MINUTE_MS);
    relay.event(trigger("disk"));
    tick(&mut relay, MINUTE_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Waiting), (Resolved, Skipped), (Reopened, Waiting)]);
    tick(&mut relay, 4 * MINUTE_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Due), (Resolved, Skipped), (Reopened, Waiting)]);
    assert_eq!(held(&relay), []);
}

#[test]
fn what_was_over_before_its_late_tick_is_not_told_as_open() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.wait_ms(DELAY_MS + MINUTE_MS);
    relay.event(resolve("disk"));
    tick(&mut relay, 1);
    assert_eq!(of(&relay, "chat"), [(Opened, Skipped), (Resolved, Due)]);
    assert_eq!(outcomes(&relay), ["not told: it was over when its delay was"]);
}

#[test]
fn a_flapping_incident_is_told_of_at_once_however_short_each_time_is() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    for _ in 0..5 {
        relay.event(resolve("disk"));
        relay.wait_ms(1000);
        relay.event(trigger("disk"));
    }
    assert_eq!(of(&relay, "chat").last(), Some(&(Flapping, Due)));
    let id = relay.state.deliveries_of("chat")[0].incident.id;
    relay.command(id, IncidentCommand::Resolve);
    assert_eq!(of(&relay, "chat").last(), Some(&(Resolved, Waiting)), "it is in the lane, not skipped");
    tick(&mut relay, HOUR_MS);
    assert_eq!(of(&relay, "chat").last(), Some(&(Steady, Waiting)), "and so is this");
    assert_eq!(held(&relay), []);
}

#[test]
fn what_is_held_goes_where_its_action_sends_to_when_it_is_let_go() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    let test = |test_connection: Option<&str>| ActionRule {
        status: ActionStatus::Test,
        test_connection: test_connection.map(Into::into),
        ..late("chat", "slack")
    };
    relay.restart(Some(routing(vec![test(Some("sandbox"))])));
    tick(&mut relay, DELAY_MS);
    let delivery = relay.state.deliveries_of("chat")[0];
    assert_eq!((delivery.connection.as_str(), delivery.test, delivery.state), ("sandbox", true, Due));
    relay.event(trigger("memory"));
    relay.restart(Some(routing(vec![test(None)])));
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "chat").last(), Some(&(Opened, NotSent)));
}

#[test]
fn what_is_held_for_an_action_that_is_gone_or_disabled_is_not_told() {
    let disabled = ActionRule { status: ActionStatus::Disabled, ..late("chat", "slack") };
    let cases = [
        (vec![], "not told: its action is gone from the configuration"),
        (vec![disabled], "not told: its action is disabled"),
    ];
    for (actions, why) in cases {
        let mut relay = Relay::new(vec![late("chat", "slack")]);
        relay.event(trigger("disk"));
        relay.restart(Some(routing(actions)));
        tick(&mut relay, DELAY_MS);
        assert_eq!(of(&relay, "chat"), [(Opened, Skipped)]);
        assert_eq!(outcomes(&relay), [why]);
        assert!(relay.state.timers.is_empty());
    }
}

#[test]
fn a_retry_lets_go_what_is_held_at_once() {
    let mut relay = Relay::new(vec![late("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.wait_ms(MINUTE_MS);
    let id = relay.state.deliveries_of("chat")[0].id;
    assert!(relay.apply(retried(id)).scheduled);
    assert_eq!(relay.claim(), [id]);
    assert_eq!(held(&relay), []);
    relay.settle(id, delivered());
    tick(&mut relay, DELAY_MS);
    assert_eq!(of(&relay, "chat"), [(Opened, Delivered)], "its timer is gone");
}

#[test]
fn a_retry_of_what_waits_in_its_lane_or_is_held_for_nobody_is_refused() {
    let mut relay = Relay::new(vec![late("late", "slack"), action("now", "slack")]);
    relay.event(trigger("disk"));
    relay.event(event(EventChange::Note, "disk"));
    let in_lane = relay.state.deliveries_of("now")[1].id;
    let held = relay.state.deliveries_of("late")[0].id;
    relay.restart(Some(routing(Vec::new())));
    for id in [in_lane, held] {
        let before = relay.state.clone();
        let rejection = relay.try_apply(retried(id)).expect_err("it cannot be retried");
        let words = format!(
            "delivery {id} is waiting, only one that is due, held, rejected or expired can be retried"
        );
        assert_eq!(rejection.to_string(), words);
        assert_eq!(relay.state, before);
    }
}

#[test]
fn what_was_held_is_late_from_the_end_of_its_delay_also_after_a_retry() {
    let mut relay = Relay::new(vec![late("chat", "slack"), action("page", "pager")]);
    let opened_at = relay.now;
    relay.event(trigger("disk"));
    tick(&mut relay, DELAY_MS);
    for (name, delay_ms, first) in
        [("chat", Some(DELAY_MS), opened_at.plus_ms(DELAY_MS)), ("page", None, opened_at)]
    {
        let id = relay.state.deliveries_of(name)[0].id;
        relay.wait_ms(HOUR_MS);
        relay.apply(retried(id));
        let delivery = &relay.state.deliveries[&id];
        assert_eq!(delivery.owed_since, relay.now, "the schedule begins anew");
        assert_eq!(delivery.first_owed(delay_ms).micros() / 1000, first.micros() / 1000, "{name}");
        assert_eq!(delivery.change.at, opened_at);
    }
}
