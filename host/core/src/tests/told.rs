//! Who is told of a change: triggers, filter and status of an action.

use super::relay::{Relay, action, labels, resolve, trigger};
use crate::delivery::{ChangeKind, DeliveryState};
use crate::event::{Event, Severity};
use crate::routing::{ActionRule, ActionStatus};
use crate::state::Happening;

#[test]
fn an_action_is_told_of_the_changes_that_it_names() {
    let rule = ActionRule { on: vec![ChangeKind::Resolved], ..action("chat", "slack") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    assert!(relay.state.deliveries.is_empty());
    relay.event(resolve("disk"));
    assert_eq!(relay.state.deliveries_of("chat")[0].change.kind, ChangeKind::Resolved);
}

#[test]
fn an_action_is_told_of_the_incidents_that_its_filter_lets_through() {
    let filter = r#"severity in ["critical", "high"] and labels.team == "db""#.to_owned();
    let mut relay = Relay::new(vec![ActionRule { filter: Some(filter), ..action("chat", "slack") }]);
    let of = |key: &str, severity, team: &str| Event {
        severity: Some(severity),
        labels: labels(&[("team", team)]),
        ..trigger(key)
    };
    relay.event(of("a", Severity::Critical, "db"));
    relay.event(of("b", Severity::High, "web"));
    relay.event(of("c", Severity::Low, "db"));
    relay.event(of("d", Severity::High, "db"));
    relay.event(trigger("e"));
    let told: Vec<_> = relay.state.deliveries_of("chat").iter().map(|d| d.incident.key.clone()).collect();
    assert_eq!(told, ["a", "d"]);
}

#[test]
fn a_filter_that_fails_on_an_incident_lets_it_through() {
    let filter = Some(r#"labels.load|default('0', true)|int > 4"#.to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..action("chat", "slack") }]);
    let load = |key: &str, value: &str| Event { labels: labels(&[("load", value)]), ..trigger(key) };
    relay.event(load("a", "3"));
    relay.event(load("b", "much"));
    let told: Vec<_> = relay.state.deliveries_of("chat").iter().map(|d| d.incident.key.clone()).collect();
    assert_eq!(told, ["b"]);
}

#[test]
fn a_disabled_action_is_told_nothing() {
    let rule = ActionRule { status: ActionStatus::Disabled, ..action("chat", "slack") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    assert!(relay.state.deliveries.is_empty());
}

#[test]
fn an_action_in_test_goes_over_its_test_connection_and_is_marked() {
    let rule = ActionRule {
        status: ActionStatus::Test,
        test_connection: Some("sandbox".into()),
        ..action("chat", "slack")
    };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    let delivery = relay.state.deliveries_of("chat")[0];
    assert_eq!((delivery.connection.as_str(), delivery.test), ("sandbox", true));
    assert_eq!(delivery.state, DeliveryState::Due);
    assert!(relay.state.lanes.keys().all(|(connection, _)| connection == "sandbox"));
}

#[test]
fn an_action_in_test_without_test_connection_sends_nothing_and_says_so() {
    let rule = ActionRule { status: ActionStatus::Test, ..action("chat", "slack") };
    let mut relay = Relay::new(vec![rule, action("page", "slack")]);
    relay.event(trigger("disk"));
    let delivery = relay.state.deliveries_of("chat")[0].clone();
    assert_eq!((delivery.state, delivery.test), (DeliveryState::NotSent, true));
    assert!(delivery.state.is_settled());
    let claimed = relay.claim_one();
    assert_eq!(relay.state.deliveries[&claimed].action, "page", "it does not stand in another's way");
    let told = relay.state.timelines[&delivery.incident.id].iter().find(|item| {
        matches!(&item.what, Happening::Delivery { id, state: DeliveryState::NotSent, .. } if *id == delivery.id)
    });
    let text = &told.expect("a line in the timeline").text;
    assert_eq!(text, "not sent: the action is in test and has no test connection");
}

#[test]
fn an_enabled_action_does_not_use_its_test_connection() {
    let rule = ActionRule { test_connection: Some("sandbox".into()), ..action("chat", "slack") };
    let mut relay = Relay::new(vec![rule]);
    relay.event(trigger("disk"));
    let delivery = relay.state.deliveries_of("chat")[0];
    assert_eq!((delivery.connection.as_str(), delivery.test), ("slack", false));
}
