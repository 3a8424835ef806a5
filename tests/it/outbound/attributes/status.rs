//! The status of an action, and the test connection that one in test uses.

use serde_json::{Value, json};

use super::{Stage, Told, alert, json_data, refused};
use crate::harness::{Site, action, connection};

/// Who is told in a test, each with what marks it there.
const PEERS: [&str; 6] = ["slack", "teams", "connector", "rocketchat", "googlechat", "itop"];

/// An action of each peer, with a test connection called `peer-try`.
fn with_tests(lines: &str) -> Vec<Told> {
    let pair = |peer: &str| {
        let trial = format!("{peer}-try");
        let told = Told::new(peer, "").with(&format!("test_connection = \"{trial}\"\n{lines}"));
        [told, Told::new(&trial, "").with("status = \"disabled\"")]
    };
    PEERS.into_iter().flat_map(pair).collect()
}

/// The title of what a peer got at this path.
fn title(stage: &Stage, path: &str) -> Value {
    let request = stage.request(path);
    let message = || request.json();
    match path.split('-').next().unwrap_or_default() {
        "slack" => message()["text"].clone(),
        "teams" => message()["attachments"][0]["content"]["fallbackText"].clone(),
        "connector" => message()["title"].clone(),
        "rocketchat" => message()["text"].clone(),
        "googlechat" => message()["cardsV2"][0]["card"]["header"]["title"].clone(),
        _ => json_data(&request)["fields"]["title"].clone(),
    }
}

#[test]
fn a_status_sends_or_does_not_and_a_disabled_action_is_not_told_of_anything() {
    let told = |status: &str| {
        let action =
            |peer: &str| Told::new(&format!("{peer}-{status}"), "").with(&format!("status = \"{status}\""));
        PEERS.map(action)
    };
    let actions: Vec<Told> = told("enabled").into_iter().chain(told("disabled")).collect();
    let stage = Stage::start(&actions);
    stage.report(&alert());
    assert_eq!(stage.receiver.requests().len(), PEERS.len());
    for peer in PEERS {
        stage.request(&format!("{peer}-enabled"));
        let listed = stage.relay.list(&["deliveries", "list", "--action", &format!("{peer}-disabled")]);
        assert!(listed.is_empty(), "{listed:#?}");
    }
    let statuses: Vec<Value> =
        stage.relay.list(&["actions", "list"]).iter().map(|action| action["status"].clone()).collect();
    let count = |status: &str| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count("enabled"), count("disabled")), (PEERS.len(), PEERS.len()));
    let said = refused(Told::new("slack", "").with("status = \"paused\""));
    assert!(said.contains("actions.slack.status: `paused` is not"), "{said}");
}

#[test]
fn a_test_connection_gets_the_real_message_marked_while_its_action_is_in_test() {
    let stage = Stage::start(&with_tests("status = \"test\""));
    stage.report(&alert());
    assert_eq!(stage.receiver.requests().len(), PEERS.len(), "nobody else is told");
    let notification = "TEST - [CRITICAL] Disk full on db-1 — db-1";
    let headline = "TEST - CRITICAL · Disk full on db-1";
    assert_eq!(title(&stage, "slack-try"), notification);
    assert_eq!(title(&stage, "teams-try"), notification);
    assert_eq!(title(&stage, "connector-try"), format!("🚨 {headline}"));
    assert_eq!(
        title(&stage, "rocketchat-try"),
        format!("🚨 *{headline}*\n/var is at 97 %.\n{}", stage.essentials())
    );
    assert_eq!(title(&stage, "googlechat-try"), format!("🚨 {headline}"));
    assert_eq!(title(&stage, "itop-try"), "TEST - Disk full on db-1");
    for peer in PEERS {
        let delivery = &stage.relay.list(&["deliveries", "list", "--action", peer])[0];
        assert_eq!(delivery["test"], true);
        assert_eq!(delivery["connection"], format!("{peer}-try"));
    }
}

#[test]
fn a_test_connection_is_not_used_by_an_action_that_is_enabled() {
    let stage = Stage::told(&with_tests("status = \"enabled\""));
    assert_eq!(stage.receiver.requests().len(), PEERS.len());
    for peer in PEERS {
        assert!(!title(&stage, peer).to_string().contains("TEST"), "{peer}");
    }
}

#[test]
fn without_a_test_connection_what_is_in_test_is_recorded_as_not_sent_with_the_reason() {
    let told = PEERS.map(|peer| Told::new(peer, "").with("status = \"test\""));
    let stage = Stage::start(&told);
    stage.relay.post("monitoring", &alert().to_string()).expect(200);
    let deliveries = stage.relay.settled();
    assert_eq!(deliveries.len(), PEERS.len());
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "not_sent"), "{deliveries:#?}");
    let timeline = stage.relay.incident()["timeline"].clone();
    let reasons = timeline.as_array().expect("a timeline").iter().filter(|item| item["what"] == "not_sent");
    let reasons: Vec<Value> = reasons.map(|item| item["text"].clone()).collect();
    assert_eq!(
        reasons,
        vec![json!("not sent: the action is in test and has no test connection"); PEERS.len()]
    );
    assert!(stage.receiver.requests().is_empty());
}

#[test]
fn a_test_connection_of_another_plugin_is_told_when_the_configuration_is_read() {
    let said = refused(Told::new("slack", "").with("test_connection = \"nobody\""));
    assert!(said.contains("actions.slack.test_connection: `nobody` is not among the connections"), "{said}");
    let tables = format!(
        "{}{}{}test_connection = \"rocket\"\n",
        connection("slack", "slack", "https://slack.example"),
        connection("rocket", "rocketchat", "https://rocket.example"),
        action("tell", "slack"),
    );
    let said = Site::new(&tables).run(&["check"]).expect(1).all();
    let words = "actions.tell.test_connection: is one of `rocketchat`, the connection is one of `slack`";
    assert!(said.contains(words), "{said}");
}
