//! The fallback: it receives the incidents that no other action takes, and what follows for them.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, event, resolve, started, trigger};
use crate::delivery::ChangeKind;
use crate::event::{Event, EventChange, Severity};
use crate::journal::Fact;
use crate::routing::{ActionRule, ActionStatus, Flapping, Routing, SourceRule};
use crate::transition::Command;

fn critical_only() -> ActionRule {
    ActionRule { filter: Some(r#"severity == "critical""#.to_owned()), ..action("page", "pager") }
}

fn fallback() -> ActionRule {
    ActionRule { is_fallback: true, ..action("rest", "chat") }
}

fn critical(key: &str) -> Event {
    Event { severity: Some(Severity::Critical), ..trigger(key) }
}

/// The kinds of changes that an action was owed, in order.
fn owed(relay: &Relay, action: &str) -> Vec<ChangeKind> {
    relay.state.deliveries_of(action).iter().map(|delivery| delivery.change.kind).collect()
}

#[test]
fn the_fallback_receives_what_no_action_took_and_what_follows_for_it() {
    use ChangeKind::{Acknowledged, Opened, Reopened, Resolved, Updated};
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    let incident = relay.incident_of(trigger("disk"));
    assert!(incident.unmatched);
    relay.event(Event { title: "disk is very full".to_owned(), ..trigger("disk") });
    relay.command(incident.id, Command::Acknowledge);
    relay.event(resolve("disk"));
    relay.event(trigger("disk"));
    assert_eq!(owed(&relay, "rest"), [Opened, Updated, Acknowledged, Resolved, Reopened]);
    assert_eq!(owed(&relay, "page"), []);
}

#[test]
fn what_an_action_takes_the_fallback_never_receives() {
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    let incident = relay.incident_of(critical("disk"));
    assert!(!incident.unmatched);
    relay.event(resolve("disk"));
    relay.event(critical("disk"));
    assert_eq!(owed(&relay, "rest"), []);
    assert_eq!(owed(&relay, "page").len(), 3);
}

#[test]
fn an_action_that_does_not_run_on_the_opening_or_does_not_run_at_all_takes_nothing() {
    let late = ActionRule { on: vec![ChangeKind::Resolved], ..action("late", "chat") };
    let off = ActionRule { status: ActionStatus::Disabled, ..action("off", "chat") };
    let test = ActionRule { status: ActionStatus::Test, ..action("test", "chat") };
    for rule in [late, off, test] {
        let name = rule.name.clone();
        let mut relay = Relay::new(vec![rule, fallback()]);
        relay.event(trigger("disk"));
        assert_eq!(owed(&relay, "rest"), [ChangeKind::Opened], "{name}");
    }
    let delayed = ActionRule { delay_ms: Some(HOUR_MS), ..action("delayed", "chat") };
    let mut relay = Relay::new(vec![delayed, fallback()]);
    relay.event(trigger("disk"));
    assert_eq!(owed(&relay, "rest"), [], "an action takes what it will send later");
}

#[test]
fn a_reopening_decides_again_who_takes_the_incident() {
    use ChangeKind::{Opened, Reopened, Resolved};
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    relay.event(trigger("disk"));
    relay.event(resolve("disk"));
    relay.event(critical("disk"));
    relay.event(resolve("disk"));
    // The second resolution is skipped when its attempt begins: the fallback said so already.
    assert_eq!(owed(&relay, "rest"), [Opened, Resolved, Resolved]);
    assert_eq!(owed(&relay, "page"), [Reopened, Resolved]);
    let id = *relay.state.incidents.keys().next().expect("it is there");
    relay.apply(Fact::Modified {
        incident: id,
        title: None,
        severity: Some(Severity::Low),
        actor: "Ada".to_owned(),
        text: String::new(),
    });
    relay.command(id, Command::Reopen);
    assert_eq!(owed(&relay, "rest").last(), Some(&Reopened), "an operator reopened it as a small one");
}

#[test]
fn the_fallback_has_a_filter_delay_and_triggers_of_its_own() {
    let filter = Some(r#"severity != "info""#.to_owned());
    let on = vec![ChangeKind::Opened, ChangeKind::Resolved];
    let rule = ActionRule { filter, on, delay_ms: Some(MINUTE_MS), ..fallback() };
    let mut relay = Relay::new(vec![critical_only(), rule]);
    relay.event(Event { severity: Some(Severity::Info), ..trigger("small") });
    let id = relay.incident_of(trigger("disk")).id;
    relay.command(id, Command::Acknowledge);
    relay.wait_ms(MINUTE_MS);
    relay.apply(Fact::Ticked);
    relay.event(resolve("disk"));
    assert_eq!(owed(&relay, "rest"), [ChangeKind::Opened, ChangeKind::Resolved]);
}

#[test]
fn while_an_incident_flaps_it_stays_with_whom_it_was() {
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 2, window_ms: HOUR_MS }),
        ..SourceRule::default()
    };
    let sources = [(SOURCE.to_owned(), rule)].into();
    let actions = vec![critical_only(), fallback()];
    let mut relay = Relay::with_routing(Routing { sources, actions });
    relay.event(trigger("disk"));
    for _ in 0..3 {
        relay.wait_ms(MINUTE_MS);
        relay.event(resolve("disk"));
        relay.wait_ms(MINUTE_MS);
        relay.event(critical("disk"));
    }
    assert!(owed(&relay, "rest").is_empty() || owed(&relay, "rest")[0] == ChangeKind::Opened);
    let incident = relay.state.incidents.values().next().expect("it is there");
    assert!(incident.flapping && !incident.unmatched);
    assert!(owed(&relay, "page").contains(&ChangeKind::Flapping));
}

#[test]
fn without_a_fallback_an_unmatched_incident_is_only_marked() {
    let mut relay = Relay::new(vec![critical_only()]);
    assert!(relay.incident_of(trigger("disk")).unmatched);
    assert!(relay.incident_of(event(EventChange::Acknowledge, "other")).unmatched);
    assert!(!relay.incident_of(critical("third")).unmatched);
    let actions = vec![critical_only(), fallback()];
    let sources = [(SOURCE.to_owned(), SourceRule::default())].into();
    relay.apply(started(Some(Routing { sources, actions })));
    relay.event(resolve("third"));
    assert_eq!(owed(&relay, "rest"), []);
}
