//! What single senders do that a recipe must not get wrong, beyond its cases.

use tocsin_plugin::{Change, Header};

use super::*;
use crate::Recipe;

fn recipe(recipe: Recipe) -> In {
    settings(&[("recipe", recipe.name())])
}

fn decoded(tool: Recipe, body: &str) -> Decoded {
    Webhook::decode(&Request::post_json(body), &recipe(tool)).unwrap_or_else(|why| panic!("{body}: {why:?}"))
}

/// The changes and keys of a body's events.
fn events(tool: Recipe, body: &str) -> Vec<(Change, String)> {
    decoded(tool, body).events.into_iter().map(|event| (event.change, event.key)).collect()
}

fn github(event: &str, body: &str) -> Decoded {
    let mut request = Request::post_json(body);
    request.headers.push(Header { name: "X-GitHub-Event".to_owned(), value: event.to_owned() });
    Webhook::decode(&request, &recipe(Recipe::Github)).unwrap_or_else(|why| panic!("{body}: {why:?}"))
}

#[test]
fn a_stranger_touches_no_incident_by_a_run_of_a_fork_or_one_that_a_comment_causes() {
    let run = |conclusion: &str, event: &str, head: &str| {
        let body = format!(
            r#"{{"action": "completed", "repository": {{"full_name": "acme/shop"}}, "workflow_run": {{
                "workflow_id": 1, "name": "CI", "head_branch": "main", "event": "{event}",
                "conclusion": "{conclusion}", "head_repository": {head}}}}}"#
        );
        github("workflow_run", &body)
    };
    let own = r#"{"full_name": "Acme/Shop"}"#;
    for (event, head) in [
        ("pull_request", r#"{"full_name": "stranger/shop", "fork": true}"#),
        ("push", r#"{"full_name": "stranger/shop"}"#),
        ("pull_request", "null"),
        ("pull_request_target", "{}"),
        ("pull_request_target", own),
        ("pull_request_review", own),
        ("issue_comment", own),
        ("discussion", own),
        ("watch", own),
    ] {
        for conclusion in ["failure", "success"] {
            let decoded = run(conclusion, event, head);
            assert!(decoded.events.is_empty() && decoded.ignored.is_some(), "{event} {head}: {decoded:?}");
        }
    }
    for (event, head) in
        [("push", own), ("schedule", "null"), ("pull_request", own), ("workflow_run", own), ("release", own)]
    {
        assert_eq!(run("failure", event, head).events.len(), 1, "{event} {head}");
    }
}

#[test]
fn a_stranger_opens_no_incident_by_an_issue_in_a_public_repository() {
    let issue = |association: &str, private: bool| {
        let body = format!(
            r#"{{"action": "opened", "repository": {{"full_name": "acme/shop", "private": {private}}}, "issue": {{
                "number": 5, "title": "x", "state": "open", "author_association": "{association}"}}}}"#
        );
        github("issues", &body).events.len()
    };
    for outsider in ["NONE", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"] {
        assert_eq!((issue(outsider, false), issue(outsider, true)), (0, 1), "{outsider}");
    }
    for insider in ["OWNER", "MEMBER", "COLLABORATOR"] {
        assert_eq!(issue(insider, false), 1, "{insider}");
    }
}

#[test]
fn a_confirmation_of_sns_is_kept_with_its_address_and_its_host_is_a_documented_one() {
    let body = r#"{"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:eu-west-1:1:t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2"}"#;
    let decoded = decoded(Recipe::Cloudwatch, body);
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2";
    assert_eq!(decoded.confirm.as_deref(), Some(url));
    assert!(decoded.ignored.is_some_and(|why| why.contains(url)));
    assert!(Webhook::source_info().confirm_hosts.contains(&"sns.*.amazonaws.com".to_owned()));
}

#[test]
fn reminders_of_a_certificate_are_one_incident() {
    let key = |days: u32| {
        let body = format!(
            r#"{{"heartbeat": null, "monitor": null,
                "msg": "[Shop][https://shop.example] server certificate shop.example will expire in {days} days"}}"#
        );
        events(Recipe::Uptimekuma, &body)
    };
    assert_eq!(key(21), key(7));
    assert_eq!(key(7), [(Change::Trigger, "certificate:Shop:shop.example".to_owned())]);
}

#[test]
fn numbers_and_texts_are_the_same_identity() {
    for (tool, number, text) in [
        (
            Recipe::Uptimerobot,
            r#"{"monitorID": 7, "alertType": 2}"#,
            r#"{"monitor_id": "7", "alert_type": "2"}"#,
        ),
        (
            Recipe::Uptimekuma,
            r#"{"heartbeat": {"monitorID": 7, "status": 1}}"#,
            r#"{"heartbeat": "{\"monitorID\": \"7\", \"status\": \"1\"}"}"#,
        ),
        (
            Recipe::Pingdom,
            r#"{"check_id": 7, "current_state": "UP"}"#,
            r#"{"check_id": "7", "current_state": "success"}"#,
        ),
        (Recipe::Newrelic, r#"{"id": 7, "state": "CLOSED"}"#, r#"{"issueId": "7", "state": "closed"}"#),
        (
            Recipe::Itop,
            r#"{"class": "Incident", "id": 7, "status": "closed"}"#,
            r#"{"class": "Incident", "id": "7", "status": "Resolved"}"#,
        ),
        (
            Recipe::Stackdriver,
            r#"{"incident": {"incident_id": 7, "state": "CLOSED"}}"#,
            r#"{"incident": {"incident_id": "7", "state": "closed", "ended_at": null}}"#,
        ),
        (
            Recipe::Checkmk,
            r#"{"HOST": "db-1", "state": "UP"}"#,
            r#"{"NOTIFY_HOSTNAME": "db-1", "NOTIFY_HOSTSTATE": "up"}"#,
        ),
    ] {
        assert_eq!(events(tool, number), events(tool, text), "{tool:?}");
        assert_eq!(events(tool, number)[0].0, Change::Resolve, "{tool:?}");
    }
}

#[test]
fn placeholders_that_itop_did_not_replace_are_no_labels() {
    let body = r#"{"ref": "I-1", "title": "CPU at 5 $ a day", "status": "new", "a": "$previous_value(urgency)$",
        "b": "$nothing$", "c": "$this->team_id->friendlyname$", "d": "costs $5", "access_token": "secret"}"#;
    let labels = decoded(Recipe::Itop, body).events.remove(0).labels;
    let names: Vec<&str> = labels.iter().map(|label| label.key.as_str()).collect();
    assert_eq!(names, ["d", "ref", "status"]);
}

#[test]
fn the_title_of_an_itop_ticket_is_plain_text_and_its_actor_is_not_its_agent() {
    let body = r#"{"ref": "I-1", "title": "Backup of <db-1> failed", "status": "new", "agent": "Jane"}"#;
    let event = decoded(Recipe::Itop, body).events.remove(0);
    assert_eq!((event.title.as_str(), event.actor), ("I-1: Backup of <db-1> failed", None));
}
