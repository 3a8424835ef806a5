//! What operators put right: an incident that is not over after all, a title, a severity.

use super::relay::{HOUR_MS, MINUTE_MS, Relay, action, commanded, event, resolve, trigger};
use crate::command::Command;
use crate::decide::Rejection;
use crate::delivery::ChangeKind;
use crate::event::{EventChange, Severity};
use crate::id::{Id, IncidentId};
use crate::incident::{Incident, IncidentState};
use crate::state::Happening;
use crate::transition::IncidentCommand;

fn relay() -> Relay {
    Relay::new(vec![action("chat", "slack")])
}

fn modified(incident: IncidentId, title: Option<&str>, severity: Option<Severity>, text: &str) -> Command {
    let title = title.map(str::to_owned);
    Command::Modify { incident, title, severity, actor: "Ada".to_owned(), text: text.to_owned() }
}

fn modify(relay: &mut Relay, command: Command) -> Incident {
    relay.apply(command).incident.expect("a correction answers with its incident")
}

/// The latest line of an incident's timeline: what changed, which fields, and what was said.
fn last_line(relay: &Relay, incident: IncidentId) -> (ChangeKind, Vec<String>, String) {
    let item = relay.state.timelines[&incident].last().expect("it has a timeline");
    match &item.what {
        Happening::Changed(kind, changed) => (*kind, changed.clone(), item.text.to_string()),
        other => panic!("expected a change, found {other:?}"),
    }
}

#[test]
fn an_operator_reopens_a_resolved_incident() {
    let mut relay = relay();
    let opened = relay.incident_of(trigger("disk"));
    relay.command(opened.id, IncidentCommand::Acknowledge);
    relay.event(resolve("disk"));
    relay.wait_ms(100 * HOUR_MS);
    let reopened = relay.command(opened.id, IncidentCommand::Reopen);
    assert_eq!((reopened.id, reopened.state()), (opened.id, IncidentState::Open));
    assert_eq!((reopened.acknowledged_at(), reopened.resolved_at()), (None, None));
    assert_eq!((reopened.opened_at, reopened.open_since), (opened.opened_at, relay.now));
    assert!(reopened.reopened.is_empty(), "it is not a sign of flapping");
    assert_eq!(last_line(&relay, opened.id).0, ChangeKind::Reopened);
    let told = relay.state.deliveries_of("chat");
    assert_eq!(told.last().map(|delivery| delivery.change.kind), Some(ChangeKind::Reopened));
    assert_eq!(relay.incident_of(trigger("disk")).id, opened.id, "its key leads to it");
}

#[test]
fn reopening_what_is_not_resolved_does_nothing() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    for command in [IncidentCommand::Note, IncidentCommand::Acknowledge] {
        relay.command(id, command);
        let before = relay.state.clone();
        relay.wait_ms(MINUTE_MS);
        let incident = relay.command(id, IncidentCommand::Reopen);
        assert_eq!(incident, before.incidents[&id]);
        assert_eq!(relay.state, before);
    }
}

#[test]
fn an_incident_whose_place_another_took_is_not_reopened_until_that_is_resolved() {
    let mut relay = relay();
    let first = relay.incident_of(trigger("disk")).id;
    relay.event(resolve("disk"));
    relay.wait_ms(2 * HOUR_MS);
    let second = relay.incident_of(trigger("disk")).id;
    assert_ne!(second, first);
    let before = relay.state.clone();
    let rejection = relay.try_apply(commanded(first, IncidentCommand::Reopen)).expect_err("there is another");
    assert_eq!(rejection, Rejection::Succeeded { number: 1, other: 2 });
    let words = "incident #1 cannot be reopened: #2 took its place and is not resolved";
    assert_eq!(rejection.to_string(), words);
    assert_eq!(relay.state, before);
    relay.command(second, IncidentCommand::Resolve);
    relay.command(first, IncidentCommand::Reopen);
    assert_eq!(relay.state.find_in(&super::relay::SOURCE.into(), "disk"), Some(first));
    assert_eq!(relay.incident_of(event(EventChange::Acknowledge, "disk")).id, first);
}

#[test]
fn an_operator_corrects_title_and_severity() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    relay.wait_ms(MINUTE_MS);
    let fact = modified(id, Some("  the disk\nof db-1 "), Some(Severity::Critical), "it is the database's");
    let incident = modify(&mut relay, fact);
    assert_eq!((incident.title.as_str(), incident.severity), ("the disk of db-1", Severity::Critical));
    assert_eq!(incident.updated_at, relay.now);
    assert_eq!(relay.state.incidents[&id], incident);
    let changed = vec!["title".to_owned(), "severity".to_owned()];
    let line = (ChangeKind::Updated, changed.clone(), "it is the database's".to_owned());
    assert_eq!(last_line(&relay, id), line);
    let told = relay.state.deliveries_of("chat").last().map(|delivery| delivery.change.clone());
    let told = told.expect("it is told");
    assert_eq!((told.kind, told.actor.as_deref(), told.changed), (ChangeKind::Updated, Some("Ada"), changed));
}

#[test]
fn a_correction_names_only_what_differs() {
    let mut relay = relay();
    let incident = relay.incident_of(trigger("disk"));
    let fact = modified(incident.id, Some(&incident.title), Some(Severity::Low), "");
    assert_eq!(modify(&mut relay, fact).severity, Severity::Low);
    assert_eq!(last_line(&relay, incident.id).1, ["severity"]);
}

#[test]
fn a_correction_that_corrects_nothing_is_a_note_or_nothing_at_all() {
    let mut relay = relay();
    let incident = relay.incident_of(trigger("disk"));
    let before = relay.state.clone();
    let same = |text| modified(incident.id, Some(&incident.title), Some(incident.severity), text);
    assert_eq!(modify(&mut relay, same(" ")), incident);
    modify(&mut relay, modified(incident.id, None, None, ""));
    assert_eq!(relay.state, before);
    modify(&mut relay, same("it is right as it is"));
    let line = (ChangeKind::Noted, Vec::new(), "it is right as it is".to_owned());
    assert_eq!(last_line(&relay, incident.id), line);
}

#[test]
fn a_title_without_anything_in_it_is_rejected() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    for title in ["", " \n\t\u{2028} "] {
        let before = relay.state.clone();
        let command = modified(id, Some(title), Some(Severity::Info), "why");
        let rejection = relay.try_apply(command).expect_err("there is no title in it");
        assert_eq!(rejection.to_string(), "the new title of incident #1 is empty");
        assert_eq!(relay.state, before);
    }
}

#[test]
fn a_title_is_cut_as_an_events_is() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    let incident = modify(&mut relay, modified(id, Some(&"x".repeat(5000)), None, ""));
    assert_eq!(incident.title.chars().count(), crate::event::TITLE_CHARS_MAX);
    assert!(incident.title.ends_with('…'));
}

#[test]
fn a_correction_works_in_every_state_and_leaves_it() {
    for commands in [vec![], vec![IncidentCommand::Acknowledge], vec![IncidentCommand::Resolve]] {
        let mut relay = relay();
        let id = relay.incident_of(trigger("disk")).id;
        for command in commands {
            relay.command(id, command);
        }
        let before = relay.state.incidents[&id].clone();
        let after = modify(&mut relay, modified(id, Some("better"), None, ""));
        assert_eq!(after.state(), before.state());
        assert_eq!((after.title.as_str(), after.resolved_at()), ("better", before.resolved_at()));
    }
}

#[test]
fn a_correction_of_what_is_not_there_is_rejected() {
    let mut relay = relay();
    let nobody = Id::from_bytes([7; 16]);
    let rejection = relay.try_apply(modified(nobody, Some("better"), None, ""));
    assert_eq!(rejection, Err(Rejection::NoIncident(nobody)));
}
