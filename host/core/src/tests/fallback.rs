//! The fallback: it receives the incidents that no other action takes, and what follows for them.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, action, delivered, event, resolve, trigger};
use crate::command::Command;
use crate::delivery::{ChangeKind, DeliveryState};
use crate::event::{Event, EventChange, Severity};
use crate::routing::{ActionRule, ActionStatus, Flapping, Routing, SourceRule};
use crate::transition::IncidentCommand;

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
    relay.command(incident.id, IncidentCommand::Acknowledge);
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
    relay.apply(Command::Modify {
        incident: id,
        title: None,
        severity: Some(Severity::Low),
        actor: "Ada".to_owned(),
        text: String::new(),
    });
    relay.command(id, IncidentCommand::Reopen);
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
    relay.command(id, IncidentCommand::Acknowledge);
    relay.wait_ms(MINUTE_MS);
    relay.apply(Command::Tick);
    relay.event(resolve("disk"));
    assert_eq!(owed(&relay, "rest"), [ChangeKind::Opened, ChangeKind::Resolved]);
}

#[test]
fn while_an_incident_flaps_it_stays_with_whom_it_was() {
    let rule = SourceRule {
        flapping: Some(Flapping { reopenings: 2, window_ms: HOUR_MS }),
        ..SourceRule::default()
    };
    let sources = [(SOURCE.into(), rule)].into();
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
    let sources = [(SOURCE.into(), SourceRule::default())].into();
    relay.restart(Some(Routing { sources, actions }));
    relay.event(resolve("third"));
    assert_eq!(owed(&relay, "rest"), []);
}

/// The relay delivers everything that is due, and what waits behind it.
fn deliver(relay: &mut Relay) {
    loop {
        let claimed = relay.claim();
        if claimed.is_empty() {
            return;
        }
        for delivery in claimed {
            relay.settle(delivery, delivered());
        }
    }
}

/// The kinds of changes that reached an action's peer, in order.
fn sent(relay: &Relay, action: &str) -> Vec<ChangeKind> {
    let deliveries = relay.state.deliveries_of(action);
    let sent = deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Delivered);
    sent.map(|delivery| delivery.change.kind).collect()
}

#[test]
fn an_incident_that_an_action_takes_later_is_no_longer_unmatched_and_the_fallback_only_closes_what_it_told() {
    use ChangeKind::{Acknowledged, Noted, Opened, Resolved, Updated};
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    let id = relay.incident_of(trigger("disk")).id;
    deliver(&mut relay);
    assert!(!relay.incident_of(critical("disk")).unmatched, "the filter matches now");
    deliver(&mut relay);
    assert!(!relay.command(id, IncidentCommand::Acknowledge).unmatched);
    relay.command(id, IncidentCommand::Note);
    // That the filter no longer matches takes nothing back.
    relay.event(Event { severity: Some(Severity::Low), ..trigger("disk") });
    relay.event(critical("disk"));
    deliver(&mut relay);
    relay.event(resolve("disk"));
    deliver(&mut relay);
    assert_eq!(sent(&relay, "rest"), [Opened, Resolved]);
    assert_eq!(sent(&relay, "page"), [Opened, Acknowledged, Noted, Updated, Resolved]);
}

#[test]
fn an_operator_who_raises_the_severity_has_an_action_take_the_incident() {
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    let incident = relay.incident_of(trigger("disk")).id;
    deliver(&mut relay);
    let applied = relay.apply(Command::Modify {
        incident,
        title: None,
        severity: Some(Severity::Critical),
        actor: "Ada".to_owned(),
        text: String::new(),
    });
    assert!(!applied.incident.expect("a command answers with its incident").unmatched);
    deliver(&mut relay);
    assert_eq!(sent(&relay, "rest"), [ChangeKind::Opened]);
    assert_eq!(sent(&relay, "page"), [ChangeKind::Opened]);
}

#[test]
fn what_the_fallback_could_not_send_before_another_action_took_the_incident_is_not_sent() {
    let mut relay = Relay::new(vec![critical_only(), fallback()]);
    relay.event(trigger("disk"));
    relay.event(critical("disk"));
    deliver(&mut relay);
    relay.event(resolve("disk"));
    deliver(&mut relay);
    assert_eq!(sent(&relay, "rest"), []);
    assert_eq!(sent(&relay, "page"), [ChangeKind::Opened, ChangeKind::Resolved]);
    let why = &relay.state.deliveries_of("rest")[0].log[0].summary;
    assert_eq!(why, "another action took the incident before it could be sent");
}

#[test]
fn a_delayed_or_repeating_fallback_says_nothing_of_an_incident_that_another_action_took_meanwhile() {
    use ChangeKind::{Opened, Repeated};
    let delayed = ActionRule { delay_ms: Some(MINUTE_MS), ..fallback() };
    let repeating = ActionRule { repeat_ms: Some(MINUTE_MS), ..fallback() };
    for (rule, told) in [(delayed, vec![]), (repeating, vec![Opened])] {
        let mut relay = Relay::new(vec![critical_only(), rule]);
        relay.event(trigger("disk"));
        deliver(&mut relay);
        relay.event(critical("disk"));
        for _ in 0..3 {
            relay.wait_ms(MINUTE_MS);
            relay.apply(Command::Tick);
            deliver(&mut relay);
        }
        assert_eq!(sent(&relay, "rest"), told);
        assert!(!sent(&relay, "page").contains(&Repeated));
    }
}

#[test]
fn an_action_in_test_or_one_that_tells_of_no_opening_takes_nothing_later_either() {
    let severe = || ActionRule { filter: critical_only().filter, ..action("other", "chat") };
    let late = ActionRule { on: vec![ChangeKind::Updated, ChangeKind::Resolved], ..severe() };
    let test = ActionRule { status: ActionStatus::Test, ..severe() };
    for rule in [late, test] {
        let mut relay = Relay::new(vec![rule, fallback()]);
        relay.event(trigger("disk"));
        assert!(relay.incident_of(critical("disk")).unmatched);
        assert_eq!(owed(&relay, "rest"), [ChangeKind::Opened, ChangeKind::Updated]);
    }
}

#[test]
fn an_action_takes_a_flapping_incident_when_it_is_steady() {
    use ChangeKind::{Flapping as Flaps, Opened, Resolved};
    let flapping = Some(Flapping { reopenings: 1, window_ms: HOUR_MS });
    let sources = [(SOURCE.into(), SourceRule { flapping, ..SourceRule::default() })].into();
    let page = ActionRule { on: vec![Opened, Resolved], ..critical_only() };
    let mut relay = Relay::with_routing(Routing { sources, actions: vec![page, fallback()] });
    for event in [trigger("disk"), resolve("disk"), trigger("disk")] {
        relay.event(event);
        deliver(&mut relay);
    }
    assert!(relay.incident_of(critical("disk")).unmatched, "nobody is told while it flaps");
    relay.wait_ms(HOUR_MS);
    relay.apply(Command::Tick);
    deliver(&mut relay);
    relay.event(resolve("disk"));
    deliver(&mut relay);
    assert_eq!(sent(&relay, "page"), [Opened, Resolved]);
    assert_eq!(sent(&relay, "rest"), [Opened, Resolved, Flaps, Resolved]);
}
