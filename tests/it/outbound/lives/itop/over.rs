//! Tickets that ended before their incident, and incidents that ended before their ticket.

use super::super::{act, lock, newest, summary};
use super::peer::Itop;
use super::{following, start};
use crate::harness::{Receiver, Relay, until};

#[test]
fn a_closed_or_a_deleted_ticket_of_a_reopened_incident_gets_a_new_one() {
    for is_deleted in [false, true] {
        let (relay, itop) = start("");
        super::super::super::open(&relay, "disk", "high");
        relay.settled();
        act(&relay, &["resolve", "1"]);
        if is_deleted {
            lock(&itop).delete();
        } else {
            lock(&itop).edit(serde_json::json!({"status": "closed"}));
        }
        act(&relay, &["reopen", "1", "no answer from sda"]);
        let delivery = newest(&relay);
        let why = if is_deleted { "the old ticket is gone" } else { "the old ticket is closed" };
        let said = format!("R-000002: created in place of R-000001, wrote to the case log ({why})");
        assert_eq!(summary(&delivery), said);
        assert_eq!(relay.incident()["labels"]["itop_ref"], "R-000002");
        act(&relay, &["resolve", "1", "new disk"]);
        assert_eq!(newest(&relay)["state"], "delivered");
        let itop = lock(&itop);
        let tickets = itop.all();
        let new = tickets.last().expect("there is one");
        assert!(
            new["description"].to_string().contains("This ticket takes the place of R-000001."),
            "{new:#?}"
        );
        assert!(new["private_log"].to_string().contains("no answer from sda"), "{new:#?}");
        assert_eq!(new["status"], "resolved");
        assert_eq!(tickets.len(), if is_deleted { 1 } else { 2 });
    }
}

#[test]
fn an_incident_that_was_over_before_it_could_be_sent_is_one_ticket_with_the_whole_story() {
    let receiver = Receiver::down();
    let itop = Itop::at(&receiver);
    let relay = Relay::start(&following(&receiver, ""));
    super::super::super::open(&relay, "disk", "high");
    until("iTop was tried", || {
        let delivery = &relay.list(&["deliveries", "list"])[0];
        (!delivery["last"].is_null()).then_some(())
    });
    let swapped = r#"{"title": "disk", "id": "disk", "status": "resolve", "message": "disk swapped"}"#;
    relay.post("hook", swapped).expect(200);
    receiver.listen();
    let deliveries = until("both deliveries are settled", || {
        Some(relay.settled()).filter(|deliveries| deliveries.len() == 2)
    });
    let states: Vec<&str> = deliveries.iter().filter_map(|delivery| delivery["state"].as_str()).collect();
    assert_eq!(states.iter().filter(|state| **state == "delivered").count(), 1, "{deliveries:#?}");
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert_eq!(ticket["status"], "resolved");
    let description = ticket["description"].to_string();
    for said in
        ["Opened at ", " UTC, resolved at ", " UTC after ", "was over before this ticket could be made."]
    {
        assert!(description.contains(said), "{said} in {description}");
    }
    assert!(ticket["solution"].to_string().contains("disk swapped"), "{ticket:#?}");
    let creates = itop.operations().iter().filter(|name| **name == "create").count();
    assert_eq!(creates, 1, "{:?}", itop.operations());
    assert_eq!(itop.operations().last(), Some(&"ev_resolve"));
}

#[test]
fn an_entry_that_a_closed_ticket_does_not_take_goes_to_its_private_log() {
    let (relay, itop) = start("log_field = \"public_log\"");
    super::super::super::open(&relay, "disk", "high");
    act(&relay, &["note", "1", "for the caller"]);
    assert_eq!(summary(&newest(&relay)), "R-000001: wrote to the case log");
    lock(&itop).edit(serde_json::json!({"status": "closed"}));
    act(&relay, &["note", "1", "after the end"]);
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &1.into()), "{delivery:#}");
    let said = summary(&delivery);
    assert!(said.starts_with("R-000001: wrote to `private_log` (`public_log`: Error: public_log"), "{said}");
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert!(ticket["public_log"].to_string().contains("for the caller"), "{ticket:#?}");
    assert!(!ticket["public_log"].to_string().contains("after the end"), "{ticket:#?}");
    assert!(ticket["private_log"].to_string().contains("after the end"), "{ticket:#?}");
}
