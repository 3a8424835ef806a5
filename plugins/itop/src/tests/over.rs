//! An incident that was over before it could be sent, one that is back after its ticket ended, and tickets of our own.

use tocsin_plugin::{Label, Link};

use super::world::World;
use super::*;

#[test]
fn a_resolution_without_a_ticket_makes_one_with_the_whole_story_and_resolves_it() {
    let mut world = World::new(&[("acknowledge_fields", r#"{"team_id": 15}"#)]);
    world.change(ChangeKind::Resolved, "the disk was swapped");
    let opened = world.context.incident.open_since;
    world.context.incident.resolved_at =
        Some(Timestamp::from_micros(opened.as_micros() + 14 * 60 * 1_000_000));
    assert_eq!(world.outcome(0), "R-000001: created, resolved");
    assert_eq!(world.peer.operations(), ["get", "create", "ev_assign", "ev_resolve"]);
    let ticket = world.peer.only();
    assert_eq!(ticket["status"], "resolved");
    let description = ticket["description"].to_string();
    let story = "Opened at 2026-01-02 03:04 UTC, resolved at 2026-01-02 03:18 UTC after 14 minutes.";
    assert!(description.contains(story) && description.contains("/var is at 97 %"), "{description}");
    assert!(ticket["solution"].to_string().contains("the disk was swapped"));
    assert!(Itop::action_info().records, "the relay sends it such an incident");
}

#[test]
fn a_record_whose_answer_is_lost_is_one_ticket_that_is_resolved() {
    let mut world = World::new(&[]);
    world.change(ChangeKind::Resolved, "");
    world.context.incident.resolved_at = Some(world.context.incident.open_since);
    assert!(world.outcome(2).starts_with("retry"));
    world.after(60_000);
    assert_eq!(world.again(0), "R-000001: resolved");
    assert_eq!((world.peer.tickets.len(), world.peer.status()), (1, "resolved"));
}

#[test]
fn a_closed_or_deleted_ticket_of_an_incident_that_is_back_gets_a_new_one() {
    for deleted in [false, true] {
        let mut world = World::new(&[]);
        world.outcome(0);
        if deleted {
            world.peer.tickets.clear();
            world.peer.tickets.insert(1_000, serde_json::Map::from_iter([("id".to_owned(), "1000".into())]));
        } else {
            world.peer.set_status("closed");
        }
        let said = world.says(ChangeKind::Reopened, "no answer");
        assert!(
            said.contains("created in place of R-000001, wrote to the case log (the old ticket is "),
            "{said}"
        );
        let ticket = world.context.reference("ticket").expect("it is kept").value.clone();
        assert_eq!(ticket, if deleted { "1001" } else { "2" });
        let new = world.peer.tickets.values().last().expect("it is there");
        assert!(new["description"].to_string().contains("This ticket takes the place of R-000001."));
        assert!(new["private_log"].to_string().contains("no answer"));
        assert!(world.says(ChangeKind::Resolved, "").ends_with(": resolved"));
    }
}

#[test]
fn a_replacement_whose_answer_is_lost_is_made_once() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.peer.set_status("closed");
    world.change(ChangeKind::Reopened, "");
    assert!(world.outcome(2).starts_with("retry"));
    let said = world.again(0);
    assert!(said.contains("R-000002: "), "{said}");
    assert_eq!(world.peer.tickets.len(), 2);
}

#[test]
fn a_ticket_that_tocsin_made_gets_no_ticket_in_another_itop() {
    let mark = "Disk full\n\nTocsin incident 01KZZZZZZZ00000000000000AA";
    let page = "https://berlin.example/pages/UI.php?operation=details&class=Incident&id=9";
    let of = |own: &str| {
        let mut world = World::new(&[("skip_own_tickets", own)]);
        world.context.incident.message = mark.to_owned();
        world.context.incident.links = vec![Link { title: "I-9".to_owned(), url: page.to_owned() }];
        world
    };
    assert!(of("true").outcome(0).starts_with("skipped: the incident comes from a ticket of iTop"));
    assert!(of("false").outcome(0).starts_with("created"));
    let mut alert = World::new(&[]);
    alert.context.incident.message = mark.to_owned();
    assert!(alert.outcome(0).starts_with("created"), "an alert that quotes the mark is no ticket");
    alert.context.incident.labels.push(Label { key: "ref".to_owned(), value: "I-9".to_owned() });
    alert.context.incident.labels.push(Label { key: "class".to_owned(), value: "Incident".to_owned() });
    alert.context.references.clear();
    assert!(alert.outcome(0).starts_with("skipped: "));
}

#[test]
fn durations_are_read_by_their_two_largest_units() {
    let at = Timestamp::from_seconds;
    for (seconds, words) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute"),
        (14 * 60 + 59, "14 minutes"),
        (3_600, "1 hour"),
        (2 * 3_600 + 300, "2 hours 5 minutes"),
        (86_400 * 2 + 3_600, "2 days 1 hour"),
    ] {
        assert_eq!(when::lasted(at(0), at(seconds)), words);
    }
}
