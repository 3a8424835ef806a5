//! What each answer means, at each place where it can come.

use super::*;
use tocsin_plugin::{Place, Probe};

/// The verdict's name on an answer to the request that the context leads to first.
fn verdict(context: &Context, answer: &Response) -> (&'static str, String) {
    let ticket = ticket(&[]);
    let (_, state) = sent(Jira::encode(context, &account(), &ticket));
    match Jira::resume(context, &account(), &ticket, &state, answer) {
        Ok(Step::Delivered(outcome)) => ("delivered", outcome.summary),
        Ok(Step::Send(request, _)) => ("goes on", request.path),
        Ok(Step::Skipped(why)) => ("skipped", why),
        Err(Failure::Retry { reason, after_ms: Some(30_000) }) => ("waits as asked", reason),
        Err(Failure::Retry { reason, .. }) => ("retry", reason),
        Err(Failure::Rejected(why)) => ("rejected", why),
        Err(Failure::Misconfigured(why)) => ("misconfigured", why),
    }
}

/// Status, headers and body of an answer; the verdict's name and what it says.
type Row<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, &'a str, &'a str);

fn check(context: &Context, table: &[Row<'_>]) {
    for (status, headers, body, expected, says) in table {
        let (found, why) = verdict(context, &response(*status, headers, body));
        assert_eq!(found, *expected, "{status} {body}: {why}");
        assert!(why.contains(says), "{status} {body}: {why}");
    }
}

const FAILED: (&str, &str) = ("X-Seraph-LoginReason", "AUTHENTICATED_FAILED");
const CAPTCHA: (&str, &str) =
    ("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=https://jira.example/login.jsp");

#[test]
fn every_answer_to_a_new_issue_has_its_verdict() {
    check(
        &context(ChangeKind::Opened),
        &[
            (201, &[], r#"{"id":"1","key":"OPS-7","self":"x"}"#, "delivered", "created OPS-7"),
            (201, &[FAILED], r#"{"id":"1","key":"OPS-7"}"#, "delivered", "created OPS-7"),
            (201, &[], r#"{"id":"1"}"#, "delivered", "created 1"),
            (201, &[], r#"{"key":"../../x"}"#, "retry", "did not say which"),
            (201, &[], "", "retry", "did not say which"),
            (200, &[], "<html>Log in</html>", "misconfigured", "signing in"),
            (
                400,
                &[],
                r#"{"errorMessages":[],"errors":{"customfield_1":"is required"}}"#,
                "rejected",
                "customfield_1: is required",
            ),
            (
                400,
                &[],
                r#"{"errors":{"labels":"Field 'labels' cannot be set."}}"#,
                "rejected",
                "mark = false",
            ),
            (
                400,
                &[],
                r#"{"errors":{"issuetype":"valid issue type is required"}}"#,
                "rejected",
                "`issue_type`",
            ),
            (400, &[], r#"{"errors":{"project":"valid project is required"}}"#, "rejected", "`project`"),
            (400, &[], r#"{"errors":{"priority":"cannot be set"}}"#, "rejected", "screen"),
            (400, &[], r#"{"errorMessages":["INVALID_INPUT"]}"#, "rejected", "INVALID_INPUT"),
            (401, &[], "", "misconfigured", "token"),
            (401, &[CAPTCHA], "", "misconfigured", "CAPTCHA"),
            (403, &[CAPTCHA], "<html>", "misconfigured", "CAPTCHA"),
            (403, &[("x-seraph-loginreason", "AUTHENTICATION_DENIED")], "", "misconfigured", "CAPTCHA"),
            (403, &[], r#"{"errorMessages":["no permission"]}"#, "misconfigured", "no permission"),
            (404, &[], "<html>", "misconfigured", "root of a Jira site"),
            (404, &[FAILED], r#"{"errorMessages":["x"]}"#, "misconfigured", "does not know this user"),
            (404, &[], r#"{"errorMessages":["x"]}"#, "misconfigured", "root of a Jira site"),
            (302, &[("location", "https://jira.example/login?t=1")], "", "misconfigured", "redirect"),
            (413, &[], "", "rejected", "413"),
            (409, &[], "", "retry", "409"),
            (
                429,
                &[("Retry-After", "30")],
                r#"{"errorMessages":["Rate limit exceeded"]}"#,
                "waits as asked",
                "429",
            ),
            (503, &[("Retry-After", "30")], "", "waits as asked", "503"),
            (500, &[], "<html>", "retry", "500"),
            (418, &[], "", "rejected", "418"),
        ],
    );
}

#[test]
fn every_answer_to_a_search_has_its_verdict() {
    let mut noted = context(ChangeKind::Noted);
    check(
        &noted,
        &[
            (
                200,
                &[],
                r#"{"issues":[{"id":"1","key":"OPS-7"},{"key":"OPS-8"}],"isLast":true}"#,
                "goes on",
                "/issue/OPS-7/comment",
            ),
            (200, &[], r#"{"issues":[{"id":"10042"}]}"#, "goes on", "/issue/10042/comment"),
            (200, &[], r#"{"issues":[]}"#, "goes on", "/rest/api/3/issue"),
            (200, &[FAILED], r#"{"issues":[]}"#, "misconfigured", "does not know this user"),
            (200, &[], r#"{"total":0}"#, "rejected", "without `issues`"),
            (200, &[], "", "rejected", "without `issues`"),
            (
                410,
                &[],
                r#"{"errorMessages":["The requested API has been removed."]}"#,
                "misconfigured",
                "spoken to as Cloud already",
            ),
            (400, &[], r#"{"errorMessages":["Error in the JQL Query"]}"#, "rejected", "JQL"),
        ],
    );
    noted.host = SERVER.to_owned();
    let removed = r#"{"errorMessages":["The requested API has been removed."]}"#;
    check(
        &noted,
        &[
            (200, &[], r#"{"issues":[]}"#, "goes on", "/rest/api/2/issue"),
            (410, &[], removed, "misconfigured", "set `api = \"cloud\"`"),
        ],
    );
}

#[test]
fn every_answer_about_an_issue_that_is_known_has_its_verdict() {
    let known = |kind| {
        let (key, value) = ("issue".to_owned(), "OPS-7".to_owned());
        Context { references: vec![Reference { key, value, url: None }], ..context(kind) }
    };
    check(
        &known(ChangeKind::Noted),
        &[
            (201, &[], r#"{"id":"1"}"#, "delivered", "OPS-7 has a comment"),
            (201, &[], "", "delivered", "OPS-7 has a comment"),
            (404, &[], r#"{"errorMessages":["Issue does not exist"]}"#, "rejected", "OPS-7 was deleted"),
            (404, &[], "<html>", "misconfigured", "root of a Jira site"),
            (400, &[], r#"{"errors":{"comment":"too long"}}"#, "rejected", "comment: too long"),
        ],
    );
    check(
        &known(ChangeKind::Resolved),
        &[
            (
                200,
                &[],
                r#"{"key":"OPS-7","fields":{"status":{"name":"Open"}}}"#,
                "goes on",
                "/OPS-7/transitions",
            ),
            (200, &[], "{}", "goes on", "/OPS-7/transitions"),
            (200, &[], r#"{"fields":{"status":{"name":"CLOSED"}}}"#, "delivered", "CLOSED already"),
            (404, &[], r#"{"errorMessages":["Issue does not exist"]}"#, "rejected", "OPS-7 was deleted"),
        ],
    );
    check(
        &known(ChangeKind::Reopened),
        &[(404, &[], r#"{"errorMessages":["Issue does not exist"]}"#, "goes on", "/rest/api/3/issue")],
    );
}

#[test]
fn a_transition_that_is_refused_names_its_fields() {
    let (key, value) = ("issue".to_owned(), "OPS-7".to_owned());
    let resolved =
        Context { references: vec![Reference { key, value, url: None }], ..context(ChangeKind::Resolved) };
    let ticket = ticket(&[]);
    let mut step = Jira::encode(&resolved, &account(), &ticket);
    for (status, body) in [
        (200, r#"{"key":"OPS-7","fields":{"status":{"name":"To Do"}}}"#),
        (200, r#"{"transitions":[{"id":"31","name":"Done","to":{"name":"Done"}}]}"#),
        (400, r#"{"errorMessages":[],"errors":{"resolution":"Resolution is required."}}"#),
    ] {
        let (_, state) = sent(step);
        step = Jira::resume(&resolved, &account(), &ticket, &state, &response(status, &[], body));
    }
    assert!(
        matches!(&step, Err(Failure::Rejected(why)) if why.contains("resolution: Resolution is required; set it with `resolve_fields`")),
        "{step:?}"
    );
}

#[test]
fn a_broken_state_is_a_verdict_and_no_panic() {
    for state in [&b""[..], b"{}", b"[]", b"\xff", br#"{"at":"nowhere","key":"OPS-1"}"#] {
        let step = Jira::resume(
            &context(ChangeKind::Opened),
            &account(),
            &ticket(&[]),
            state,
            &response(200, &[], "{}"),
        );
        assert!(matches!(step, Err(Failure::Rejected(_))), "{step:?}");
    }
}

#[test]
fn a_connection_is_tried_by_asking_who_it_is() {
    for (host, path) in [(CLOUD, "/rest/api/3/myself"), (SERVER, "/rest/api/2/myself")] {
        let Some(Probe { request, place }) = Jira::probe(host, &account()) else { panic!("no probe") };
        assert_eq!((request.method.as_str(), request.path.as_str(), place), ("GET", path, Place::End));
        assert!(request.body.is_empty());
    }
    let probed = |status, headers: &[(&str, &str)], body| {
        Jira::probed(CLOUD, &account(), &response(status, headers, body))
    };
    assert_eq!(
        probed(
            200,
            &[],
            r#"{"accountId":"5b10","emailAddress":"bot@example.org","displayName":"Tocsin Bot"}"#
        ),
        Ok("signed in as Tocsin Bot".to_owned())
    );
    assert_eq!(probed(200, &[], r#"{"name":"tocsin","key":"tocsin"}"#), Ok("signed in as tocsin".to_owned()));
    for (status, headers, body) in [
        (401, &[][..], ""),
        (403, &[CAPTCHA][..], ""),
        (404, &[][..], r#"{"errorMessages":["x"]}"#),
        (200, &[][..], "<html>"),
        (200, &[][..], "{}"),
        (400, &[][..], ""),
        (302, &[][..], ""),
    ] {
        let outcome = probed(status, headers, body);
        assert!(matches!(outcome, Err(Failure::Misconfigured(_))), "{status} {body}: {outcome:?}");
    }
    for status in [429, 503] {
        assert!(matches!(probed(status, &[], ""), Err(Failure::Retry { .. })));
    }
}
