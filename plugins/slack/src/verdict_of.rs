//! What Slack's answer means: the status and the body together.
//!
//! Never takes 200 for a success: Slack says `ok`, or it says why not in one word.

use tocsin_plugin::prelude::*;

/// What a word of Slack's means.
enum Meaning {
    /// The connection is wrong; what to do.
    Connection(&'static str),
    /// This message is wrong.
    Message,
    /// Slack's own trouble.
    Later,
}

const NEW_WEBHOOK: &str = "create a new webhook in the Slack app and put its address into the connection";

/// The verdict on an answer.
pub(crate) fn answer(context: &Context, response: &Response) -> Result<Step, Failure> {
    let word = word(response);
    if response.status == 200 && word == "ok" {
        return Ok(Receipt::delivered("posted to Slack").into());
    }
    let said = verdict::answer(response);
    match (response.status, meaning(&word)) {
        (429, _) | (_, Some(Meaning::Later)) => Err(verdict::retry(context, response)),
        (_, Some(Meaning::Connection(mend))) => Err(Failure::misconfigured(format!("Slack {said}; {mend}"))),
        (_, Some(Meaning::Message)) => Err(Failure::rejected(format!("Slack {said}"))),
        (408 | 425 | 500..=599, None) => Err(verdict::retry(context, response)),
        (300..=399, None) => Err(Failure::misconfigured(format!(
            "{said}; the address in the connection is not a Slack webhook"
        ))),
        (401 | 403 | 404 | 410, None) => Err(Failure::misconfigured(format!("Slack {said}; {NEW_WEBHOOK}"))),
        (200..=299, None) => Err(Failure::rejected(format!("not posted: Slack {said} instead of `ok`"))),
        (_, None) => Err(Failure::rejected(format!("Slack {said}"))),
    }
}

/// The one word of the answer. Slack's other interfaces wrap it in JSON.
fn word(response: &Response) -> String {
    if let Some(document) = response.json().filter(serde_json::Value::is_object) {
        if document.get("ok") == Some(&true.into()) {
            return "ok".to_owned();
        }
        return json::text(&document, "error").unwrap_or_default();
    }
    response.text().trim().to_owned()
}

fn meaning(word: &str) -> Option<Meaning> {
    Some(match word {
        "no_service" | "no_service_id" | "no_active_hooks" | "invalid_token" | "token_revoked"
        | "account_inactive" => Meaning::Connection(
            "the webhook was removed or its app is disabled: create a new webhook in the Slack app and put its address into the connection",
        ),
        "no_team" | "team_disabled" => Meaning::Connection(
            "the workspace is gone or disabled: ask its owner, or put another workspace's webhook into the connection",
        ),
        "channel_not_found" | "no_channel" => Meaning::Connection(
            "the webhook's channel is gone: create a new webhook for another channel and put its address into the connection",
        ),
        "channel_is_archived" | "is_archived" => Meaning::Connection(
            "the webhook's channel is archived: unarchive it, or create a webhook for another channel",
        ),
        "action_prohibited" | "restricted_action" => Meaning::Connection(
            "an administrator of the workspace has restricted posting: ask for the app to be allowed",
        ),
        "posting_to_general_channel_denied" => Meaning::Connection(
            "the webhook posts to #general and its creator may not: create a webhook for another channel",
        ),
        "user_not_found"
        | "invalid_payload"
        | "no_text"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "too_many_attachments"
        | "msg_blocks_too_long"
        | "msg_too_long" => Meaning::Message,
        "rollup_error"
        | "rate_limited"
        | "ratelimited"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable" => Meaning::Later,
        _ => return None,
    })
}
