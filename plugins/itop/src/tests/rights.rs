//! What iTop does not let the login do: with one class, with any class while it is read-only, with a closed ticket.

use super::world::World;
use super::*;

#[test]
fn a_right_that_is_missing_on_one_class_rejects_the_delivery() {
    for (unknown, asked, other) in [(&[][..], 2, "Incident"), (&["Incident"], 3, "Person")] {
        let mut world = World::new(&[("write_back", "remote_ref = ref\nremote_status = status")]);
        world.peer.forbidden = vec!["UserRequest"];
        world.peer.unknown = unknown.to_vec();
        let said = world.outcome(0);
        assert!(
            said.starts_with("rejected: iTop answered code 1: The current user does not have enough"),
            "{said}"
        );
        assert!(said.contains(&format!("this login may write {other}: give the user a profile")), "{said}");
        assert_eq!(world.peer.requests.len(), asked);
        assert_eq!(world.peer.tickets.len(), 0, "the question writes nothing");
    }
}

#[test]
fn a_read_only_itop_is_waited_for_and_makes_one_ticket() {
    for operation in ["follow", "create"] {
        let mut world = World::new(&[("operation", operation)]);
        world.peer.is_read_only = true;
        let said = world.outcome(0);
        assert!(said.starts_with("retry: iTop answered code 1: "), "{said}");
        assert!(
            said.contains("write Incident and Person neither, so it is read-only (`access_mode`"),
            "{said}"
        );
        assert_eq!(world.peer.operations(), ["create", "update", "update"]);
        world.peer.is_read_only = false;
        world.again(0);
        assert_eq!(world.again(0), "created UserRequest R-000001", "{operation}");
        assert_eq!(world.peer.tickets.len(), 1);
    }
}

#[test]
fn a_ticket_of_a_read_only_itop_is_resolved_later() {
    let mut world = World::new(&[]);
    world.outcome(0);
    world.peer.is_read_only = true;
    let said = world.says(ChangeKind::Resolved, "");
    assert!(
        said.starts_with("retry: ") && said.contains("for modifying data of class UserRequest"),
        "{said}"
    );
    world.peer.is_read_only = false;
    assert_eq!(world.again(0), "R-000001: resolved");
}

#[test]
fn a_right_to_read_that_is_missing_is_no_read_only_mode() {
    let words = r#"{"code": 1, "message": "The current user does not have enough permissions for reading data of class UserRequest"}"#;
    let mut world = World::new(&[("operation", "get"), ("key", "12")]);
    world.peer.instead = Some((200, words));
    let said = world.outcome(0);
    assert!(said.starts_with("rejected: iTop answered code 1: "), "{said}");
    assert_eq!(world.peer.operations(), ["get"]);
}

#[test]
fn an_entry_that_a_closed_ticket_refuses_goes_to_its_private_log_once() {
    let mut world = World::new(&[("log_field", "public_log")]);
    world.outcome(0);
    assert_eq!(world.says(ChangeKind::Noted, "callers may read this"), "R-000001: wrote to the case log");
    world.peer.set_status("closed");
    let said = world.says(ChangeKind::Noted, "too late");
    let why = "`public_log`: Error: public_log: the attribute is read-only in the state closed";
    assert_eq!(said, format!("R-000001: wrote to `private_log` ({why})"));
    assert!(world.log().contains("too late"), "{}", world.log());

    world.change(ChangeKind::Noted, "lost on the way");
    assert!(world.outcome(2).starts_with("retry: the answer was lost"));
    assert!(world.again(0).contains("an earlier attempt wrote to the case log"));
    assert_eq!(world.log().matches("lost on the way").count(), 1);
}

#[test]
fn an_entry_that_is_refused_without_a_word_goes_to_the_private_log_and_one_for_no_ticket_does_not() {
    let none = r#"{"code": 0, "message": null, "objects": null}"#;
    let gone = r#"{"code": 100, "message": "Error: Invalid object UserRequest::1"}"#;
    let silent = ("R-000001: wrote to `private_log` (`public_log`: it was refused without a word)", 3);
    let deleted = ("rejected: iTop answered code 100: Error: Invalid object UserRequest::1", 2);
    for (answer, (expected, requests)) in [(none, silent), (gone, deleted)] {
        let mut world = World::new(&[("log_field", "public_log")]);
        world.outcome(0);
        world.peer.instead = Some((200, answer));
        assert_eq!(world.says(ChangeKind::Noted, "x"), expected);
        assert_eq!(world.peer.requests.len(), requests);
    }
}

#[test]
fn an_entry_that_neither_log_takes_is_rejected_with_both_reasons() {
    let mut world = World::new(&[("log_field", "public_log")]);
    world.outcome(0);
    world.peer.set_status("closed");
    world.peer.forbidden_field = Some("private_log");
    let said = world.says(ChangeKind::Noted, "x");
    assert!(said.starts_with("rejected: iTop answered code 100: Error: private_log: "), "{said}");
    assert!(said.contains("(`public_log`: Error: public_log: "), "{said}");
    assert_eq!(world.peer.operations(), ["create", "update", "update"]);
}
