//! What people did in a ticket stays, and what iTop does not take is left out.

use serde_json::json;
use tocsin_plugin::Zone;

use super::world::World;
use super::*;

#[test]
fn a_refused_origin_is_left_out_and_the_receipt_says_so() {
    for words in ["Unexpected value for attribute 'Origin'", "Unexpected value for attribute 'Herkunft'"] {
        let mut world = World::new(&[]);
        world.peer.refused = vec![("origin", words)];
        let said = world.outcome(0);
        assert_eq!(said, format!("created UserRequest R-000001 (without `origin`: Error: {words})"));
        assert_eq!(world.peer.operations(), ["create", "create"]);
        assert!(world.peer.only().get("origin").is_none());

        let mut single = World::new(&[("operation", "create")]);
        single.peer.refused = vec![("origin", words)];
        assert!(single.outcome(0).contains("without `origin`"));
    }
}

#[test]
fn what_the_operator_asked_for_is_never_left_out() {
    let mut world = World::new(&[("fields", r#"{"origin": "carrier pigeon"}"#)]);
    world.peer.refused = vec![("origin", "Unexpected value for attribute 'Origin'")];
    assert!(world.outcome(0).starts_with("rejected: iTop answered code 100"));
    // One that cannot be told from the standard ones is tried once.
    let mut other = World::new(&[("fields", r#"{"tier": "x"}"#)]);
    other.peer.refused = vec![("tier", "Unexpected value for attribute 'Tier'")];
    assert!(other.outcome(0).starts_with("rejected: iTop answered code 100"));
    assert_eq!(other.peer.operations(), ["create", "create"]);
}

#[test]
fn a_resolution_overwrites_no_assignment_and_no_field_that_a_person_set() {
    let mut world = World::new(&[
        ("acknowledge_fields", r#"{"team_id": 15, "agent_id": 9}"#),
        ("resolve_fields", r#"{"service_id": 4, "resolution_code": "other"}"#),
    ]);
    world.outcome(0);
    let ticket = world.peer.tickets.get_mut(&1).expect("it is there");
    for (field, value) in [("status", "pending"), ("agent_id", "77"), ("resolution_code", "assistance")] {
        ticket.insert(field.to_owned(), value.into());
    }
    ticket.insert("solution".to_owned(), "<p>Rebooted by hand</p>".into());
    let said = world.says(ChangeKind::Resolved, "the check is green");
    assert_eq!(said, "R-000001: resolved, wrote to the case log");
    let ticket = world.peer.only();
    assert_eq!(ticket["agent_id"], "77", "the present agent stays");
    assert_eq!(ticket["team_id"], 15, "what was empty is filled");
    assert_eq!(ticket["solution"], "<p>Rebooted by hand</p>");
    assert_eq!((&ticket["service_id"], &ticket["resolution_code"]), (&json!(4), &json!("other")));
    assert!(world.log().contains("the check is green"), "{}", world.log());
    assert_eq!(world.peer.operations(), ["create", "get", "ev_assign", "ev_resolve", "update"]);
    assert_eq!(world.peer.requests[2]["fields"], json!({"team_id": 15}));
}

#[test]
fn a_pending_ticket_is_assigned_without_fields_when_it_has_its_people() {
    let mut world = World::new(&[("acknowledge_fields", r#"{"team_id": 15, "agent_id": 9}"#)]);
    world.outcome(0);
    let ticket = world.peer.tickets.get_mut(&1).expect("it is there");
    for (field, value) in [("status", "pending"), ("agent_id", "77"), ("team_id", "7")] {
        ticket.insert(field.to_owned(), value.into());
    }
    assert_eq!(world.says(ChangeKind::Acknowledged, ""), "R-000001: assigned");
    assert_eq!(world.peer.requests[2]["fields"], json!({}));
    assert_eq!(world.peer.only()["agent_id"], "77");
}

#[test]
fn the_solution_of_an_earlier_resolution_is_ours_to_replace() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.says(ChangeKind::Resolved, "first");
    world.says(ChangeKind::Reopened, "");
    assert_eq!(world.says(ChangeKind::Resolved, "second"), "R-000001: resolved");
    assert!(world.peer.only()["solution"].to_string().contains("second"));
}

#[test]
fn an_empty_criterion_leaves_its_field_out() {
    let fields = r#"{"service_id": {"name": ""}, "team_id": {"name": "Storage", "org_name": " "}, "caller_id": {"email": "a@b.example"},
        "contacts_list": [{"contact_id": {"name": ""}}, {"contact_id": {"name": "Jane"}}], "site": ""}"#;
    let mut world = World::new(&[("fields", fields)]);
    world.outcome(0);
    let sent = &world.peer.requests[0]["fields"];
    assert!(sent.get("service_id").is_none() && sent.get("team_id").is_none(), "{sent}");
    assert_eq!(sent["caller_id"], json!({"email": "a@b.example"}));
    assert_eq!(sent["contacts_list"], json!([{"contact_id": {"name": "Jane"}}]));
    assert_eq!(sent["site"], "");
}

#[test]
fn own_html_is_cut_before_a_tag_and_says_how_much_is_missing() {
    let row = "<tr><td>disk &amp; more</td></tr>";
    let html = format!("<table>{}</table>", row.repeat(3_000));
    let mut world = World::new(&[
        ("fields", &serde_json::json!({"description": html}).to_string()),
        ("plain_text", "solution"),
    ]);
    world.outcome(0);
    let description = world.peer.only()["description"].as_str().expect("a text").to_owned();
    assert!(description.len() <= 65_535, "{}", description.len());
    let (kept, words) = description.split_once("</table><p>… (").expect("it is closed, and the words follow");
    assert!(words.contains(" bytes are missing)</p><p>Tocsin incident"), "{words}");
    let inside = kept.trim_end_matches("</tr>").trim_end_matches("</td>");
    assert!(
        inside.ends_with("more")
            || inside.ends_with("<td>")
            || inside.ends_with("<tr>")
            || kept.ends_with("</tr>")
    );
    assert_eq!(kept.matches("<tr>").count(), kept.matches("</tr>").count());

    let mut plain = World::new(&[]);
    plain.context.incident.message = "ä".repeat(50_000);
    plain.outcome(0);
    assert!(plain.peer.only()["description"].to_string().contains(" characters are missing)"));
}

#[test]
fn times_are_in_the_readers_zone() {
    let mut world = World::new(&[]);
    world.context.zone = Zone { id: "Europe/Paris".to_owned(), name: "CET".to_owned(), offset_minutes: 60 };
    world.outcome(0);
    world.says(ChangeKind::Noted, "x");
    assert!(world.log().contains("Note at 2026-01-02 04:04 CET by Jane"), "{}", world.log());
    assert!(world.log().contains("<p>Tocsin delivery 01KDYQ3M88"), "an echo is recognised by it");
}
