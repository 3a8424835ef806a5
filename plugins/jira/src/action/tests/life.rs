//! Whole lives of an incident against a Jira in memory.

use super::peer::Peer;
use super::*;

fn noted(text: &str) -> Context {
    let mut context = context(ChangeKind::Noted);
    context.change.text = text.to_owned();
    context
}

#[test]
fn an_incident_lives_as_one_issue_in_both_products() {
    for is_cloud in [true, false] {
        let (mut jira, ticket) = (Peer::new(is_cloud), ticket(&[]));
        let outcome = jira.told(&context(ChangeKind::Opened), &ticket);
        assert_eq!(outcome.summary, "created OPS-1");
        let host = if is_cloud { CLOUD } else { SERVER };
        let reference = outcome.references.first().expect("a reference");
        assert_eq!((reference.key.as_str(), reference.value.as_str()), ("issue", "OPS-1"));
        assert_eq!(reference.url.as_deref(), Some(format!("https://{host}/browse/OPS-1").as_str()));
        assert_eq!(outcome.updates, [Label { key: "jira_issue".to_owned(), value: "OPS-1".to_owned() }]);

        jira.told(&context(ChangeKind::Acknowledged), &ticket);
        assert_eq!(jira.issues[0].status, "In Progress");
        let outcome = jira.told(&noted("The disk is on its way."), &ticket);
        assert_eq!((outcome.summary.as_str(), outcome.references.len()), ("OPS-1 has a comment", 0));
        jira.told(&context(ChangeKind::Resolved), &ticket);
        assert_eq!(jira.issues[0].status, "Done");
        jira.told(&context(ChangeKind::Reopened), &ticket);
        assert_eq!(jira.issues[0].status, "To Do");

        assert_eq!(jira.issues.len(), 1);
        let comments: Vec<String> = jira.issues[0].comments.iter().map(|c| c["body"].to_string()).collect();
        assert_eq!(comments.len(), 3, "{comments:?}");
        for (comment, word) in
            comments.iter().zip(["· acknowledged ·", "The disk is on its way.", "· reopened ·"])
        {
            assert!(comment.contains(word), "{comment}");
        }
    }
}

#[test]
fn a_lost_answer_makes_no_second_issue() {
    for is_cloud in [true, false] {
        let (mut jira, ticket) = (Peer::new(is_cloud), ticket(&[]));
        (jira.lost, jira.lag) = (1, 20);
        let outcome = jira.told(&context(ChangeKind::Opened), &ticket);
        assert_eq!(outcome.summary, "OPS-1 was found by its label");
        assert_eq!((jira.issues.len(), outcome.references.len(), outcome.updates.len()), (1, 1, 1));
    }
}

#[test]
fn a_lost_answer_makes_no_second_comment() {
    for is_cloud in [true, false] {
        let (mut jira, ticket) = (Peer::new(is_cloud), ticket(&[]));
        jira.told(&context(ChangeKind::Opened), &ticket);
        jira.lost = 1;
        let outcome = jira.told(&noted("once"), &ticket);
        assert_eq!(outcome.summary, "OPS-1 has the comment of an earlier attempt");
        assert_eq!(jira.issues[0].comments.len(), 1);
        // Another text is another comment, and so is the same one a day later.
        jira.lost = 1;
        let mut tomorrow = noted("once");
        tomorrow.change.at = tocsin_plugin::Timestamp::from_seconds(1_767_323_045 + 86_400);
        jira.told(&Context { attempt: 2, ..noted("twice") }, &ticket);
        jira.attempt(&Context { attempt: 2, ..tomorrow }, &ticket).expect("a comment");
        assert_eq!(jira.issues[0].comments.len(), 3);
    }
}

#[test]
fn a_lost_answer_to_a_transition_is_not_a_second_transition() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[texts("comment_on", &["resolved"])]));
    jira.told(&context(ChangeKind::Opened), &ticket);
    jira.lost = 1;
    let outcome = jira.told(&context(ChangeKind::Resolved), &ticket);
    assert_eq!(outcome.summary, "OPS-1 is Done already; OPS-1 has a comment");
    assert_eq!(jira.log.iter().filter(|line| line.ends_with("POST /issue/OPS-1/transitions")).count(), 1);
    assert_eq!(jira.issues[0].comments.len(), 1);
}

#[test]
fn a_transition_is_found_by_its_name_then_by_the_status_then_by_the_category() {
    for (wanted, expected) in [
        ("close", "Done"),
        ("Won't do", "Rejected"),
        ("REJECTED", "Rejected"),
        ("done", "Cancelled"),
        ("to do", "Triage"),
        ("in progress", "In Progress"),
    ] {
        let status = |name: &str, category: &str| json!({"name": name, "statusCategory": {"key": category}});
        let document = json!({"transitions": [
            {"id": "1", "name": "Cancel", "to": status("Cancelled", "done")},
            {"id": "2", "name": "Won't do", "to": status("Rejected", "done")},
            {"id": "3", "name": "Close", "to": status("Done", "done"), "isAvailable": wanted != "done"},
            {"id": "4", "name": "Back", "to": status("Triage", "new")},
            {"id": "5", "name": "Review", "to": status("In Review", "indeterminate")},
            {"id": "6", "name": "Start", "to": status("In Progress", "indeterminate")},
            {"name": "without an id"}, null, 7,
        ]});
        let transitions = super::super::transition::read(&document);
        let chosen = super::super::transition::pick(&transitions, &[wanted]).expect("a transition");
        assert_eq!(chosen.to.name, expected, "{wanted}");
        assert_eq!(super::super::transition::pick(&transitions, &["nowhere"]), None);
        // The operator's order counts before the way in which a word fits.
        let first = super::super::transition::pick(&transitions, &["nowhere", "new", "start"]).expect("one");
        assert_eq!(first.to.name, "Triage");
    }
}

#[test]
fn fields_of_the_resolution_go_with_its_transition() {
    let fields = text("resolve_fields", r#"{"resolution": {"name": "Fixed"}}"#);
    let (mut jira, ticket) = (Peer::new(false), ticket(&[fields]));
    jira.told(&context(ChangeKind::Opened), &ticket);
    jira.told(&context(ChangeKind::Acknowledged), &ticket);
    assert_eq!(jira.issues[0].resolution, None);
    jira.told(&context(ChangeKind::Resolved), &ticket);
    assert_eq!(jira.issues[0].resolution, Some(json!({"name": "Fixed"})));
}

#[test]
fn when_no_transition_fits_the_issue_and_the_receipt_say_so() {
    for is_cloud in [true, false] {
        let mut jira = Peer::new(is_cloud);
        jira.workflow.retain(|(_, _, to)| *to != "Done");
        let lenient = ticket(&[]);
        jira.told(&context(ChangeKind::Opened), &lenient);
        let outcome = jira.told(&context(ChangeKind::Resolved), &lenient);
        let why = "no transition from To Do leads to resolved, closed, done; there are Start";
        assert_eq!(outcome.summary, format!("OPS-1 was not moved: {why}; OPS-1 has a comment"));
        let comment = jira.issues[0].comments[0]["body"].to_string();
        assert!(
            comment.contains("Resolved after 0 s · Disk full on db-1") && comment.contains(why),
            "{comment}"
        );

        let strict = ticket(&[boolean("require_transition", true)]);
        let verdict = jira.deliver(&context(ChangeKind::Resolved), &strict);
        assert!(matches!(&verdict, Err(Failure::Rejected(said)) if said.contains(why)), "{verdict:?}");
        assert_eq!(jira.issues[0].comments.len(), 1);
    }
}

#[test]
fn an_issue_that_somebody_moved_already_is_left_where_it_is() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[texts("resolve_transition", &["Closed for good"])]));
    jira.told(&context(ChangeKind::Opened), &ticket);
    jira.issues[0].status = "Done".to_owned();
    let outcome = jira.told(&context(ChangeKind::Resolved), &ticket);
    assert_eq!(outcome.summary, "OPS-1 is Done already");
    assert!(jira.issues[0].comments.is_empty());
}

#[test]
fn an_incident_that_was_over_before_it_could_be_sent_is_an_issue_that_is_done() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[]));
    let outcome = jira.told(&context(ChangeKind::Resolved), &ticket);
    assert!(outcome.summary.starts_with("created OPS-1; OPS-1 moved to Done"), "{}", outcome.summary);
    assert_eq!((jira.issues.len(), jira.issues[0].status.as_str()), (1, "Done"));
}

#[test]
fn an_issue_is_made_for_a_later_change_when_there_is_none() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[]));
    let outcome = jira.told(&context(ChangeKind::Acknowledged), &ticket);
    assert_eq!(outcome.summary, "created OPS-1; OPS-1 moved to In Progress by \"Start\"");
    assert!(jira.issues[0].comments.is_empty(), "the description tells it");
}

#[test]
fn what_fails_after_an_issue_was_made_does_not_make_it_forgotten() {
    let (ticket, context) = (ticket(&[]), context(ChangeKind::Acknowledged));
    let (_, state) = sent(Jira::encode(&context, &account(), &ticket));
    let nothing = response(200, &[], r#"{"issues": []}"#);
    let (_, state) = sent(Jira::resume(&context, &account(), &ticket, &state, &nothing));
    let made = response(
        201,
        &[],
        r#"{"id": "1", "key": "OPS-9", "self": "https://elsewhere.example/rest/api/3/issue/1"}"#,
    );
    let (_, state) = sent(Jira::resume(&context, &account(), &ticket, &state, &made));
    for status in [500, 403, 400] {
        let failed = response(status, &[], "");
        match Jira::resume(&context, &account(), &ticket, &state, &failed) {
            Ok(Step::Delivered(outcome)) => {
                assert!(
                    outcome.summary.starts_with("created OPS-9; the rest was left undone"),
                    "{outcome:?}"
                );
                // The address that Jira gave is on another host.
                let reference = outcome.references.first().expect("a reference");
                assert_eq!((reference.value.as_str(), reference.url.as_deref()), ("OPS-9", None));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_deleted_issue_is_made_anew_only_when_the_problem_comes_back() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[]));
    jira.told(&context(ChangeKind::Opened), &ticket);
    jira.issues.clear();
    for kind in [ChangeKind::Noted, ChangeKind::Acknowledged, ChangeKind::Resolved] {
        let verdict = jira.deliver(&context(kind), &ticket);
        assert!(
            matches!(&verdict, Err(Failure::Rejected(why)) if why.contains("OPS-1 was deleted")),
            "{verdict:?}"
        );
    }
    let outcome = jira.told(&context(ChangeKind::Reopened), &ticket);
    assert_eq!((outcome.summary.as_str(), jira.issues.len()), ("created OPS-1", 1));
}

#[test]
fn a_moved_issue_is_followed() {
    let (ticket, mut context) = (ticket(&[]), context(ChangeKind::Resolved));
    let (key, value) = ("issue".to_owned(), "OPS-1".to_owned());
    context.references = vec![Reference { key, value, url: None }];
    let (request, state) = sent(Jira::encode(&context, &account(), &ticket));
    assert_eq!(request.path, "/rest/api/3/issue/OPS-1");
    let moved = r#"{"id":"1","key":"SEC-4","self":"https://example.atlassian.net/rest/api/3/issue/1",
        "fields":{"status":{"name":"Erledigt","statusCategory":{"key":"done"}}}}"#;
    match Jira::resume(&context, &account(), &ticket, &state, &response(200, &[], moved)) {
        Ok(Step::Delivered(outcome)) => {
            assert_eq!(outcome.summary, "OPS-1 is now SEC-4; SEC-4 is Erledigt already");
            let url = outcome.references.first().and_then(|reference| reference.url.as_deref());
            assert_eq!(url, Some("https://example.atlassian.net/browse/SEC-4"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_issue_makes_no_issue_about_itself() {
    let label = |key: &str, value: &str| Label { key: key.to_owned(), value: value.to_owned() };
    let made_here = label("labels", "shop, tocsin-01kdyq3m8800000000000000aa");
    for (labels, is_own) in [
        (vec![label("issue", "OPS-7"), label("project", "OPS")], true),
        (vec![label("issue", "ops-7")], true),
        (vec![label("issue", "SEC-7"), made_here.clone()], true),
        (vec![label("issue", "SEC-7"), label("labels", "tocsin-like")], false),
        (vec![label("issue", "OPS-x")], false),
        (vec![label("issue", "OPSX-7")], false),
        (vec![label("project", "OPS"), made_here], false),
    ] {
        for kind in ChangeKind::ALL {
            let mut context = context(kind);
            context.incident.labels = labels.clone();
            let skips = |ticket: &Ticket| {
                let step = Jira::encode(&context, &account(), ticket);
                matches!(&step, Ok(Step::Skipped(why)) if why.contains("skip_own_issues"))
            };
            assert_eq!(skips(&ticket(&[])), is_own, "{labels:?}");
            assert!(!skips(&ticket(&[boolean("skip_own_issues", false)])));
        }
    }
}

#[test]
fn changes_that_nobody_asked_for_are_skipped_without_a_request() {
    let (mut jira, ticket) = (Peer::new(true), ticket(&[]));
    jira.told(&context(ChangeKind::Opened), &ticket);
    jira.log.clear();
    for kind in [ChangeKind::Opened, ChangeKind::Repeated, ChangeKind::Flapping, ChangeKind::Steady] {
        assert!(matches!(jira.deliver(&context(kind), &ticket), Ok(Step::Skipped(_))), "{kind:?}");
    }
    jira.references.clear();
    assert!(matches!(jira.deliver(&context(ChangeKind::Steady), &ticket), Ok(Step::Skipped(_))));
    assert!(jira.log.is_empty(), "{:?}", jira.log);
}
