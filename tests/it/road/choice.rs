//! Which action is told: triggers, filter, status.

use serde_json::json;

use super::to_webhook;
use crate::harness::{Receiver, Relay, action, connection, settings, source};

fn alert(id: &str, severity: &str, team: &str) -> String {
    json!({ "title": format!("about {id}"), "id": id, "severity": severity, "team": team }).to_string()
}

#[test]
fn a_filter_lets_through_what_it_says() {
    let receiver = Receiver::start();
    let filter = "filter = 'severity in [\"critical\", \"high\"] and labels.team == \"db\"'\n";
    let relay = Relay::start(&format!("{}{filter}", to_webhook("webhook", &receiver)));
    for (id, severity, team) in
        [("a", "critical", "db"), ("b", "low", "db"), ("c", "high", "web"), ("d", "high", "db")]
    {
        relay.post("webhook", &alert(id, severity, team)).expect(200);
    }
    let mut told: Vec<String> = receiver.wait(2).iter().map(|request| request.title()).collect();
    told.sort();
    assert_eq!(told, ["about a", "about d"]);
    assert_eq!(relay.settled().len(), 2);
    assert_eq!(relay.list(&["incidents", "list"]).len(), 4, "every incident is kept");
}

#[test]
fn an_action_is_told_of_the_changes_that_it_names_only() {
    let receiver = Receiver::start();
    let relay = Relay::start(&format!("{}on = [\"resolved\"]\n", to_webhook("webhook", &receiver)));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    assert_eq!(receiver.wait(1)[0].kind(), "resolved");
    assert_eq!(relay.settled().len(), 1);
}

#[test]
fn an_action_in_test_sends_a_marked_message_over_its_test_connection() {
    let (real, test) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&format!(
        "{}status = \"test\"\ntest_connection = \"try\"\n{}",
        to_webhook("webhook", &real),
        connection("try", "webhook", &test.url("/try")),
    ));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    let told = test.wait(1)[0].json();
    assert_eq!(told["test"], true);
    assert_eq!(told["incident"]["title"], "TEST - about a");
    let delivery = &relay.settled()[0];
    assert_eq!((&delivery["test"], &delivery["connection"]), (&json!(true), &json!("try")));
    assert!(real.requests().is_empty());
}

#[test]
fn an_action_in_test_without_a_test_connection_is_recorded_and_not_sent() {
    let receiver = Receiver::start();
    let relay = Relay::start(&format!("{}status = \"test\"\n", to_webhook("webhook", &receiver)));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    let deliveries = relay.settled();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0]["state"], "not_sent");
    assert_eq!(deliveries[0]["attempts"], 0);
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(shown.contains("the action is in test and has no test connection"), "{shown}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_disabled_action_is_told_nothing() {
    let receiver = Receiver::start();
    let relay = Relay::start(&format!("{}status = \"disabled\"\n", to_webhook("webhook", &receiver)));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    assert!(relay.list(&["deliveries", "list"]).is_empty());
    assert!(receiver.requests().is_empty());
}

#[test]
fn an_own_payload_is_sent_with_its_placeholders_replaced_inside_strings() {
    let receiver = Receiver::start();
    let own = settings(
        "actions.tell",
        "method = \"PUT\"\n\
         path = \"/tickets/{{ incident.number }}\"\n\
         headers = [\"X-Fixed: as it is\"]\n\
         data_location = \"root/result\"\n\
         payload = '''{\"summary\": \"{{ incident.title | upper }}\", \"old\": \"$this->title$\", \
         \"team\": \"{{ labels.team }}\", \"missing\": \"{{ labels.nobody }}\", \"n\": 7}'''",
    );
    let relay = Relay::start(&format!(
        "{}{}{}{own}",
        source("webhook", "webhook"),
        connection("hook", "webhook", &receiver.url("/api?version=2")),
        action("tell", "hook"),
    ));
    relay.post("webhook", &alert("say \"x\"", "low", "d\\b")).expect(200);
    let got = &receiver.wait(1)[0];
    assert_eq!((got.method.as_str(), got.path.as_str()), ("PUT", "/api/tickets/1?version=2"));
    assert_eq!(got.header("x-fixed"), Some("as it is"));
    let record = json!({
        "summary": "ABOUT SAY \"X\"", "old": "about say \"x\"", "team": "d\\b", "missing": "", "n": 7,
    });
    assert_eq!(got.json(), json!({ "root": { "result": record } }));
}

#[test]
fn a_delete_whose_placeholder_is_empty_is_a_dead_letter_and_no_request() {
    let receiver = Receiver::start();
    let own =
        settings("actions.tell", "method = \"DELETE\"\npath = \"/tickets/{{ references.hook.ticket }}\"");
    let relay = Relay::start(&format!(
        "{}{}{}{own}",
        source("webhook", "webhook"),
        connection("hook", "webhook", &receiver.url("/api")),
        action("tell", "hook"),
    ));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    let deliveries = relay.settled();
    assert_eq!(deliveries[0]["state"], "rejected", "{deliveries:#?}");
    let delivery = relay.json(&["deliveries", "show", deliveries[0]["id"].as_str().expect("an id")]);
    let why = delivery["last"]["summary"].as_str().expect("words");
    assert!(why.contains("a placeholder is empty: `/tickets/`"), "{why}");
    assert!(receiver.requests().is_empty());
}

#[test]
fn several_actions_on_one_connection_are_each_told() {
    let receiver = Receiver::start();
    let second = settings("actions.second", "payload = '{\"who\": \"second\"}'");
    let relay =
        Relay::start(&format!("{}{}{second}", to_webhook("webhook", &receiver), action("second", "hook")));
    relay.post("webhook", &alert("a", "low", "db")).expect(200);
    let got = receiver.wait(2);
    assert_eq!(got.iter().filter(|request| request.body == "{\"who\":\"second\"}").count(), 1);
    let keys: Vec<_> = got.iter().map(|request| request.header("idempotency-key")).collect();
    assert_ne!(keys[0], keys[1], "two deliveries are not one");
}
