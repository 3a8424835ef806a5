//! Whatever gets lost on the way: one ticket, each entry once.

use super::world::World;
use super::*;

#[test]
fn a_lost_answer_and_a_retry_make_one_ticket() {
    for more in [&[][..], &[("mark_field", "tocsin_id")]] {
        let mut world = World::new(more);
        assert!(world.outcome(1).starts_with("retry"));
        world.context.attempt = 2;
        assert_eq!(world.outcome(0), "R-000001: it was made by an earlier attempt");
        assert_eq!(world.peer.operations(), ["create", "get"]);
        assert_eq!(world.peer.tickets.len(), 1);
        assert_eq!(world.context.reference("ticket").map(|found| found.value.as_str()), Some("1"));
    }
}

#[test]
fn a_request_that_never_arrived_is_made_up_for_after_a_look_that_has_waited() {
    let mut world = World::new(&[]);
    world.context.attempt = 1;
    let said = world.again(0);
    assert!(said.starts_with("retry: iTop has no ticket") && said.contains("`settle`"), "{said}");
    assert_eq!(world.asked_ms, 30_000);
    assert_eq!(world.again(0), "created UserRequest R-000001");
    assert_eq!(world.peer.operations(), ["get", "get", "create"]);
}

#[test]
fn a_create_that_itop_is_still_at_work_on_is_waited_for() {
    for operation in ["follow", "create"] {
        let mut world = World::new(&[("operation", operation)]);
        world.peer.is_slow = true;
        assert!(world.outcome(1).starts_with("retry"));
        world.after(1_200);
        assert!(world.again(0).starts_with("retry: iTop has no"), "{operation}");
        world.peer.finish();
        assert_eq!(world.again(0), "R-000001: it was made by an earlier attempt");
        assert_eq!(world.peer.operations(), ["create", "get", "get"]);
        assert_eq!(world.peer.tickets.len(), 1);
    }
}

#[test]
fn a_look_that_fails_does_not_shorten_the_wait() {
    let mut world = World::new(&[]);
    world.peer.is_slow = true;
    world.outcome(1);
    world.peer.instead = Some((503, ""));
    world.after(5_000);
    assert!(world.again(0).starts_with("retry: iTop answered 503"));
    world.after(10_000);
    assert!(world.again(0).starts_with("retry: iTop has no ticket"), "it is 15 s after the change");
    assert_eq!(world.asked_ms, 15_000);
    assert_eq!(world.peer.operations(), ["create", "get", "get"]);
}

#[test]
fn a_change_that_is_told_late_has_its_ticket_waited_for_as_well() {
    let mut world = World::new(&[]);
    world.peer.is_slow = true;
    world.after(3_600_000);
    world.outcome(1);
    assert!(world.again(0).starts_with("retry: iTop has no ticket"));
    assert_eq!(world.asked_ms, 30_000);
    // Nothing came of the first: the third attempt makes it, and is waited for in the same way.
    world.again(2);
    assert!(world.again(0).starts_with("retry: iTop has no ticket"));
    assert_eq!(world.asked_ms, 30_000);
    assert_eq!(world.peer.operations(), ["create", "get", "get", "create", "get"]);
}

#[test]
fn a_clock_that_was_put_back_keeps_no_ticket_from_being_made() {
    let mut world = World::new(&[]);
    world.context.change.at = Timestamp::from_micros(world.context.now.as_micros() + 86_400_000_000);
    world.context.attempt = 1;
    assert!(world.again(0).starts_with("retry: iTop has no ticket"));
    assert_eq!(world.again(0), "created UserRequest R-000001");
}

#[test]
fn how_long_a_create_may_take_is_the_operators_to_say() {
    for (settle, asked_ms) in [("120s", 120_000), ("0s", 0)] {
        let mut world = World::new(&[]);
        world.connection = settings(&[("user", "tocsin"), ("settle", settle)]);
        world.peer.is_slow = true;
        world.outcome(1);
        world.again(2);
        assert_eq!(world.asked_ms, asked_ms);
        let creates = world.peer.operations().iter().filter(|name| *name == "create").count();
        assert_eq!(creates, if asked_ms == 0 { 2 } else { 1 });
    }
}

#[test]
fn a_ticket_that_quotes_the_mark_is_not_taken_for_ours() {
    let mut world = World::new(&[]);
    let mark = format!("Tocsin incident {}", world.context.incident.id);
    let mut other = World::new(&[]);
    other.context.incident.id = "01KDYQ3M8800000000000000ZZ".to_owned();
    other.context.incident.message =
        format!("see {mark}, \u{1}Tocsin\u{1}incident {}", world.context.incident.id);
    assert_eq!(other.outcome(0), "created UserRequest R-000001");
    world.peer = other.peer;
    let description = world.peer.only()["description"].as_str().expect("a text").to_owned();
    assert!(!description.contains(&mark), "{description}");
    // A search that is looser than ours, as MySQL's is, finds it nevertheless.
    let loose = description.replace("Tocsin-incident", "tocsin incident");
    world.peer.tickets.get_mut(&1).expect("it is there").insert("description".to_owned(), loose.into());
    assert!(world.again(0).starts_with("retry: iTop has no ticket"));
    assert_eq!(world.again(0), "created UserRequest R-000002");
}

#[test]
fn an_entry_is_written_once_whatever_gets_lost() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.change(ChangeKind::Noted, "once");
    assert!(world.outcome(1).starts_with("retry"));
    world.context.attempt = 2;
    assert_eq!(world.outcome(0), "R-000001: an earlier attempt wrote to the case log");
    assert_eq!(world.log().matches("once").count(), 1);
    // Another note is another entry, also at its second attempt.
    world.change(ChangeKind::Noted, "twice");
    world.context.change.at = Timestamp::from_seconds(1_767_400_000);
    world.context.attempt = 2;
    assert_eq!(world.outcome(0), "R-000001: wrote to the case log");
}

#[test]
fn a_failing_itop_is_waited_for() {
    for (status, body) in [
        (500, "<html>Fatal error</html>"),
        (200, "<p>iTop: An error occurred, check server error log for more information.</p>"),
        (503, r#"{"data":[{"code":100,"message":"maintenance"}],"scripts":[]}"#),
        (200, r#"{"code":100,"message":"Error: mysql_error = Deadlock found when trying to get lock"}"#),
        (200, r#"{"code":1,"message":"Error: the application is in read-only mode"}"#),
    ] {
        let mut world = World::new(&[]);
        world.peer.instead = Some((status, body));
        assert!(world.outcome(0).starts_with("retry: "), "{status} {body}");
        assert!(world.again(0).starts_with("retry: iTop has no ticket"), "{status} {body}");
        assert_eq!(world.again(0), "created UserRequest R-000001");
    }
}

#[test]
fn a_log_of_any_length_is_looked_through_without_being_read() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.change(ChangeKind::Noted, "once");
    world.outcome(1);
    assert!(world.again(0).ends_with("an earlier attempt wrote to the case log"));
    let look = world.peer.requests.last().expect("a look");
    assert_eq!(look["output_fields"], "id, friendlyname");
    assert_eq!(
        look["key"],
        "SELECT UserRequest WHERE id = 1 AND private_log LIKE '%Tocsin delivery 01KDYQ3M880000000000000001%'"
    );
}

#[test]
fn an_entry_is_written_when_nobody_can_tell_whether_it_is_there() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.change(ChangeKind::Noted, "at least once");
    world.context.attempt = 1;
    world.peer.instead = Some((200, r#"{"code":100,"message":"Error: Unexpected token LIKE"}"#));
    let said = world.again(0);
    let why = "R-000001: wrote to the case log (the case log was not looked through: iTop answered code 100";
    assert!(said.starts_with(why), "{said}");
    assert!(world.log().contains("at least once"), "{}", world.log());
    // A failure that passes is waited for.
    world.peer.instead = Some((500, "<html>Fatal error</html>"));
    assert!(world.again(0).starts_with("retry: "));
    assert_eq!(world.log().matches("at least once").count(), 1);
}

#[test]
fn a_stimulus_whose_answer_was_lost_is_not_asked_for_again() {
    for (before, kind, requests) in [
        ("new", ChangeKind::Acknowledged, &["get", "get", "update"][..]),
        ("resolved", ChangeKind::Reopened, &["ev_reopen", "get", "get", "update"]),
    ] {
        let says = "R-000001: is assigned already, wrote to the case log";
        let lost = if kind == ChangeKind::Reopened { 2 } else { 1 };
        let mut world = World::new(&[]);
        world.outcome(0);
        world.peer.set_status(before);
        world.change(kind, "on it");
        assert!(world.outcome(lost).starts_with("retry"));
        assert_eq!(world.again(0), says);
        assert_eq!(world.peer.operations()[2..], *requests, "{before}");
        // Both were done, and only the last answer was lost.
        assert!(world.again(0).contains("an earlier attempt wrote to the case log"));
        assert_eq!(world.log().matches("on it").count(), 1);
    }
    let mut silent = World::new(&[]);
    silent.outcome(0);
    silent.change(ChangeKind::Acknowledged, "");
    silent.outcome(1);
    assert_eq!(silent.again(0), "R-000001: is assigned already");
}

#[test]
fn a_stimulus_that_never_arrived_is_asked_for_again() {
    for (before, kind, stimulus) in
        [("new", ChangeKind::Acknowledged, "ev_assign"), ("resolved", ChangeKind::Reopened, "ev_reopen")]
    {
        let mut world = World::new(&[]);
        world.outcome(0);
        world.peer.set_status(before);
        world.change(kind, "");
        world.peer.instead = Some((503, ""));
        assert!(world.outcome(0).starts_with("retry"));
        world.again(0);
        assert_eq!(world.peer.operations()[2..4], ["get", stimulus]);
        assert_eq!(world.peer.status(), "assigned");
    }
}
