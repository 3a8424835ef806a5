//! iTop: one ticket for each incident, through its life cycle, whatever gets lost; its number in what is told
//! to others.

mod field;
mod loops;
mod over;
pub(super) mod peer;
mod people;
mod rights;

use serde_json::{Value, json};

use self::peer::{Itop, PASSWORD};
use super::{Shared, act, lock, newest, statuses, summary};
use crate::harness::{Receiver, Relay, action, connection, settings, source};

/// A connection to an iTop.
pub(super) fn to_itop(name: &str, receiver: &Receiver) -> String {
    let to = connection(name, "itop", &receiver.url("/webservices/rest.php"));
    let web = "settings = { user = \"tocsin\", web_url = \"https://itop.example\" }";
    format!("{to}{web}\nsecrets = {{ password = \"{PASSWORD}\" }}\n")
}

/// A source, and an action whose tickets follow, with these further settings.
pub(super) fn following(receiver: &Receiver, lines: &str) -> String {
    let on = "on = [\"opened\", \"acknowledged\", \"resolved\", \"reopened\", \"noted\"]\n";
    format!(
        "{}{}{}{on}{}",
        source("hook", "webhook"),
        to_itop("itop", receiver),
        action("tickets", "itop"),
        settings("actions.tickets", &format!("organization = \"Demo\"\n{lines}"))
    )
}

fn start(lines: &str) -> (Relay, Shared<Itop>) {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    (Relay::start(&following(&receiver, lines)), itop)
}

#[test]
fn a_ticket_follows_its_incident_and_is_known_to_other_actions() {
    let (receiver, tracker) = (Receiver::start(), Receiver::start());
    let itop = Itop::at(&receiver);
    let fields = r#"acknowledge_fields = '{"team_id": {"name": "Storage"}, "agent_id": 9}'"#;
    let path = r#"/tickets/{{ references["itop"].ticket }}/events"#;
    let mut url = connection("tracker", "webhook", "URL");
    url = url.replace("\"URL\"", &format!("'{}'", tracker.url(path)));
    let payload = r#"payload = '''
        {"ticket": "{{ references['itop'].ticket }}", "ref": "{{ labels.itop_ref }}",
         "page": "{{ references.itop.ticket_url }}"}'''"#;
    let relay = Relay::start(&format!(
        "{}{url}{}on = [\"acknowledged\"]\n{}",
        following(&receiver, fields),
        action("tell", "tracker"),
        settings("actions.tell", payload)
    ));
    super::super::open(&relay, "disk", "high");
    relay.settled();
    assert_eq!(relay.incident()["labels"]["itop_ref"], "R-000001");
    assert_eq!(lock(&itop).ticket()["org_id"], json!({"name": "Demo"}));

    act(&relay, &["ack", "1", "on my way", "--as", "jane"]);
    {
        let itop = lock(&itop);
        let ticket = itop.ticket();
        assert_eq!((&ticket["status"], &ticket["agent_id"]), (&json!("assigned"), &json!(9)));
    }
    let told = &tracker.wait(1)[0];
    assert_eq!(told.path, "/tickets/1/events");
    let page = "https://itop.example/pages/UI.php?operation=details&class=UserRequest&id=1";
    assert_eq!(told.json(), json!({"ticket": "1", "ref": "R-000001", "page": page}));

    act(&relay, &["note", "1", "swapped <the> disk"]);
    let deliveries = act(&relay, &["resolve", "1", "new disk"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert_eq!(ticket["status"], "resolved");
    assert!(ticket["solution"].to_string().contains("new disk"), "{ticket:#?}");
    assert!(ticket["private_log"].to_string().contains("swapped &lt;the&gt; disk"), "{ticket:#?}");
    assert!(ticket["private_log"].to_string().contains("on my way"), "{ticket:#?}");
    assert_eq!(itop.operations(), ["create", "get", "ev_assign", "update", "update", "get", "ev_resolve"]);
}

#[test]
fn what_is_said_at_an_acknowledgement_and_at_a_reopening_is_in_the_tickets_log() {
    let (relay, itop) = start("on_update = \"update\"");
    super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["ack", "1", "I am swapping disk 3"]);
    act(&relay, &["resolve", "1"]);
    relay.post(
        "hook",
        r#"{"title": "disk is dead", "id": "disk", "severity": "critical", "message": "no sda"}"#,
    );
    relay.settled();
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert_eq!((&ticket["status"], &ticket["title"]), (&json!("assigned"), &json!("disk is dead")));
    let log = ticket["private_log"].to_string();
    for said in ["I am swapping disk 3", "Reopened at", "disk is dead (critical)<br>no sda"] {
        assert!(log.contains(said), "{said} in {log}");
    }
    assert_eq!(
        itop.operations(),
        ["create", "ev_assign", "update", "get", "ev_resolve", "get", "ev_reopen", "update"]
    );
}

#[test]
fn a_note_that_finds_no_ticket_is_in_the_log_of_the_one_that_is_made() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let relay = Relay::start(&following(&receiver, "").replace("\"opened\", ", ""));
    super::super::open(&relay, "disk", "high");
    act(&relay, &["note", "1", "I am swapping disk 3"]);
    let itop = lock(&itop);
    assert!(itop.ticket()["private_log"].to_string().contains("swapping disk 3"), "{:#?}", itop.ticket());
    assert_eq!(itop.operations(), ["get", "create", "update"]);
}

#[test]
fn an_assignment_whose_answer_is_lost_is_not_said_to_be_refused() {
    let (relay, itop) = start("");
    super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&itop).lose = Some("ev_assign");
    act(&relay, &["ack", "1"]);
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()));
    assert_eq!(summary(&delivery), "R-000001: is assigned already");
    assert_eq!(lock(&itop).operations(), ["create", "ev_assign", "get"]);
}

#[test]
fn a_note_whose_answer_is_lost_is_written_once_however_long_the_log_is() {
    let (relay, itop) = start("");
    super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&itop).write(&"long ".repeat(400_000));
    lock(&itop).lose = Some("update");
    act(&relay, &["note", "1", "I am swapping disk 3"]);
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()), "{delivery:#}");
    let log = lock(&itop).ticket()["private_log"].to_string();
    assert_eq!(log.matches("I am swapping disk 3").count(), 1);
    // The same where the entry never arrived.
    lock(&itop).instead = [(500, "<html>Fatal error</html>")].into();
    act(&relay, &["note", "1", "and disk 4"]);
    assert_eq!(newest(&relay)["state"], "delivered");
    let log = lock(&itop).ticket()["private_log"].to_string();
    assert_eq!(log.matches("and disk 4").count(), 1);
}

#[test]
fn a_resolution_of_a_new_ticket_goes_through_its_assignment() {
    let (relay, itop) = start("");
    super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["resolve", "1"]);
    let itop = lock(&itop);
    assert_eq!(itop.operations(), ["create", "get", "ev_assign", "ev_resolve"]);
    assert_eq!(itop.ticket()["status"], "resolved");
}

#[test]
fn a_create_whose_answer_is_lost_is_one_ticket() {
    let (relay, itop) = start("");
    lock(&itop).lose = Some("create");
    super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()));
    assert!(summary(&delivery).contains("made by an earlier attempt"), "{delivery:#}");
    assert_eq!(lock(&itop).operations(), ["create", "get"]);
    act(&relay, &["ack", "1"]);
    assert_eq!(relay.incident()["labels"]["itop_ref"], "R-000001");
    assert_eq!(lock(&itop).ticket()["status"], "assigned", "the one ticket is followed");
}

#[test]
fn an_itop_that_fails_and_is_being_upgraded_gets_its_ticket_in_the_end() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let at_once = following(&receiver, "").replace("user = \"tocsin\"", "user = \"tocsin\", settle = \"0s\"");
    let relay = Relay::start(&at_once);
    lock(&itop).instead = [
        (500, "<html><body>Fatal error: out of memory</body></html>"),
        (200, "<p>iTop: An error occurred, check server error log for more information.</p>"),
        (503, r#"{"code":100,"message":"This application is currently under maintenance."}"#),
    ]
    .into();
    super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!(delivery["state"], "delivered");
    assert_eq!(statuses(&delivery), [500, 200, 503, 200]);
    let itop = lock(&itop);
    assert_eq!(itop.operations(), ["create", "get", "get", "get", "create"]);
    assert_eq!(itop.ticket()["title"], "disk");
}

#[test]
fn a_stimulus_that_is_refused_without_a_word_falls_back_as_configured() {
    for (fallback, state, said, status, last) in [
        ("log", "delivered", "not resolved, wrote to the case log (ev_resolve", "assigned", "update"),
        ("update_status", "delivered", "updated (ev_resolve", "resolved", "update"),
        ("autoresolve", "delivered", "resolved (ev_resolve", "resolved", "ev_autoresolve"),
        ("fail", "rejected", "not resolved: ev_resolve", "assigned", "ev_resolve"),
    ] {
        let (relay, itop) = start(&format!("resolve_fallback = \"{fallback}\""));
        lock(&itop).silent = Some("ev_resolve");
        super::super::open(&relay, "disk", "high");
        relay.settled();
        act(&relay, &["resolve", "1", "it is over"]);
        let delivery = newest(&relay);
        assert_eq!(delivery["state"], state, "{fallback}: {delivery:#}");
        assert!(summary(&delivery).contains(said), "{fallback}: {}", summary(&delivery));
        let itop = lock(&itop);
        assert_eq!(itop.ticket()["status"], status, "{fallback}");
        assert_eq!(itop.operations().last(), Some(&last), "{fallback}");
    }
}

#[test]
fn a_ticket_that_comes_back_through_a_source_opens_no_incident_and_status_counts_it() {
    let (relay, itop) = start("");
    super::super::open(&relay, "disk", "high");
    relay.settled();
    let description = lock(&itop).ticket()["description"].clone();
    let back = json!({"title": "R-000001: disk", "id": "R-1", "message": description}).to_string();
    for _ in 0..3 {
        relay.post("hook", &back).expect(200);
    }
    relay.settled();
    assert_eq!(relay.list(&["incidents", "list"]).len(), 1);
    assert_eq!(lock(&itop).tickets(), 1);
    let status = relay.run(&["status"]).expect(0).stdout;
    assert!(status.contains("came back: source hook: 3 events"), "{status}");
    let ignored = relay.run(&["receipts", "list", "--ignored"]).expect(0).stdout;
    assert!(ignored.contains("Tocsin's own incident #1"), "{ignored}");
}

#[test]
fn a_tried_action_shows_its_json_readably() {
    let (relay, _) = start("");
    let shown = relay.run(&["actions", "try", "tickets"]).expect(0).stdout;
    assert!(shown.contains("\n  |   \"operation\": \"core/create\""), "{shown}");
}

#[test]
fn a_wrong_password_pauses_the_connection_and_makes_nothing() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let relay = Relay::start(&following(&receiver, "").replace(PASSWORD, "another"));
    relay.run(&["connections", "test", "itop"]).expect(1);
    super::super::open(&relay, "disk", "high");
    let reason = crate::harness::until("the connection is paused", || {
        let listed = relay.list(&["connections", "list"]);
        listed[0]["paused"]["reason"].as_str().map(str::to_owned)
    });
    assert!(reason.contains("Invalid login") && !reason.contains("another"), "{reason}");
    assert_eq!(lock(&itop).tickets(), 0);
    assert_eq!(relay.incident()["labels"], Value::Object(serde_json::Map::new()));
}
