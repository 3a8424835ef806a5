//! Every bundled source, from its sender's request to what Slack and a webhook get.

use serde_json::{Value, json};

use super::to_both;
use crate::harness::{Receiver, Recorded, Relay, Request, at};

/// What an alert must come to.
struct Expected {
    title: &'static str,
    key: &'static str,
    severity: &'static str,
    /// Labels that the incident has, among others.
    labels: Value,
}

/// Sends `request` to a source of `plugin`, and checks its whole way.
fn goes_all_the_way(plugin: &str, request: &Request, expected: &Expected) {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_both(plugin, &receiver));

    let answer = relay.send(request).expect(200);
    let said = answer.json();
    assert_eq!(said["status"], "applied", "{said}");
    assert_eq!(said["incidents"].as_array().expect("a list").len(), 1);
    assert_eq!(said["incidents"][0]["number"], 1);
    assert_eq!(said["incidents"][0]["change"], "opened");

    let got = receiver.wait(2);
    let to = |path: &str| got.iter().find(|request| request.path == path).expect("both were told");
    let incident = relay.incident();
    assert_eq!(incident["id"], said["incidents"][0]["id"]);
    is_kept(&incident, plugin, expected);
    slack_was_told(to("/services/T0/B0/x"), expected);
    webhook_was_told(to("/hook"), plugin, expected);
    is_shown(&relay, &answer.receipt(), expected);
}

fn is_kept(incident: &Value, plugin: &str, expected: &Expected) {
    assert_eq!(incident["title"], expected.title);
    assert_eq!(incident["key"], expected.key);
    assert_eq!(incident["severity"], expected.severity);
    assert_eq!(incident["source"], plugin);
    assert_eq!(incident["state"], "open");
    assert_eq!(incident["count"], 1);
    for (key, value) in expected.labels.as_object().expect("labels") {
        assert_eq!(&incident["labels"][key], value, "label {key}");
    }
}

fn slack_was_told(request: &Recorded, expected: &Expected) {
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    let message = request.json();
    let text = message["text"].as_str().expect("a text for notifications");
    assert!(text.contains(expected.title), "{text}");
    let blocks = message["blocks"].as_array().expect("blocks");
    assert_eq!(blocks[0]["type"], "rich_text");
    assert!(blocks[0].to_string().contains(expected.title), "{message}");
}

fn webhook_was_told(request: &Recorded, plugin: &str, expected: &Expected) {
    let document = request.json();
    assert_eq!(document["type"], "incident.opened");
    assert_eq!(document["attempt"], 1);
    assert_eq!(document["test"], false);
    assert_eq!(request.header("idempotency-key"), document["delivery"].as_str());
    let incident = &document["incident"];
    assert_eq!(incident["title"], expected.title);
    assert_eq!(incident["source"], plugin);
    assert_eq!(incident["severity"], expected.severity);
    assert_eq!(incident["number"], 1);
    assert_eq!(incident["state"], "open");
}

/// The commands show what happened, as JSON and in words.
fn is_shown(relay: &Relay, receipt: &str, expected: &Expected) {
    let deliveries = relay.settled();
    assert_eq!(deliveries.len(), 2, "{deliveries:#?}");
    for delivery in &deliveries {
        assert_eq!(delivery["state"], "delivered");
        assert_eq!(delivery["change"], "opened");
        let id = delivery["id"].as_str().expect("an id");
        let whole = relay.json(&["deliveries", "show", id]);
        assert_eq!(whole["log"].as_array().expect("a log").len(), 1);
        assert_eq!(whole["log"][0]["status"], 200);
        assert_eq!(whole["incident"]["title"], expected.title);
        let words = relay.run(&["deliveries", "show", id]).expect(0).stdout;
        assert!(words.contains("delivered") && words.contains("HTTP 200"), "{words}");
    }
    let words = |arguments: &[&str]| relay.run(arguments).expect(0).stdout;
    let start: String = expected.title.chars().take(40).collect();
    assert!(words(&["incidents", "list"]).contains(&start));
    let shown = words(&["incidents", "show", "1"]);
    assert!(
        shown.contains(expected.title) && shown.contains("Timeline") && shown.contains("opened"),
        "{shown}"
    );
    let timeline: Vec<_> = relay.incident()["timeline"]
        .as_array()
        .expect("a timeline")
        .iter()
        .map(|item| item["what"].as_str().expect("a word").to_owned())
        .collect();
    assert_eq!(timeline, ["delivered", "delivered", "opened"], "newest first");
    assert!(words(&["deliveries", "list"]).contains("tell-slack"));
    assert!(words(&["receipts", "list"]).contains("#1 opened"));
    assert!(words(&["receipts", "show", receipt]).contains("applied"));
    assert!(words(&["status"]).contains("1 open"));
}

#[test]
fn what_a_zap_sends_is_told_to_slack_and_to_a_webhook() {
    let body = r#"{"title":"CPU high on db-1","status":"trigger","message":"97 % \"busy\" <now> & here",
        "id":"db-1-cpu","severity":"critical","Region":"eu-west"}"#;
    let expected = Expected {
        title: "CPU high on db-1",
        key: "db-1-cpu",
        severity: "critical",
        labels: json!({ "Region": "eu-west" }),
    };
    goes_all_the_way("zapier", &Request::json(&at("zapier"), body), &expected);
}

#[test]
fn what_statuscake_sends_as_a_form_is_told_to_slack_and_to_a_webhook() {
    let body = "Token=216831f6b5940250f652c1dee00562e4&Status=Down&StatusCode=500\
                &URL=https%3A%2F%2Fwww.example.com%2Fhealth&IP=203.0.113.10&Tags=prod%2Cteam%3Adb\
                &Name=My+Shop&CheckRate=300";
    let expected = Expected {
        title: "My Shop is down",
        key: "7:My Shop30:https://www.example.com/health",
        severity: "medium",
        labels: json!({ "status_code": "500", "tags": "prod", "team": "db" }),
    };
    goes_all_the_way("statuscake", &Request::form(&at("statuscake"), body), &expected);
}

#[test]
fn what_jira_sends_is_told_to_slack_and_to_a_webhook() {
    let body = r#"{"timestamp":1767323045000,"webhookEvent":"jira:issue_created",
        "user":{"displayName":"Jane Doe"},
        "issue":{"id":"10042","self":"https://example.atlassian.net/rest/api/2/issue/10042","key":"OPS-7",
        "fields":{"summary":"Checkout is slow","priority":{"name":"High"},"project":{"key":"OPS"},
        "status":{"name":"To Do","statusCategory":{"key":"new"}}}}}"#;
    let expected = Expected {
        title: "OPS-7: Checkout is slow",
        key: "10042",
        severity: "high",
        labels: json!({ "issue": "OPS-7", "project": "OPS", "status": "To Do" }),
    };
    goes_all_the_way("jira", &Request::json(&at("jira"), body), &expected);
}

#[test]
fn what_any_webhook_sends_is_told_to_slack_and_to_a_webhook() {
    let body = r#"{"title":"Backup failed","status":"trigger","message":"No space left","id":"backup-nightly",
        "severity":"low","host":"db-1","disk":{"free":"3 %"}}"#;
    let expected = Expected {
        title: "Backup failed",
        key: "backup-nightly",
        severity: "low",
        labels: json!({ "host": "db-1", "disk.free": "3 %" }),
    };
    goes_all_the_way("webhook", &Request::json(&at("webhook"), body), &expected);
}

#[test]
fn what_an_alert_says_cannot_break_the_messages() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_both("webhook", &receiver));
    let title = "\"}],'{{ incident.id }} $this->title$ <!channel> \\ \u{202e}";
    relay
        .post("webhook", &json!({ "title": title, "message": "<script> & \u{0} \n end" }).to_string())
        .expect(200);
    for request in receiver.wait(2) {
        let document = request.json();
        assert!(!document["text"].as_str().unwrap_or_default().contains("<!channel>"), "{document}");
        assert!(request.body.contains("{{ incident.id }}"), "no placeholder is made of it: {document}");
    }
}
