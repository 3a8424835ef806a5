//! What the answers mean.

use super::*;

fn resumed(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Step, Failure> {
    // After the second try as text, so that a refusal is final.
    GoogleChat::resume(
        &example_context(),
        &(),
        &fields(),
        b"refused",
        &testing::response(status, headers, body),
    )
}

fn verdict(status: u16, body: &str) -> &'static str {
    let outcome = resumed(status, &[], body);
    if let Err(Failure::Misconfigured(why)) = &outcome {
        assert!(why.contains("webhook"), "{why}");
    }
    testing::verdict(&outcome)
}

const POSTED: &str =
    r#"{"name":"spaces/A/messages/B.C","thread":{"name":"spaces/A/threads/B"},"space":{"name":"spaces/A"}}"#;

#[test]
fn every_documented_answer_has_its_verdict() {
    for (status, body, expected) in [
        (200, POSTED, "delivered"),
        (200, r#"{"name":"spaces/A/messages/B.C"}"#, "delivered"),
        (200, r#"{"name":"spaces/A"}"#, "rejected"),
        (200, "{}", "rejected"),
        (200, "", "rejected"),
        (204, "", "rejected"),
        (200, "<html>login</html>", "rejected"),
        (302, "", "misconfigured"),
        (
            400,
            r#"{"error":{"code":400,"message":"Message cannot be empty.","status":"INVALID_ARGUMENT"}}"#,
            "rejected",
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#,
            "misconfigured",
        ),
        (401, "", "misconfigured"),
        (403, "", "misconfigured"),
        (404, "", "misconfigured"),
        (413, "", "rejected"),
        (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, "retry"),
        (500, "", "retry"),
        (503, "<html>", "retry"),
    ] {
        assert_eq!(verdict(status, body), expected, "{status} {body}");
    }
}

#[test]
fn what_google_calls_message_and_thread_is_kept() {
    let Ok(Step::Delivered(outcome)) = resumed(200, &[], POSTED) else { panic!("not delivered") };
    let kept: Vec<(&str, &str)> =
        outcome.references.iter().map(|r| (r.key.as_str(), r.value.as_str())).collect();
    assert_eq!(kept, [("message", "spaces/A/messages/B.C"), ("thread", "spaces/A/threads/B")]);
}

#[test]
fn a_failure_says_what_google_said_and_never_the_key() {
    let body = r#"{"error":{"code":403,"message":"Consumer 'api_key:AIzaSyTheKey' has been suspended.","status":"PERMISSION_DENIED"}}"#;
    let Err(Failure::Misconfigured(why)) = resumed(403, &[], body) else { panic!("not misconfigured") };
    assert!(why.contains("PERMISSION_DENIED") && why.contains("suspended") && !why.contains("AIza"), "{why}");
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let after = |headers: &[(&str, &str)]| match resumed(429, headers, "") {
        Err(Failure::Retry { after_ms, .. }) => after_ms,
        other => panic!("{other:?}"),
    };
    assert_eq!(after(&[("retry-after", "30")]), Some(30_000));
    assert_eq!(after(&[]), None);
}

#[test]
fn rows_of_the_response_table_have_the_class_that_they_document() {
    let rows = testing::for_each_answer(env!("CARGO_MANIFEST_DIR"), "out-googlechat/responses", |answer| {
        assert_eq!(verdict(answer.status, &answer.body), answer.documented(), "{}", answer.row);
    });
    assert!(rows == 0 || rows > 5, "{rows} rows");
}

#[test]
fn a_refused_card_is_sent_once_more_as_text_and_the_receipt_says_so() {
    let refused = testing::response(
        400,
        &[],
        r#"{"error":{"code":400,"message":"bad card","status":"INVALID_ARGUMENT"}}"#,
    );
    let step = GoogleChat::resume(&example_context(), &(), &fields(), &[], &refused);
    let Ok(Step::Send(request, state)) = step else { panic!("{step:?}") };
    let body = format!("{:?}", testing_body(&request));
    assert!(body.contains("Disk full on db-1") && !body.contains("cardsV2"), "{body}");
    let taken = testing::response(200, &[], POSTED);
    match GoogleChat::resume(&example_context(), &(), &fields(), &state, &taken) {
        Ok(Step::Delivered(outcome)) => {
            assert!(outcome.summary.contains("as text, because the card was refused: "), "{outcome:?}");
        }
        other => panic!("{other:?}"),
    }
    let again = GoogleChat::resume(&example_context(), &(), &fields(), &state, &refused);
    assert!(matches!(again, Err(Failure::Rejected(_))), "{again:?}");
}

fn testing_body(request: &HttpRequest) -> String {
    let parts = request.body.iter().map(|part| match part {
        Part::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("{other:?}"),
    });
    parts.collect()
}
