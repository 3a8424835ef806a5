//! Tickets that Tocsin made and that come back by iTop's webhooks: they end there, between one iTop and itself, between
//! two, and between two relays.

use serde_json::{Value, json};

use super::super::{Shared, act, lock, summary};
use super::peer::{Itop, Webhooks};
use super::{start, to_itop};
use crate::harness::{Receiver, Relay, action, settings, source, until};

const ON: &str = "on = [\"opened\", \"updated\", \"acknowledged\", \"resolved\", \"reopened\", \"noted\"]\n";

/// A source for the webhooks of an iTop, with the recipe.
fn webhooks_of(name: &str) -> String {
    format!("{}{}", source(name, "webhook"), settings(&format!("sources.{name}"), "recipe = \"itop\""))
}

/// An action that mirrors what `from` sends at the iTop `to`, and brings back its number and state.
fn mirror(from: &str, to: &str) -> String {
    let lines = "class = \"Incident\"\norganization = \"Demo\"\nfields = '{\"origin\": \"portal\"}'\n\
                 write_back = [\"remote_ref = ref\", \"remote_status = status\"]";
    let table = action(&format!("to-{to}"), to);
    format!("{table}{ON}filter = 'source == \"{from}\"'\n{}", settings(&format!("actions.to-{to}"), lines))
}

/// An action that writes into the ticket that an incident came from what was brought back.
fn tell(from: &str, home: &str) -> String {
    let lines = "operation = \"update\"\nclass = \"Incident\"\nwrite_back = []\n\
                 criteria = '{\"ref\": \"{{ labels.ref }}\"}'\n\
                 fields = '{\"private_log\": \"{{ labels.remote_ref }} is {{ labels.remote_status }}\"}'";
    let table = action(&format!("tell-{home}"), home);
    let filter = format!("on = [\"referenced\"]\nfilter = 'source == \"{from}\" and labels.remote_ref'\n");
    format!("{table}{filter}{}", settings(&format!("actions.tell-{home}"), lines))
}

fn ring(itop: &Shared<Itop>, relay: &Relay, source: &'static str) {
    lock(itop).webhooks = Some(Webhooks { relay: relay.address(), source });
}

/// A person opens a ticket, and iTop's webhook says so.
fn opened_by_a_person(itop: &Shared<Itop>, relay: &Relay, source: &str) {
    let title = "Disk full on db-1";
    let ticket = {
        let mut itop = lock(itop);
        itop.put(json!({"title": title, "description": "<p>/var is at 97 %</p>"}));
        itop.created(1)
    };
    relay.post(source, &ticket.to_string()).expect(200);
}

#[test]
fn two_itops_that_mirror_each_other_end_with_two_tickets_and_one_incident() {
    let (in_paris, in_berlin) = (Receiver::start(), Receiver::start());
    let (paris, berlin) = (Itop::at(&in_paris), Itop::at(&in_berlin));
    let tables = [
        webhooks_of("itop-paris"),
        webhooks_of("itop-berlin"),
        to_itop("paris", &in_paris),
        to_itop("berlin", &in_berlin),
        mirror("itop-paris", "berlin"),
        mirror("itop-berlin", "paris"),
        tell("itop-paris", "paris"),
        tell("itop-berlin", "berlin"),
    ];
    let relay = Relay::start(&tables.concat());
    ring(&paris, &relay, "itop-paris");
    ring(&berlin, &relay, "itop-berlin");
    opened_by_a_person(&paris, &relay, "itop-paris");
    relay.settled();
    act(&relay, &["ack", "1", "on my way"]);
    act(&relay, &["note", "1", "swapping the disk"]);
    let deliveries = act(&relay, &["resolve", "1", "new disk"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert_eq!(relay.list(&["incidents", "list"]).len(), 1);
    assert_eq!((lock(&paris).tickets(), lock(&berlin).tickets()), (1, 1));
    assert_eq!(lock(&berlin).ticket()["status"], "resolved");
    let log = lock(&paris).ticket()["private_log"].to_string();
    assert!(log.contains("R-000001 is resolved"), "{log}");
    let ignored = relay.run(&["receipts", "list", "--ignored"]).expect(0).stdout;
    for said in ["Tocsin itself made the ticket R-000001", "Tocsin itself wrote this log entry of R-000001"] {
        assert!(ignored.contains(said), "{said} in {ignored}");
    }
}

#[test]
fn two_relays_between_two_itops_make_no_further_ticket() {
    let (in_paris, in_berlin) = (Receiver::start(), Receiver::start());
    let (paris, berlin) = (Itop::at(&in_paris), Itop::at(&in_berlin));
    let to_berlin =
        [webhooks_of("itop-paris"), to_itop("berlin", &in_berlin), mirror("itop-paris", "berlin")];
    let to_paris = [webhooks_of("itop-berlin"), to_itop("paris", &in_paris), mirror("itop-berlin", "paris")];
    let (first, second) = (Relay::start(&to_berlin.concat()), Relay::start(&to_paris.concat()));
    ring(&paris, &first, "itop-paris");
    ring(&berlin, &second, "itop-berlin");
    opened_by_a_person(&paris, &first, "itop-paris");
    first.settled();
    act(&first, &["note", "1", "swapping the disk"]);
    second.settled();
    assert_eq!(second.list(&["incidents", "list"]).len(), 0, "the mark of another Tocsin counts too");
    let ignored = second.run(&["receipts", "list", "--ignored"]).expect(0).stdout;
    assert!(ignored.contains("Tocsin itself made the ticket R-000001"), "{ignored}");
    assert_eq!((lock(&paris).tickets(), lock(&berlin).tickets()), (1, 1));
}

#[test]
fn a_ticket_of_another_tocsin_that_comes_without_the_recipe_gets_no_ticket() {
    let (relay, itop) = start("");
    let ticket = json!({"title": "Disk full", "id": "I-9", "ref": "I-000009", "class": "Incident",
        "message": "/var is at 97 %\n\nTocsin incident 01KZZZZZZZ00000000000000AA"});
    relay.post("hook", &ticket.to_string()).expect(200);
    let deliveries = relay.settled();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0]["state"], "skipped", "{deliveries:#?}");
    assert!(summary(&deliveries[0]).contains("a ticket of iTop that Tocsin made"), "{deliveries:#?}");
    assert_eq!(lock(&itop).tickets(), 0);
    let alert = json!({"title": "Disk full again", "id": "db-1",
        "message": "see Tocsin incident 01KZZZZZZZ00000000000000AA"});
    relay.post("hook", &alert.to_string()).expect(200);
    relay.settled();
    assert_eq!(lock(&itop).tickets(), 1, "an alert that quotes a mark is no ticket");
}

#[test]
fn a_message_of_the_relay_opens_no_incident_whatever_plugin_made_it_and_is_reported() {
    let (receiver, chat) = (Receiver::start(), Receiver::start());
    let itop = Itop::at(&receiver);
    let tables = [
        super::following(&receiver, ""),
        crate::harness::connection("tell", "webhook", &chat.url("/")),
        action("tell", "tell"),
    ];
    let relay = Relay::start(&tables.concat());
    super::super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["note", "1", "swapping"]);
    let id = chat.requests()[0].json()["incident"]["id"].as_str().expect("an id").to_owned();
    let entry = lock(&itop).ticket()["private_log"][0].as_str().expect("a text").to_owned();
    for back in [
        json!({"title": "any title", "id": id}),
        json!({"title": "any title", "id": "x1", "message": format!("Tocsin incident {id}")}),
        json!({"title": "any title", "id": "x2", "message": entry}),
        json!({"title": "any title", "id": "x3", "labels": [format!("tocsin-{}", id.to_lowercase())]}),
    ] {
        relay.post("hook", &back.to_string()).expect(200);
    }
    relay.settled();
    assert_eq!(relay.list(&["incidents", "list"]).len(), 1);
    assert_eq!(lock(&itop).tickets(), 1);
    let status = relay.run(&["status"]).expect(0).stdout;
    assert!(status.contains("came back: source hook: 4 events"), "{status}");
}

#[test]
fn number_state_and_assignment_are_known_to_other_actions_without_another_change() {
    let (receiver, tracker) = (Receiver::start(), Receiver::start());
    let itop = Itop::at(&receiver);
    let lines = "acknowledge_fields = '{\"agent_id\": 9}'\nwrite_back = [\"remote_ref = ref\", \
                 \"remote_status = status\", \"remote_agent = agent_id_friendlyname\"]";
    let payload = "payload = '{\"ref\": \"{{ labels.remote_ref }}\", \"status\": \"{{ labels.remote_status }}\", \
                   \"agent\": \"{{ labels.remote_agent }}\", \"kind\": \"{{ change.kind }}\"}'";
    let tables = [
        super::following(&receiver, lines),
        crate::harness::connection("tracker", "webhook", &tracker.url("/")),
        format!("{}on = [\"referenced\"]\n", action("tell", "tracker")),
        settings("actions.tell", payload),
    ];
    let relay = Relay::start(&tables.concat());
    super::super::super::open(&relay, "disk", "high");
    let told = tracker.wait(1)[0].json();
    assert_eq!(told, json!({"ref": "R-000001", "status": "new", "agent": "", "kind": "referenced"}));
    act(&relay, &["ack", "1"]);
    let told = tracker.wait(2)[1].json();
    assert_eq!((&told["status"], &told["agent"]), (&json!("assigned"), &json!("Agent 9")));
    act(&relay, &["resolve", "1"]);
    assert_eq!(tracker.wait(3)[2].json()["status"], "resolved");
    // An answer that brings nothing new is no change.
    act(&relay, &["note", "1", "thanks"]);
    assert_eq!(tracker.wait(3).len(), 3);
    assert_eq!(lock(&itop).tickets(), 1);
}

#[test]
fn two_actions_that_write_back_and_listen_to_each_other_end() {
    let (first, second) = (Receiver::start(), Receiver::start());
    let (one, two) = (Itop::at(&first), Itop::at(&second));
    let follows = |name: &str| {
        let lines = format!(
            "organization = \"Demo\"\nwrite_back = [\"{name}_ref = ref\", \"{name}_log = private_log_size\"]"
        );
        let table = action(name, name);
        format!("{table}on = [\"opened\", \"referenced\"]\n{}", settings(&format!("actions.{name}"), &lines))
    };
    let tables = [
        source("hook", "webhook"),
        to_itop("one", &first),
        to_itop("two", &second),
        follows("one"),
        follows("two"),
    ];
    let relay = Relay::start(&tables.concat());
    super::super::super::open(&relay, "disk", "high");
    let deliveries = until("both were told of the other", || {
        let deliveries = relay.settled();
        let count = deliveries.iter().filter(|delivery| delivery["change"] == "referenced").count();
        (count >= 2).then_some(deliveries)
    });
    assert_eq!(deliveries.len(), 4, "{deliveries:#?}");
    act(&relay, &["note", "1", "nobody listens to this"]);
    let changes: Vec<Value> =
        relay.settled().into_iter().map(|delivery| delivery["change"].clone()).collect();
    assert_eq!(changes.len(), 4, "{changes:?}");
    let (one, two) = (lock(&one), lock(&two));
    // Every entry changes a label that is written back, and still it ends.
    for itop in [&one, &two] {
        assert_eq!(itop.ticket()["private_log"].as_array().map(Vec::len), Some(1), "{:#?}", itop.ticket());
    }
}
