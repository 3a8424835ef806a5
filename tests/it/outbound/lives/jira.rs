//! Jira: one issue for each incident, with its comments, moved by what statuses mean.

mod peer;

use serde_json::Value;

use self::peer::{Jira, Search};
use super::{Shared, act, lock, newest, statuses, summary};
use crate::harness::{Receiver, Relay, Reply, action, connection, settings, source, until};

fn start() -> (Relay, Shared<Jira>) {
    start_settling("30s")
}

fn start_settling(settle: &str) -> (Relay, Shared<Jira>) {
    let receiver = Receiver::start();
    let jira = Jira::at(&receiver);
    let on = "on = [\"opened\", \"acknowledged\", \"noted\", \"resolved\", \"reopened\"]\n";
    (Relay::start(&tables(&receiver, &format!("settle = \"{settle}\""), on, "")), jira)
}

/// One action over one connection; `account` is a setting more of the connection, `on` and `own` are lines of the
/// action and of its settings.
fn tables(receiver: &Receiver, account: &str, on: &str, own: &str) -> String {
    let account = format!(
        "settings = {{ user = \"tocsin\", web_url = \"https://jira.example\", {account} }}\n\
         secrets = {{ token = \"token-of-jira\" }}\n"
    );
    format!(
        "{}{}{account}{}{on}{}",
        source("hook", "webhook"),
        connection("jira", "jira", &receiver.url("/jira")),
        action("issues", "jira"),
        settings("actions.issues", &format!("project = \"OPS\"\n{own}"))
    )
}

#[test]
fn an_incident_is_one_issue_that_is_commented_on_and_moved_by_category() {
    let (relay, jira) = start();
    super::super::open(&relay, "disk", "high");
    relay.settled();
    assert_eq!(relay.incident()["labels"]["jira_issue"], "OPS-1");
    act(&relay, &["note", "1", "the disk is on order"]);
    act(&relay, &["ack", "1", "--as", "jane"]);
    assert_eq!(lock(&jira).issues[0].status, "In Arbeit");
    act(&relay, &["resolve", "1"]);
    assert_eq!(lock(&jira).issues[0].status, "Erledigt");
    let deliveries = act(&relay, &["reopen", "1"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");

    let jira = lock(&jira);
    assert_eq!((jira.issues.len(), jira.issues[0].status), (1, "Offen"));
    assert_eq!(jira.issues[0].fields["summary"], "disk");
    let comments: Vec<String> =
        jira.issues[0].comments.iter().map(|comment| comment["body"].to_string()).collect();
    assert_eq!(comments.len(), 3, "{comments:?}");
    for (comment, said) in
        comments.iter().zip(["the disk is on order", "HIGH · acknowledged · disk", "HIGH · reopened · disk"])
    {
        assert!(comment.contains(said), "{said} in {comment}");
    }
    assert!(!jira.asked.iter().any(|asked| asked.contains("another")), "{:?}", jira.asked);
}

#[test]
fn an_issue_whose_answer_is_lost_is_made_once_and_followed() {
    let (relay, jira) = start();
    lock(&jira).lose = Some("POST /issue");
    super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &2.into()), "{delivery:#}");
    assert!(summary(&delivery).contains("OPS-1 was found by its label"), "{delivery:#}");
    assert_eq!(lock(&jira).asked, ["POST /issue", "GET /search"]);
    act(&relay, &["ack", "1"]);
    let jira = lock(&jira);
    assert_eq!((jira.issues.len(), jira.issues[0].status), (1, "In Arbeit"));
}

#[test]
fn an_issue_that_the_search_does_not_see_yet_is_made_once_also_when_a_search_fails() {
    for searches in [vec![Search::SeesNothing], vec![Search::Fails, Search::SeesNothing]] {
        let (relay, jira) = start_settling("1s");
        let (failed, seen) = (searches.len() - 1, searches.len());
        lock(&jira).lose = Some("POST /issue");
        lock(&jira).searches = searches.into();
        super::super::open(&relay, "disk", "high");
        let delivery = newest(&relay);
        assert!(summary(&delivery).contains("OPS-1 was found by its label"), "{delivery:#}");
        let waited = delivery["log"][1 + failed]["summary"].as_str().expect("words");
        assert!(waited.contains("it is searched again before one is made (settle)"), "{delivery:#}");
        let jira = lock(&jira);
        assert_eq!(jira.asked, [vec!["POST /issue"], vec!["GET /search"; seen + 1]].concat());
        assert_eq!(jira.issues.len(), 1);
    }
}

#[test]
fn a_create_that_failed_is_made_again_after_one_search_when_there_is_nothing_to_settle() {
    let (relay, jira) = start_settling("0s");
    lock(&jira).refuse = Some("POST /issue");
    super::super::open(&relay, "disk", "high");
    assert!(summary(&newest(&relay)).contains("created OPS-1"));
    assert_eq!(lock(&jira).asked, ["POST /issue", "GET /search", "POST /issue"]);
}

#[test]
fn a_comment_and_a_transition_whose_answers_are_lost_are_made_once() {
    let (relay, jira) = start();
    super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&jira).lose = Some("POST /issue/OPS-1/comment");
    act(&relay, &["note", "1", "said once"]);
    assert_eq!(statuses(&newest(&relay)), [Value::Null, 200.into()], "the second attempt finds the first's");
    lock(&jira).lose = Some("POST /issue/OPS-1/transitions");
    act(&relay, &["ack", "1"]);
    let delivery = newest(&relay);
    assert!(summary(&delivery).contains("OPS-1 is In Arbeit already"), "{delivery:#}");
    let jira = lock(&jira);
    assert_eq!((jira.issues[0].comments.len(), jira.issues[0].status), (2, "In Arbeit"));
}

#[test]
fn a_resolution_without_a_transition_still_comments() {
    let receiver = Receiver::start();
    let jira = Jira::at(&receiver);
    let relay = Relay::start(&tables(&receiver, "settle = \"30s\"", "", "resolve_transition = []"));
    super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["resolve", "1"]);
    let jira = lock(&jira);
    let [issue] = jira.issues.as_slice() else { panic!("{} issues", jira.issues.len()) };
    assert_eq!((issue.status, issue.comments.len()), ("Offen", 1));
    assert!(issue.comments[0]["body"].to_string().contains("Resolved"), "{}", issue.comments[0]);
}

#[test]
fn the_advice_on_a_version_that_is_gone_names_the_setting_that_would_help() {
    for (api, advice) in
        [("server", "set `api = \"cloud\"`"), ("cloud", "set `api = \"server\"` if it is Data Center")]
    {
        let receiver = Receiver::scripted(|_, _| {
            Reply::body(410, r#"{"errorMessages":["The requested API has been removed."]}"#)
        });
        let relay = Relay::start(&tables(&receiver, &format!("api = \"{api}\""), "", ""));
        super::super::open(&relay, "disk", "high");
        let paused = until("the connection is paused", || {
            Some(relay.list(&["connections", "list"])[0]["paused"].clone()).filter(|paused| !paused.is_null())
        });
        let said = paused.to_string().replace("\\\"", "\"");
        assert!(said.contains("410") && said.contains(advice), "{api}: {said}");
    }
}
