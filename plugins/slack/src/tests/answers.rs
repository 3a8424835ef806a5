//! Verdicts on an incoming webhook's answers.
//!
//! Never by the status alone.

use tocsin_plugin::Header;

use super::*;

/// One word for a verdict, with the wait that Slack asked for.
pub(crate) fn word(outcome: &Result<Step, Failure>) -> &'static str {
    match outcome {
        Ok(Step::Delivered(_)) => "delivered",
        Ok(_) => "goes on",
        Err(Failure::Retry { after_ms: Some(30_000), .. }) => "retry",
        Err(Failure::Retry { .. }) => "retry without a time",
        Err(Failure::Rejected(_)) => "rejected",
        Err(Failure::Misconfigured(_)) => "misconfigured",
    }
}

pub(crate) fn response(status: u16, body: &str) -> Response {
    let headers = vec![Header { name: "retry-after".to_owned(), value: "30".to_owned() }];
    Response { status, headers, body: body.as_bytes().to_vec() }
}

fn outcome(status: u16, body: &str) -> Result<Step, Failure> {
    Slack::resume(&example_context(), &workspace(Mode::Auto), &fields(), &[], &response(status, body))
}

#[test]
fn every_documented_answer_has_its_verdict() {
    for (status, body, expected) in [
        (200, "ok", "delivered"),
        (200, "ok\n", "delivered"),
        (200, r#"{"ok":true}"#, "delivered"),
        (200, "", "rejected"),
        (200, "<html>login</html>", "rejected"),
        (202, "ok", "rejected"),
        (200, "no_channel", "rejected"),
        (400, "invalid_payload", "rejected"),
        (400, "no_text", "rejected"),
        (400, "user_not_found", "rejected"),
        (400, "invalid_blocks", "rejected"),
        (400, "too_many_attachments", "rejected"),
        (403, "action_prohibited", "misconfigured"),
        (403, "invalid_token", "misconfigured"),
        (403, "posting_to_general_channel_denied", "misconfigured"),
        (403, "team_disabled", "misconfigured"),
        (404, "channel_not_found", "misconfigured"),
        (404, "no_service", "misconfigured"),
        (404, "no_active_hooks", "misconfigured"),
        (404, "no_team", "misconfigured"),
        (404, "<html>", "misconfigured"),
        (410, "channel_is_archived", "misconfigured"),
        (302, "", "misconfigured"),
        (429, "rate_limited", "retry"),
        (429, r#"{"ok":false,"error":"ratelimited"}"#, "retry"),
        (500, "rollup_error", "retry"),
        (503, "", "retry"),
        (418, "teapot", "rejected"),
    ] {
        assert_eq!(word(&outcome(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn a_connection_that_is_paused_says_what_to_do() {
    for body in ["no_service", "invalid_token", "channel_is_archived", "action_prohibited", "no_team", "?"] {
        let Err(Failure::Misconfigured(why)) = outcome(403, body) else { panic!("{body}") };
        let says = |word: &str| why.contains(word);
        assert!(says("webhook") || says("ask "), "{why}");
    }
}

/// What the class of a sample asks for.
fn expected(class: &str) -> &'static str {
    match class {
        "success" => "delivered",
        "retry after Retry-After seconds" | "retryable" => "retry",
        _ if class.starts_with("permanent(config)") => "misconfigured",
        _ if class.starts_with("permanent") => "rejected",
        other => panic!("the class `{other}` is unknown"),
    }
}

#[test]
fn every_row_of_the_samples_has_the_verdict_of_its_class() {
    let mut rows = 0;
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-slack/responses", |name, bytes| {
        let table: Vec<Value> =
            serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for row in &table {
            let status = row["status"].as_u64().and_then(|s| u16::try_from(s).ok()).expect("a status");
            let class = row["class"].as_str().expect("a class");
            // Where two bodies are documented, they stand side by side.
            for body in row["body"].as_str().expect("a body").split(" | ") {
                assert_eq!(word(&outcome(status, body)), expected(class), "{row}");
                rows += 1;
            }
        }
    });
    assert!(rows == 0 || rows > 15, "{rows} rows");
}
