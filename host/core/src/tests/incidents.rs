//! The life of an incident: opened, merged into, acknowledged, resolved, opened again.

use super::relay::{HOUR_MS, Relay, SOURCE, action, event, labels, resolve, trigger};
use crate::command::{Command, Decoding};
use crate::delivery::ChangeKind;
use crate::event::{Event, EventChange, Link, Severity};
use crate::id::IncidentId;
use crate::incident::IncidentState;
use crate::receipt::ReceiptStatus;
use crate::routing::{ActionRule, SourceRule};
use crate::state::{Happening, TimelineItem};
use crate::transition::{IncidentCommand, Transition};

/// The changes in an incident's timeline, oldest first.
fn timeline(relay: &Relay, incident: IncidentId) -> Vec<ChangeKind> {
    let kind = |item: &TimelineItem| match &item.what {
        Happening::Changed(kind, _) => Some(*kind),
        Happening::Late(_) | Happening::Delivery { .. } => None,
    };
    relay.state.timelines[&incident].iter().filter_map(kind).collect()
}

#[test]
fn a_first_trigger_opens_an_incident_with_what_it_says() {
    let mut relay = Relay::new(Vec::new());
    let said =
        Event { severity: Some(Severity::Critical), labels: labels(&[("team", "db")]), ..trigger("disk") };
    let incident = relay.incident_of(said);
    assert_eq!((incident.source.as_str(), incident.key.as_str()), (SOURCE, "disk"));
    assert_eq!((incident.title.as_str(), incident.severity), ("disk is full", Severity::Critical));
    assert_eq!(incident.labels, labels(&[("team", "db")]));
    assert_eq!((incident.state(), incident.count, incident.opened_at), (IncidentState::Open, 1, relay.now));
    assert_eq!(timeline(&relay, incident.id), [ChangeKind::Opened]);
}

#[test]
fn a_trigger_without_severity_has_its_sources_default() {
    assert_eq!(Relay::new(Vec::new()).incident_of(trigger("disk")).severity, Severity::Medium);
}

#[test]
fn a_trigger_that_changes_something_visible_is_merged_and_told() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let opened = relay.incident_of(trigger("disk"));
    relay.wait_ms(HOUR_MS);
    let louder = Event { severity: Some(Severity::High), labels: labels(&[("a", "b")]), ..trigger("disk") };
    let merged = relay.incident_of(louder);
    assert_eq!((merged.id, merged.count, merged.severity), (opened.id, 2, Severity::High));
    assert_eq!((merged.opened_at, merged.updated_at), (opened.opened_at, relay.now));
    let told = relay.state.deliveries_of("chat");
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].change.kind, ChangeKind::Updated);
    assert_eq!(told[1].change.changed, ["severity", "labels", "labels.a"]);
    assert!(told.iter().all(|delivery| delivery.incident == merged), "a delivery has the incident as it is");
}

#[test]
fn a_trigger_that_changes_nothing_visible_is_counted_and_not_told() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let opened = relay.incident_of(trigger("disk"));
    relay.wait_ms(HOUR_MS);
    let link = Link { title: "graph".to_owned(), url: "https://example.org/".to_owned() };
    let merged = relay.incident_of(Event { links: vec![link], ..trigger("disk") });
    assert_eq!((merged.id, merged.count, merged.links.len()), (opened.id, 2, 1));
    assert_eq!(merged.updated_at, opened.updated_at);
    assert_eq!(relay.state.deliveries.len(), 1);
    assert_eq!(timeline(&relay, opened.id), [ChangeKind::Opened]);
}

/// An empty title was once replaced by the key before anybody asked whether the incident had a better one.
#[test]
fn a_trigger_without_a_title_keeps_the_title_that_is_there() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.incident_of(trigger("disk"));
    let untitled = Event { title: String::new(), ..trigger("disk") }.bounded().expect("it has a key");
    let merged = relay.incident_of(untitled);
    assert_eq!(merged.title, "disk is full");
    assert_eq!(relay.state.deliveries.len(), 1);
}

#[test]
fn an_incident_that_was_opened_without_a_title_is_called_by_its_key() {
    let untitled = Event { title: String::new(), ..trigger("disk\n/var") }.bounded().expect("it has a key");
    assert_eq!(Relay::new(Vec::new()).incident_of(untitled).title, "disk /var");
}

#[test]
fn the_first_delivery_of_an_incident_does_not_repeat_its_message_and_later_ones_do() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let said = |message: &str| Event { message: message.to_owned(), ..trigger("disk") };
    relay.event(said("90 %"));
    relay.event(said("95 %"));
    let told = relay.state.deliveries_of("chat");
    assert_eq!(told[0].change.text, "");
    assert_eq!(told[1].change.text, "95 %");
}

#[test]
fn a_trigger_within_the_window_reopens_the_same_incident() {
    let mut relay = Relay::new(Vec::new());
    let opened = relay.incident_of(trigger("disk"));
    relay.event(event(EventChange::Acknowledge, "disk"));
    let resolved = relay.incident_of(resolve("disk"));
    assert_eq!((resolved.state(), resolved.resolved_at()), (IncidentState::Resolved, Some(relay.now)));
    relay.wait_ms(HOUR_MS);
    let reopened = relay.incident_of(trigger("disk"));
    assert_eq!((reopened.id, reopened.number, reopened.count), (opened.id, opened.number, 2));
    assert_eq!(reopened.state(), IncidentState::Open);
    assert_eq!((reopened.acknowledged_at(), reopened.resolved_at()), (None, None));
    use ChangeKind::{Acknowledged, Opened, Reopened, Resolved};
    assert_eq!(timeline(&relay, opened.id), [Opened, Acknowledged, Resolved, Reopened]);
}

#[test]
fn a_trigger_after_the_window_opens_a_new_incident_and_leaves_the_old_one() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.incident_of(trigger("disk"));
    let resolved = relay.incident_of(resolve("disk"));
    relay.wait_ms(HOUR_MS + 1);
    let second = relay.incident_of(trigger("disk"));
    assert_ne!(second.id, first.id);
    assert_eq!((second.number, second.count), (2, 1));
    assert_eq!(relay.state.incidents[&first.id], resolved);
}

#[test]
fn numbers_count_up_without_gaps_whatever_happens_between() {
    let mut relay = Relay::new(Vec::new());
    for (key, number) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(relay.incident_of(trigger(key)).number, number);
        relay.event(trigger(key));
        relay.event(resolve("nobody knows it"));
        relay.request(SOURCE, &["same"], Decoding::Refused("no".to_owned()));
        let duplicate = Decoding::Events(vec![trigger(&format!("{key} again"))]);
        if key == "a" {
            relay.request(SOURCE, &["b", "c"], Decoding::Events(Vec::new()));
        } else {
            relay.request(SOURCE, &[key], duplicate);
        }
    }
}

#[test]
fn an_event_about_no_incident_opens_nothing_and_is_remembered_with_its_receipt() {
    for change in [EventChange::Resolve, EventChange::Note] {
        let mut relay = Relay::new(vec![action("chat", "slack")]);
        let receipt = relay.event(event(change, "disk"));
        assert_eq!((&receipt.status, receipt.outcome()), (&ReceiptStatus::Applied, "nothing"));
        assert_eq!((receipt.effects[0].transition, receipt.effects[0].incident), (Transition::Orphan, None));
        assert!(relay.state.incidents.is_empty());
        assert!(relay.state.keys.is_empty());
        assert!(relay.state.deliveries.is_empty());
    }
}

/// The first message of a status page is often "investigating", and a restarted sender may begin in the middle.
#[test]
fn an_acknowledgement_of_an_unknown_incident_opens_and_acknowledges_it() {
    let on = |name: &str, kind| ActionRule { on: vec![kind], ..action(name, name) };
    let actions = vec![on("opened", ChangeKind::Opened), on("acknowledged", ChangeKind::Acknowledged)];
    let mut relay = Relay::new(actions);
    let said = Event {
        title: "Checkout is slow".to_owned(),
        message: "We are looking into it.".to_owned(),
        actor: Some("Ada".to_owned()),
        aliases: vec!["c-1".to_owned()],
        ..event(EventChange::Acknowledge, "checkout")
    };
    let receipt = relay.event(said);
    assert_eq!(receipt.effects[0].transition, Transition::OpenAcknowledged);
    assert_eq!(receipt.outcome(), "applied");
    let incident = relay.state.incidents.values().next().expect("an incident").clone();
    assert_eq!(receipt.effects[0].incident, Some((incident.id, 1)));
    assert_eq!((incident.state(), incident.count), (IncidentState::Acknowledged, 1));
    assert_eq!(
        (incident.title.as_str(), incident.message.as_str()),
        ("Checkout is slow", "We are looking into it.")
    );
    assert_eq!(
        (incident.severity, incident.acknowledged_at()),
        (SourceRule::default().default_severity, Some(relay.now))
    );
    let timeline: Vec<_> = relay.state.timelines[&incident.id].iter().map(|item| item.what.clone()).collect();
    let changed = |kind| Happening::Changed(kind, Vec::new());
    assert_eq!(timeline, [changed(ChangeKind::Opened), changed(ChangeKind::Acknowledged)]);
    for name in ["opened", "acknowledged"] {
        let [delivery] = relay.state.deliveries_of(name)[..] else { panic!("one delivery of {name}") };
        assert_eq!(delivery.change.kind.as_str(), name);
        assert_eq!(delivery.change.actor.as_deref(), Some("Ada"));
    }
    assert_eq!(relay.state.find_in(&SOURCE.into(), "c-1"), Some(incident.id));
    assert_eq!(relay.incident_of(resolve("checkout")).state(), IncidentState::Resolved);
    let again = relay.event(event(EventChange::Acknowledge, "checkout"));
    assert_eq!((again.effects[0].transition, again.outcome()), (Transition::Nothing, "nothing"));
}

#[test]
fn the_same_key_of_another_source_is_another_incident() {
    let mut relay = Relay::new(Vec::new());
    relay.request("a", &[], Decoding::Events(vec![trigger("bc")]));
    relay.request("ab", &[], Decoding::Events(vec![trigger("c")]));
    relay.request("b", &[], Decoding::Events(vec![trigger("bc")]));
    assert_eq!(relay.state.incidents.len(), 3);
}

#[test]
fn the_events_of_a_request_are_applied_in_their_order() {
    let mut relay = Relay::new(Vec::new());
    let events = vec![trigger("a"), resolve("a"), trigger("a"), trigger("b")];
    let receipt = relay.request(SOURCE, &[], Decoding::Events(events));
    let done: Vec<_> = receipt.effects.iter().map(|effect| (effect.transition, effect.incident)).collect();
    let (a, b) = (done[0].1, done[3].1);
    assert_ne!(a, b);
    use Transition::{Open, Reopen, Resolve};
    assert_eq!(done, [(Open, a), (Resolve, a), (Reopen, a), (Open, b)]);
}

#[test]
fn an_operator_acknowledges_hands_back_notes_and_resolves() {
    let mut relay = Relay::new(Vec::new());
    let id = relay.incident_of(trigger("disk")).id;
    relay.wait_ms(1000);
    let acknowledged = relay.command(id, IncidentCommand::Acknowledge);
    assert_eq!(acknowledged.state(), IncidentState::Acknowledged);
    assert_eq!(acknowledged.acknowledged_at(), Some(relay.now));
    let handed_back = relay.command(id, IncidentCommand::Unacknowledge);
    assert_eq!((handed_back.state(), handed_back.acknowledged_at()), (IncidentState::Open, None));
    relay.command(id, IncidentCommand::Note);
    let resolved = relay.command(id, IncidentCommand::Resolve);
    assert_eq!((resolved.state(), resolved.resolved_at()), (IncidentState::Resolved, Some(relay.now)));
    use ChangeKind::{Acknowledged, Noted, Opened, Resolved, Unacknowledged};
    assert_eq!(timeline(&relay, id), [Opened, Acknowledged, Unacknowledged, Noted, Resolved]);
}

#[test]
fn a_command_for_what_is_already_so_leaves_no_trace() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    let id = relay.incident_of(trigger("disk")).id;
    let before = relay.state.clone();
    relay.wait_ms(1000);
    relay.command(id, IncidentCommand::Unacknowledge);
    assert_eq!(relay.state, before);
}

#[test]
fn what_is_said_with_a_command_for_what_is_already_so_is_noted() {
    let mut relay = Relay::new(Vec::new());
    let id = relay.incident_of(trigger("disk")).id;
    relay.command(id, IncidentCommand::Acknowledge);
    let text = "swap the disk".to_owned();
    let (actor, command) = ("Bob".to_owned(), IncidentCommand::Acknowledge);
    relay.apply(Command::Operate { incident: id, command, actor, text });
    use ChangeKind::{Acknowledged, Noted, Opened};
    assert_eq!(timeline(&relay, id), [Opened, Acknowledged, Noted]);
    assert_eq!(relay.state.incidents[&id].state(), IncidentState::Acknowledged);
}
