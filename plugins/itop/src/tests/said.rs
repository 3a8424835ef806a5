//! What people say about an incident reaches its ticket.

use super::world::World;
use super::*;

#[test]
fn what_an_acknowledgement_says_is_in_the_log_of_the_assigned_ticket() {
    let mut world = World::new(&[]);
    world.outcome(0);
    let said = world.says(ChangeKind::Acknowledged, "I am swapping disk 3");
    assert_eq!(said, "R-000001: assigned, wrote to the case log");
    assert_eq!(world.peer.status(), "assigned");
    let entry = "<p>Acknowledged at 2026-01-02 03:04 UTC by Jane</p><p>I am swapping disk 3</p>";
    assert!(world.log().contains(entry), "{}", world.log());
    assert_eq!(world.peer.operations(), ["create", "ev_assign", "update"]);
}

#[test]
fn an_acknowledgement_that_only_repeats_the_message_is_no_entry() {
    let mut world = World::new(&[]);
    world.outcome(0);
    let message = world.context.incident.message.clone();
    assert_eq!(world.says(ChangeKind::Acknowledged, &message), "R-000001: assigned");
    assert_eq!(world.peer.operations(), ["create", "ev_assign"]);
}

#[test]
fn a_reopening_writes_how_the_incident_is_now_and_why() {
    for (on_update, title, urgency) in [
        ("log", "Disk full on db-1", "1"),
        ("nothing", "Disk full on db-1", "1"),
        ("update", "Disk dead", "2"),
    ] {
        let mut world = World::new(&[("on_update", on_update)]);
        world.outcome(0);
        world.peer.set_status("resolved");
        world.context.incident.title = "Disk dead".to_owned();
        world.context.incident.severity = Severity::High;
        world.context.incident.message = "no answer from sda".to_owned();
        assert_eq!(world.says(ChangeKind::Reopened, "not over"), "R-000001: reopened, wrote to the case log");
        assert_eq!(world.peer.operations(), ["create", "get", "ev_reopen", "update"]);
        let log = world.log();
        for said in ["Reopened at", "by Jane", "not over", "Disk dead (high)<br>no answer from sda"] {
            assert!(log.contains(said), "{said} in {log}");
        }
        let ticket = world.peer.only();
        assert_eq!((&ticket["title"], &ticket["urgency"]), (&title.into(), &urgency.into()), "{on_update}");
    }
}

#[test]
fn what_a_sender_says_of_a_reopening_stands_in_the_log_once() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.peer.set_status("resolved");
    world.context.incident.message = "no answer from sda".to_owned();
    world.says(ChangeKind::Reopened, "no answer from sda");
    assert_eq!(world.log().matches("no answer from sda").count(), 1, "{}", world.log());
}

#[test]
fn a_reopening_with_own_fields_of_an_update_sends_them_as_well() {
    let own = r#"{"title": "own", "private_log": "own"}"#;
    let mut world = World::new(&[("on_update", "update"), ("update_fields", own), ("reopen_stimulus", "")]);
    world.outcome(0);
    assert_eq!(world.says(ChangeKind::Reopened, "not over"), "R-000001: wrote to the case log");
    assert_eq!(world.peer.only()["title"], "own");
    assert!(world.log().contains("not over"), "{}", world.log());
}

#[test]
fn a_change_that_finds_no_ticket_has_its_words_in_the_log_of_the_new_one() {
    for kind in [ChangeKind::Noted, ChangeKind::Unacknowledged, ChangeKind::Reopened, ChangeKind::Flapping] {
        let mut world = World::new(&[]);
        let said = world.says(kind, "swapping disk 3");
        assert_eq!(said, "R-000001: created, wrote to the case log", "{kind:?}");
        assert_eq!(world.peer.operations(), ["get", "create", "update"]);
        let log = world.log();
        assert!(log.contains("by Jane</p><p>swapping disk 3</p>"), "{log}");
        assert!(!log.contains("Disk full"), "the description says how it is: {log}");
        let description = world.peer.only()["description"].to_string();
        assert!(!description.contains("swapping"), "callers read it: {description}");
    }
    let mut world = World::new(&[]);
    let said = world.says(ChangeKind::Acknowledged, "on it");
    assert_eq!(said, "R-000001: created, assigned, wrote to the case log");
    assert_eq!(world.peer.operations(), ["get", "create", "ev_assign", "update"]);
}

#[test]
fn a_change_that_says_no_more_than_the_new_ticket_makes_no_entry() {
    let message = World::new(&[]).context.incident.message;
    for (more, kind, text) in [
        (&[][..], ChangeKind::Noted, ""),
        (&[], ChangeKind::Reopened, message.as_str()),
        (&[("message", "our own words: swapping disk 3")], ChangeKind::Noted, "swapping disk 3"),
        (&[("on_update", "nothing")], ChangeKind::Updated, "worse"),
    ] {
        let mut world = World::new(more);
        assert_eq!(world.says(kind, text), "created UserRequest R-000001", "{kind:?} {text}");
        assert_eq!(world.peer.operations(), ["get", "create"]);
    }
}

#[test]
fn words_are_not_lost_with_the_answer_to_a_create() {
    let mut world = World::new(&[]);
    world.change(ChangeKind::Noted, "swapping disk 3");
    assert!(world.outcome(2).starts_with("retry"));
    assert_eq!(world.again(0), "R-000001: wrote to the case log");
    assert_eq!(world.log().matches("swapping disk 3").count(), 1);
    assert_eq!(world.peer.tickets.len(), 1);
}
