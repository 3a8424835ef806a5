//! Verdicts on an incoming webhook's answers.
//!
//! Never by the status alone.

use super::*;

/// One word for a verdict. A wait is always the one that Slack asked for.
pub(crate) fn word(outcome: &Result<Step, Failure>) -> &'static str {
    if let Err(Failure::Retry { after_ms, .. }) = outcome {
        assert_eq!(*after_ms, Some(30_000));
    }
    testing::verdict(outcome)
}

pub(crate) fn response(status: u16, body: &str) -> Response {
    testing::response(status, &[("retry-after", "30")], body)
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
        (400, "invalid_blocks", "goes on"),
        (400, "too_many_attachments", "goes on"),
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

#[test]
fn every_row_of_the_samples_has_the_verdict_of_its_class() {
    let rows = testing::for_each_answer(env!("CARGO_MANIFEST_DIR"), "out-slack/responses", |answer| {
        // Where two bodies are documented, they stand side by side.
        for body in answer.body.split(" | ") {
            // A refused layout is tried as plain text; that one's answer counts.
            let state: &[u8] = if error_codes::is_layout(body) { b"refused" } else { &[] };
            let (bot, response) = (workspace(Mode::Auto), response(answer.status, body));
            let outcome = Slack::resume(&example_context(), &bot, &fields(), state, &response);
            assert_eq!(word(&outcome), answer.documented(), "{}", answer.row);
        }
    });
    assert!(rows == 0 || rows > 15, "{rows} rows");
}
