//! Whole lives of incidents and their tickets.

use tocsin_plugin::Label;

use super::world::World;
use super::*;

#[test]
fn a_ticket_follows_its_incident_through_its_life() {
    let mut world =
        World::new(&[("acknowledge_fields", r#"{"team_id": {"name": "Storage"}, "agent_id": 9}"#)]);
    assert_eq!(world.says(ChangeKind::Opened, ""), "created UserRequest R-000001");
    assert_eq!(world.peer.operations(), ["create"]);
    assert_eq!(world.peer.only()["org_id"], serde_json::json!({"name": "Demo"}));
    assert_eq!(world.context.incident.label("itop_ref"), Some("R-000001"));
    let reference = world.context.reference("ticket").expect("it is kept");
    let page = "https://itop.example.com/pages/UI.php?operation=details&class=UserRequest&id=1";
    assert_eq!((reference.value.as_str(), reference.url.as_deref()), ("1", Some(page)));

    assert_eq!(world.says(ChangeKind::Acknowledged, ""), "R-000001: assigned");
    assert_eq!((world.peer.status(), &world.peer.only()["agent_id"]), ("assigned", &serde_json::json!(9)));
    assert_eq!(world.says(ChangeKind::Noted, "swapped <the> disk"), "R-000001: wrote to the case log");
    assert!(world.log().contains("Note at 2026-01-02 03:04 UTC by Jane"), "{}", world.log());
    assert!(world.log().contains("swapped &lt;the&gt; disk"), "{}", world.log());

    assert_eq!(world.says(ChangeKind::Resolved, "disk swapped"), "R-000001: resolved");
    assert_eq!(world.peer.status(), "resolved");
    assert!(world.peer.only()["solution"].as_str().is_some_and(|text| text.contains("<br>disk swapped")));
    assert_eq!(world.says(ChangeKind::Reopened, ""), "R-000001: reopened, wrote to the case log");
    assert_eq!(world.peer.status(), "assigned");
    assert_eq!(world.says(ChangeKind::Resolved, ""), "R-000001: resolved");
    let all = [
        "create",
        "get",
        "ev_assign",
        "update",
        "get",
        "ev_resolve",
        "get",
        "ev_reopen",
        "update",
        "get",
        "ev_resolve",
    ];
    assert_eq!(world.peer.operations(), all);
}

#[test]
fn a_later_change_without_a_kept_number_finds_or_makes_the_ticket() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.context.references.clear();
    assert_eq!(world.says(ChangeKind::Noted, "hello"), "R-000001: wrote to the case log");
    assert_eq!(world.peer.operations(), ["create", "get", "update"]);

    let mut late = World::new(&[]);
    assert_eq!(late.says(ChangeKind::Acknowledged, ""), "R-000001: created, assigned");
    assert_eq!(late.peer.operations(), ["get", "create", "ev_assign"]);

    let mut over = World::new(&[]);
    over.change(ChangeKind::Noted, "late");
    over.context.incident.state = State::Resolved;
    assert!(over.outcome(0).starts_with("skipped: iTop has no ticket"));
    assert_eq!(over.peer.tickets.len(), 0);
}

#[test]
fn a_resolution_goes_the_way_of_the_life_cycle() {
    for (status, stimuli) in [
        ("new", &["ev_assign", "ev_resolve"][..]),
        ("pending", &["ev_assign", "ev_resolve"]),
        ("assigned", &["ev_resolve"]),
    ] {
        let mut world = World::new(&[]);
        world.outcome(0);
        world.peer.set_status(status);
        assert_eq!(world.says(ChangeKind::Resolved, ""), "R-000001: resolved", "{status}");
        assert_eq!(world.peer.operations()[2..], *stimuli, "{status}");
        assert_eq!(world.peer.status(), "resolved");
    }
    for status in ["resolved", "closed"] {
        let mut world = World::new(&[]);
        world.outcome(0);
        world.peer.set_status(status);
        assert_eq!(world.says(ChangeKind::Resolved, ""), format!("R-000001: is {status} already"));
        assert_eq!(world.peer.operations(), ["create", "get"]);
    }
}

#[test]
fn a_refused_resolution_falls_back_as_configured() {
    for refused in ["silent", "lacking"] {
        for (fallback, says, status, last) in [
            ("log", "R-000001: not resolved, wrote to the case log (ev_resolve:", "assigned", "update"),
            ("update_status", "R-000001: updated (ev_resolve:", "resolved", "update"),
            ("autoresolve", "R-000001: resolved (ev_resolve:", "resolved", "ev_autoresolve"),
            ("fail", "rejected: R-000001: not resolved: ev_resolve:", "assigned", "ev_resolve"),
        ] {
            let mut world = World::new(&[("resolve_fallback", fallback)]);
            world.outcome(0);
            let list = if refused == "silent" { &mut world.peer.silent } else { &mut world.peer.lacking };
            list.push("ev_resolve");
            let said = world.says(ChangeKind::Resolved, "it is over");
            assert!(said.starts_with(says), "{fallback}: {said}");
            assert_eq!(world.peer.status(), status, "{fallback}");
            assert_eq!(world.peer.operations().last().map(String::as_str), Some(last), "{fallback}");
        }
    }
}

#[test]
fn a_missing_field_of_a_resolution_falls_back_too() {
    let mut world = World::new(&[("resolve_fields", r#"{"solution": null}"#)]);
    world.outcome(0);
    let said = world.says(ChangeKind::Resolved, "");
    assert!(
        said.contains("Missing mandatory attribute(s)") && said.contains("wrote to the case log"),
        "{said}"
    );
    let mut world =
        World::new(&[("resolve_fields", r#"{"solution": null}"#), ("resolve_fallback", "autoresolve")]);
    world.outcome(0);
    let said = world.says(ChangeKind::Resolved, "");
    assert!(
        said.starts_with("rejected: R-000001: not resolved") && said.contains("ev_autoresolve"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_assigned_or_reopened_is_written_to_the_log() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.peer.set_status("assigned");
    let said = world.says(ChangeKind::Acknowledged, "");
    assert!(said.starts_with("R-000001: wrote to the case log (ev_assign: Invalid stimulus"), "{said}");
    assert!(world.log().contains("Acknowledged at"), "{}", world.log());
    world.peer.set_status("pending");
    world.settings = following(&[("closed_states", "")]);
    world.peer.set_status("closed");
    world.peer.lacking.push("ev_reopen");
    assert!(world.says(ChangeKind::Reopened, "").contains("wrote to the case log"));
    assert!(world.log().contains("Reopened at"), "{}", world.log());
}

#[test]
fn an_update_is_logged_written_or_passed_over() {
    for (on_update, says) in [
        ("log", "R-000001: wrote to the case log"),
        ("update", "R-000001: updated"),
        ("nothing", "skipped: R-000001: `on_update` is nothing"),
    ] {
        let mut world = World::new(&[("on_update", on_update)]);
        world.outcome(0);
        world.context.incident.title = "Disk fuller".to_owned();
        world.context.incident.severity = Severity::Low;
        assert_eq!(world.says(ChangeKind::Updated, ""), says);
        if on_update == "update" {
            let ticket = world.peer.only();
            assert_eq!((&ticket["title"], &ticket["urgency"]), (&"Disk fuller".into(), &"4".into()));
        }
    }
}

#[test]
fn a_ticket_that_people_deleted_is_said_to_be_gone() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.peer.tickets.clear();
    assert!(
        world
            .says(ChangeKind::Resolved, "")
            .starts_with("rejected: R-000001 (UserRequest::1) is not in iTop")
    );
    assert!(world.says(ChangeKind::Noted, "").starts_with("rejected: iTop answered code 100"));
}

#[test]
fn a_class_that_changes_with_the_incident_stays_that_of_the_ticket() {
    let mut world = World::new(&[("class", "Incident")]);
    world.outcome(0);
    world.settings = following(&[("class", "UserRequest")]);
    world.says(ChangeKind::Noted, "");
    assert_eq!(world.peer.requests[1]["class"], "Incident");
}

#[test]
fn hostile_text_stays_text_in_the_ticket() {
    let mut world = World::new(&[]);
    world.context.incident.title = format!("<script>alert('x')</script> \"{}", "t".repeat(300));
    world.context.incident.message = "a \"b\" 'c'\n<script>alert(1)</script>".to_owned();
    world.context.incident.labels =
        vec![Label { key: "<b>".to_owned(), value: "</p><img src=x onerror=y>".to_owned() }];
    assert_eq!(world.outcome(0), "created UserRequest R-000001");
    let ticket = world.peer.only();
    let description = ticket["description"].as_str().expect("a text");
    assert!(description.contains("a &quot;b&quot; &#039;c&#039;<br>&lt;script&gt;"), "{description}");
    for tag in ["<script", "<img", "<b>"] {
        assert!(!description.contains(tag), "{tag} in {description}");
    }
    let title = ticket["title"].as_str().expect("a text");
    assert_eq!(title.chars().count(), 255);
    assert!(title.starts_with("<script>") && title.ends_with('…'), "a title is plain text in iTop: {title}");
}
