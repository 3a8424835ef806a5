//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use serde_json::json;
use tocsin_plugin::testing;
use tocsin_plugin::{Header, Parameter, Setting, Value, check_source};

use super::*;
use crate::issue::Progress;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn decode(body: &serde_json::Value) -> Decoded {
    Jira::decode(&Request::post_json(&body.to_string()), &fields()).expect("decoded")
}

fn issue(status: serde_json::Value) -> serde_json::Value {
    json!({"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "1", "key": "A-1", "fields": status}})
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<Jira>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &["jira"], |_, bytes| {
        Jira::decode(&Request { body: bytes.to_vec(), ..Request::post_json("") }, &fields())
    });
}

#[test]
fn a_line_of_priorities_that_is_none_is_a_problem_of_the_configuration() {
    let lines = vec!["Showstopper = critical".to_owned(), "Sofort = rot".to_owned()];
    let problems =
        check_source::<Jira>(&[Setting { key: "priorities".to_owned(), value: Value::Texts(lines) }]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].field == "priorities" && problems[0].problem.contains("Sofort"), "{problems:?}");
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("outcomes/mm-webhook-issue-created.json", "outcomes/mm-webhook-issue-updated-resolved.json"),
        (
            "outcomes/mm-webhook-issue-created.json",
            "outcomes/mm-webhook-issue-updated-resolved-one-changelog.json",
        ),
        (
            "outcomes/mm-webhook-issue-updated-reopened.json",
            "outcomes/mm-webhook-issue-updated-resolved.json",
        ),
        ("cases/in/automation-format-open.case", "cases/in/automation-format-done.case"),
        ("cases/in/jira-format-open.case", "cases/in/jira-format-resolved-by-id-alone.case"),
        ("cases/in/jira-format-open.case", "cases/in/automation-format-resolved-by-id-alone.case"),
        ("cases/in/created-with-a-comment.case", "cases/in/a-deletion-by-id-alone.case"),
        ("cases/in/alert-created.case", "cases/in/alert-closed-by-id-alone.case"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

#[test]
fn samples_never_panic_and_events_of_issues_have_the_issues_id() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "jira", |name, bytes| {
        let request = Request { body: bytes.to_vec(), ..Request::post_json("") };
        let outcome = Jira::decode(&request, &fields());
        let body: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        if let (Ok(decoded), Some(id)) = (&outcome, body.pointer("/issue/id").and_then(|id| id.as_str())) {
            assert!(decoded.events.iter().all(|event| event.key == id), "{name}");
        }
        // One old server says of a deleted comment only that something about the issue is different.
        let says_what = !name.contains("no-event-type-comment-deleted");
        if name.contains("comment") && name.ends_with("json") && says_what {
            let events = outcome.map(|decoded| decoded.events).unwrap_or_default();
            assert!(events.iter().all(|event| event.change == Change::Note), "{name}: {events:?}");
            assert!(!events.is_empty(), "{name}");
        }
    });
}

#[test]
fn a_categorys_word_counts_before_names_and_resolutions() {
    for (status, expected) in [
        (
            json!({"status": {"name": "Done", "statusCategory": {"key": "new"}}, "resolution": {"name": "x"}}),
            Progress::Waiting,
        ),
        (json!({"status": {"name": "Irgendwas", "statusCategory": {"key": "done"}}}), Progress::Done),
        (json!({"status": {"name": "x", "statusCategory": {"key": "indeterminate"}}}), Progress::Begun),
        (json!({"status": {"name": "CLOSED", "statusCategory": {"key": "undefined"}}}), Progress::Done),
        (json!({"status": {"name": "closed"}}), Progress::Done),
        (json!({"status": "Done"}), Progress::Done),
        (json!({"status": "Investigating"}), Progress::Begun),
        (json!({"status": {"name": "x"}, "resolution": {"name": "Fixed"}}), Progress::Done),
        (json!({"status": {"name": "x"}, "resolution": null}), Progress::Waiting),
        (json!({}), Progress::Waiting),
        (json!(null), Progress::Waiting),
    ] {
        assert_eq!(issue::progress(&issue(status.clone()), &fields()), expected, "{status}");
    }
}

#[test]
fn priorities_of_every_jira_are_known_and_own_ones_can_be_added() {
    let severity = |name: &str, settings: &Fields| {
        issue::severity(&issue(json!({"priority": {"name": name}})), settings)
    };
    for (name, expected) in [
        ("Highest", Some(Severity::Critical)),
        ("Blocker", Some(Severity::Critical)),
        ("Major", Some(Severity::High)),
        ("medium", Some(Severity::Medium)),
        ("Minor", Some(Severity::Low)),
        ("Lowest", Some(Severity::Info)),
        ("Sofort", None),
    ] {
        assert_eq!(severity(name, &fields()), expected, "{name}");
    }
    let own = Fields {
        priorities: vec!["Sofort = critical".to_owned(), "High=low".to_owned(), "nonsense".to_owned()],
        default_severity: Some(Severity::Info),
        ..fields()
    };
    assert_eq!(severity("sofort", &own), Some(Severity::Critical));
    assert_eq!(severity("High", &own), Some(Severity::Low));
    assert_eq!(severity("?", &own), Some(Severity::Info));
    assert_eq!(issue::severity(&issue(json!({"priority": null})), &own), Some(Severity::Info));
}

#[test]
fn a_comment_that_servers_tell_twice_is_one_delivery() {
    let comment = json!({"id": "7", "self": "https://j.example/rest/api/2/issue/1/comment/7", "body": "x", "updated": "2019-08-16T19:30:17.153+0530"});
    let told = json!({"webhookEvent": "comment_created", "timestamp": 5, "comment": comment});
    let again = json!({"webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_commented", "timestamp": 6, "comment": comment,
        "issue": {"id": "1", "key": "A-1", "fields": {"status": {"name": "Open"}}}});
    let (told, again) = (decode(&told), decode(&again));
    assert!(told.delivery_id.is_some());
    assert_eq!(told.delivery_id, again.delivery_id);
    assert_eq!(again.events[0].change, Change::Note);
}

#[test]
fn an_issue_that_comes_with_a_comment_and_the_comment_are_two_deliveries() {
    let comment = json!({"id": "7", "self": "https://j.example/rest/api/2/issue/1/comment/7", "body": "x", "updated": "2019-08-16T19:30:17.153+0530"});
    let created = json!({"webhookEvent": "jira:issue_created", "timestamp": 5, "comment": comment,
        "issue": {"id": "1", "key": "A-1", "fields": {"status": {"name": "Open"}}}});
    let commented = json!({"webhookEvent": "comment_created", "timestamp": 5, "comment": comment});
    let (created, commented) = (decode(&created), decode(&commented));
    assert_eq!((created.events[0].change, commented.events[0].change), (Change::Trigger, Change::Note));
    assert!(created.delivery_id.is_some() && created.delivery_id != commented.delivery_id);
}

#[test]
fn what_automation_sends_twice_is_one_delivery_and_the_next_status_is_another() {
    let body = |status: &str, updated: &str| json!({"id": 1, "key": "A-1", "fields": {"status": {"name": status}, "updated": updated}});
    let at = "2026-01-02T08:34:05.153+0530";
    let (open, done) = (decode(&body("Open", at)), decode(&body("Done", at)));
    assert!(open.delivery_id.is_some());
    assert_eq!(open.delivery_id, decode(&body("Open", at)).delivery_id);
    assert_ne!(open.delivery_id, done.delivery_id);
    assert_ne!(open.delivery_id, decode(&body("Open", "2026-01-02T09:34:05.153+0530")).delivery_id);
    assert_eq!(decode(&json!({"id": 1, "fields": {"status": {"name": "Open"}}})).delivery_id, None);
}

#[test]
fn every_kind_of_event_is_an_issues_a_note_ignored_by_name_or_refused() {
    let outcome = |event: &str| {
        let body = json!({"webhookEvent": event, "issue": {"id": "1", "fields": {}}, "issueLink": {}});
        Jira::decode(&Request::post_json(&body.to_string()), &fields())
    };
    for event in [
        "jira:issue_created",
        "issue_updated",
        "comment_updated",
        "jira:worklog_updated",
        "issuelink_created",
    ] {
        assert!(!outcome(event).expect(event).events.is_empty(), "{event}");
    }
    for event in [
        "jira:version_merged",
        "sprint_closed",
        "board_configuration_changed",
        "project_soft_deleted",
        "user_created",
        "option_voting_changed",
        "issue_property_set",
        "issuetype_created",
        "issuelinktype_deleted",
    ] {
        assert!(outcome(event).expect(event).ignored.is_some(), "{event}");
    }
    for event in ["jira:issue_unknown", "issue_", "comment", "x"] {
        assert!(outcome(event).is_err(), "{event}");
    }
}

#[test]
fn every_action_on_an_alert_is_a_state_a_note_or_ignored_by_name() {
    let outcome = |action: &str| {
        let body =
            json!({"action": action, "alert": {"alertId": "a", "updatedAt": 1_420_452_193_166_002_000_u64}});
        Jira::decode(&Request::post_json(&body.to_string()), &fields())
    };
    for (action, change) in [
        ("Create", Change::Trigger),
        ("unacknowledge", Change::Trigger),
        ("Snooze", Change::Acknowledge),
        ("Delete", Change::Resolve),
        ("TakeOwnership", Change::Note),
    ] {
        let decoded = outcome(action).expect(action);
        assert_eq!(decoded.events[0].change, change, "{action}");
        assert!(decoded.delivery_id.is_some_and(|id| id.contains(action)));
    }
    assert!(outcome("Seen").expect("ignored").ignored.is_some());
    assert!(outcome("").is_err() && outcome("Fixed").is_err());
}

#[test]
fn a_time_that_cannot_be_read_is_left_out_and_remarked() {
    let body = json!({"webhookEvent": "jira:issue_created", "timestamp": "soon", "issue": {"id": "1", "fields": {}}});
    let decoded = decode(&body);
    assert_eq!(decoded.events[0].occurred_at, None);
    assert_eq!(decoded.remarks, ["timestamp: `soon` cannot be read as a time and is left out"]);
}

#[test]
fn clouds_identifier_is_the_delivery_id_and_an_empty_one_is_none() {
    let mut request = Request::post_json(&issue(json!({})).to_string());
    let header =
        |value: &str| Header { name: "x-atlassian-webhook-identifier".to_owned(), value: value.to_owned() };
    request.headers.push(header("abc"));
    assert_eq!(Jira::decode(&request, &fields()).unwrap().delivery_id.as_deref(), Some("abc"));
    request.headers.pop();
    let composed = Jira::decode(&request, &fields()).unwrap().delivery_id;
    assert!(composed.is_some_and(|id| id.contains("issue_updated")));
}

#[test]
fn a_variable_that_was_not_replaced_is_no_key() {
    let mut request = Request::post_json("");
    request.query = vec![Parameter { name: "key".to_owned(), value: "${issue.key}".to_owned() }];
    assert!(matches!(Jira::decode(&request, &fields()), Err(Refusal::Missing(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = Jira::decode(&Request { body: bytes, ..Request::post_json("") }, &fields());
    }

    #[test]
    fn no_issue_makes_it_panic(event in "(jira:issue_updated|comment_created|worklog_deleted|\\PC{0,12})", text in "\\PC{0,200}", stamp in any::<i64>()) {
        let body = json!({"webhookEvent": event, "timestamp": stamp, "issue": {"id": text, "key": text, "self": text,
            "fields": {"summary": text, "status": {"name": text}, "priority": {"name": text}, "description": {"type": text, "content": [{"type": "text", "text": text}]}}},
            "changelog": {"items": [{"field": "Key", "fromString": text, "toString": text}]}, "comment": {"self": text, "body": text}});
        if let Ok(decoded) = Jira::decode(&Request::post_json(&body.to_string()), &fields()) {
            testing::check_decoded(&decoded);
        }
    }
}
