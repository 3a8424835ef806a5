//! Slack's one-word answers and what they ask of whom.
//!
//! Never a word that nobody documents: what is not here is judged by its status.

/// What a word of Slack's means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The connection is wrong; what to do.
    Connection(&'static str),
    /// The action's settings are wrong; what to change.
    Action(&'static str),
    /// This message is wrong.
    Message,
    /// Slack's own trouble.
    Later,
}

/// What an incoming webhook's word means (api.slack.com/changelog/2016-05-17, and what receivers of it list).
pub(crate) fn webhook(word: &str) -> Option<Meaning> {
    Some(match word {
        "no_service" | "no_service_id" | "no_active_hooks" | "invalid_token" | "token_revoked"
        | "account_inactive" => Meaning::Connection(
            "the webhook was removed or its app is disabled: create a new webhook in the Slack app and put its address into the connection",
        ),
        "no_team" | "team_disabled" => Meaning::Connection(
            "the workspace is gone or disabled: ask its owner, or put another workspace's webhook into the connection",
        ),
        "channel_not_found" => Meaning::Connection(
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
        "no_channel"
        | "user_not_found"
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

const NEW_TOKEN: &str = "put the bot token of the installed Slack app (OAuth & Permissions, `xoxb-…`) into the connection's `token`";

/// What a word of the Web API means, for `chat.postMessage`, `chat.update` and `auth.test` (the errors that
/// docs.slack.dev/reference/methods lists for each).
pub(crate) fn web(word: &str) -> Option<Meaning> {
    connection(word).map(Meaning::Connection).or_else(|| action(word).map(Meaning::Action)).or_else(|| {
        Some(match word {
            "ratelimited"
            | "rate_limited"
            | "message_limit_exceeded"
            | "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
            | "external_channel_migrating"
            | "update_failed" => Meaning::Later,
            "invalid_blocks"
            | "invalid_blocks_format"
            | "invalid_attachments"
            | "msg_too_long"
            | "msg_blocks_too_long"
            | "no_text"
            | "too_many_attachments"
            | "attachment_payload_limit_exceeded"
            | "invalid_metadata_format"
            | "invalid_metadata_schema"
            | "metadata_too_large"
            | "invalid_arguments"
            | "invalid_arg_name"
            | "invalid_array_arg"
            | "invalid_charset"
            | "invalid_form_data"
            | "invalid_post_type"
            | "missing_post_type"
            | "invalid_json"
            | "json_not_object" => Meaning::Message,
            _ => return None,
        })
    })
}

/// Words that the same request with another channel or text would get as well.
fn connection(word: &str) -> Option<&'static str> {
    Some(match word {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => NEW_TOKEN,
        "not_allowed_token_type" | "metadata_must_be_sent_from_app" => {
            "this kind of token cannot post: a bot token of a Slack app begins with `xoxb-`"
        }
        "missing_scope" => {
            "add the scope `chat:write` to the Slack app's bot token scopes and install the app again"
        }
        "org_login_required"
        | "two_factor_setup_required"
        | "team_access_not_granted"
        | "accesslimited"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "access_denied" => "an administrator of the workspace has to allow the app",
        "unknown_method" | "method_deprecated" | "deprecated_endpoint" => {
            "the connection's url is not that of the Web API: use https://slack.com/api"
        }
        _ => return None,
    })
}

/// Words that are about the channel, which each action names.
fn action(word: &str) -> Option<&'static str> {
    Some(match word {
        "channel_not_found" => {
            "there is no such channel, or it is private and the bot is not in it: correct `channel`, or invite the bot with /invite"
        }
        "not_in_channel" | "no_permission" => {
            "the bot is not in the channel: invite it with /invite, or give the app the scope `chat:write.public`"
        }
        "is_archived" | "is_inactive" => {
            "the channel is archived: unarchive it, or name another in `channel`"
        }
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked"
        | "posting_to_general_channel_denied" => {
            "a preference of the workspace keeps the bot from posting there: have it allowed, or name another channel in `channel`"
        }
        "user_not_found" | "cannot_dm_bot" | "messages_tab_disabled" => {
            "this person cannot be written to: name a channel in `channel`"
        }
        "cannot_reply_to_message" | "thread_not_found" | "invalid_thread_ts" => {
            "the message takes no replies: name a channel with threads in `channel`"
        }
        _ => return None,
    })
}

/// The message that was to be edited is not there for this bot any more: a new one takes its place.
pub(crate) fn is_gone(word: &str) -> bool {
    matches!(
        word,
        "message_not_found"
            | "channel_not_found"
            | "cant_update_message"
            | "is_inactive"
            | "not_in_channel"
            | "no_permission"
            | "team_not_found"
    )
}

/// Slack refuses how the message is laid out: the same as plain text may be posted.
pub(crate) fn is_layout(word: &str) -> bool {
    matches!(
        word,
        "invalid_blocks"
            | "invalid_blocks_format"
            | "invalid_attachments"
            | "msg_blocks_too_long"
            | "too_many_attachments"
            | "attachment_payload_limit_exceeded"
    )
}
