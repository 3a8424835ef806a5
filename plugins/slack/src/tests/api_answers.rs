//! Verdicts on the Web API's answers.
//!
//! Never a paused connection for a wrong channel, and never a rejected delivery for a wrong token.

use tocsin_plugin::Header;

use super::answers::{response, word};
use super::*;

fn settings() -> Fields {
    Fields { channel: Some("C024BE91L".to_owned()), ..fields() }
}

/// The outcome when a first post is answered so.
fn posted(status: u16, body: &str) -> Result<Step, Failure> {
    let (context, bot) = (example_context(), workspace(Mode::Bot));
    let Ok(Step::Send(_, state)) = Slack::encode(&context, &bot, &settings()) else { panic!("no request") };
    Slack::resume(&context, &bot, &settings(), &state, &response(status, body))
}

fn refused(word: &str) -> Result<Step, Failure> {
    posted(200, &format!(r#"{{"ok":false,"error":"{word}"}}"#))
}

#[test]
fn a_wrong_token_pauses_the_connection() {
    for error in [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "not_allowed_token_type",
        "org_login_required",
        "ekm_access_denied",
        "unknown_method",
    ] {
        let Err(Failure::Misconfigured(why)) = refused(error) else { panic!("{error}") };
        let mend = ["xoxb-", "scope", "administrator", "https://slack.com/api"];
        assert!(why.contains(error) && mend.iter().any(|words| why.contains(words)), "{why}");
    }
    let scope = r#"{"ok":false,"error":"missing_scope","needed":"chat:write:bot","provided":"identify"}"#;
    assert!(matches!(posted(200, scope), Err(Failure::Misconfigured(why)) if why.contains("chat:write:bot")));
}

#[test]
fn a_wrong_channel_rejects_the_delivery_and_says_what_to_change() {
    for error in [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "user_not_found",
    ] {
        let Err(Failure::Rejected(why)) = refused(error) else { panic!("{error}") };
        assert!(why.contains(error) && why.contains("C024BE91L") && why.contains("channel"), "{why}");
    }
    for error in ["msg_too_long", "metadata_too_large", "never_heard_of"] {
        assert_eq!(word(&refused(error)), "rejected", "{error}");
    }
}

#[test]
fn slacks_own_trouble_is_waited_for() {
    for error in ["ratelimited", "rate_limited", "internal_error", "fatal_error", "team_added_to_org"] {
        assert_eq!(word(&refused(error)), "retry", "{error}");
    }
    for (status, body) in
        [(429, ""), (429, r#"{"ok":false,"error":"ratelimited"}"#), (503, "<html>"), (500, "")]
    {
        assert_eq!(word(&posted(status, body)), "retry", "{status} {body}");
    }
}

#[test]
fn what_is_not_slack_has_not_posted() {
    for (status, body, expected) in [
        (200, "ok", "rejected"),
        (200, "", "rejected"),
        (200, "<html>login</html>", "rejected"),
        (200, r#"{"ok":"true"}"#, "rejected"),
        (201, r#"{"ok":true}"#, "rejected"),
        (302, "", "misconfigured"),
        (404, "not found", "misconfigured"),
        (401, "", "misconfigured"),
        (418, "teapot", "rejected"),
    ] {
        assert_eq!(word(&posted(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn a_post_without_a_place_is_delivered_and_not_remembered() {
    let Ok(Step::Delivered(outcome)) = posted(200, r#"{"ok":true}"#) else { panic!("not delivered") };
    assert!(outcome.references.iter().all(|kept| kept.key == "place:ops"), "{outcome:?}");
}

fn probed(status: u16, scopes: Option<&str>, body: &str) -> Result<String, Failure> {
    let mut response = response(status, body);
    let header = scopes.map(|value| Header { name: "x-oauth-scopes".to_owned(), value: value.to_owned() });
    response.headers.extend(header);
    Slack::probed("slack.com", &workspace(Mode::Bot), &response)
}

#[test]
fn a_tried_connection_says_whose_token_it_is() {
    let bot = r#"{"ok":true,"url":"https://acme.slack.com/","team":"Acme","user":"tocsin","bot_id":"B1"}"#;
    let found = probed(200, Some("chat:write,channels:history"), bot);
    assert_eq!(found.as_deref(), Ok("the bot tocsin of the workspace Acme (https://acme.slack.com/)"));
    assert!(probed(200, Some("chat:write"), bot).is_ok_and(|found| found.contains("may post twice")));
    assert!(probed(200, None, bot).is_ok_and(|found| !found.contains("twice")));
    let lacks = probed(200, Some("identify"), bot);
    assert!(matches!(lacks, Err(Failure::Misconfigured(why)) if why.contains("`chat:write`")));
}

#[test]
fn a_tried_connection_says_what_is_wrong_with_it() {
    let wrong = |status, body| probed(status, None, body).expect_err("wrong");
    for body in [r#"{"ok":false,"error":"invalid_auth"}"#, r#"{"ok":false,"error":"token_revoked"}"#] {
        assert!(matches!(wrong(200, body), Failure::Misconfigured(why) if why.contains("xoxb-")));
    }
    assert!(
        matches!(wrong(200, "<html>"), Failure::Misconfigured(why) if why.contains("https://slack.com/api"))
    );
    assert!(matches!(wrong(404, ""), Failure::Misconfigured(_)));
    for (status, body) in [(429, ""), (503, ""), (200, r#"{"ok":false,"error":"ratelimited"}"#)] {
        assert!(matches!(wrong(status, body), Failure::Retry { .. }), "{status} {body}");
    }
}
