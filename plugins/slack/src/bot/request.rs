//! The requests to the Web API.
//!
//! Never with the token anywhere but in the `authorization` header, where the host puts it.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;

use super::place::{EVENT_TYPE, Place};
use crate::Workspace;

/// Pages of one list that an attempt reads: with the request that posts, an attempt has 8.
pub(super) const PAGES_MAX: u64 = 2;
/// Messages on a page; Slack recommends 200 at most.
const PAGE: &str = "200";
/// Channels on a page (Slack: 999).
const CHANNELS_PAGE: &str = "999";
/// Seconds that Slack's clock may be behind.
const CLOCKS_APART_S: i64 = 300;

/// `chat.postMessage`, with the delivery's id in the metadata.
pub(super) fn post(
    workspace: &Workspace,
    context: &Context,
    mut body: Map<String, Value>,
    channel: &str,
    thread: Option<&str>,
) -> HttpRequest {
    body.insert("channel".to_owned(), channel.into());
    if let Some(ts) = thread {
        body.insert("thread_ts".to_owned(), ts.into());
    }
    let payload = json!({"delivery": context.delivery_id, "incident": context.incident.id});
    body.insert("metadata".to_owned(), json!({"event_type": EVENT_TYPE, "event_payload": payload}));
    let request = HttpRequest::post().path("/chat.postMessage").bearer(&workspace.token);
    request.json(&Value::Object(body))
}

/// `chat.update`; the metadata stays as it was.
pub(super) fn update(workspace: &Workspace, mut body: Map<String, Value>, message: &Place) -> HttpRequest {
    body.insert("channel".to_owned(), message.channel.as_str().into());
    body.insert("ts".to_owned(), message.ts.as_str().into());
    let request = HttpRequest::post().path("/chat.update").bearer(&workspace.token);
    request.json(&Value::Object(body))
}

/// `users.conversations`: the channels that the bot is in.
pub(super) fn channels(workspace: &Workspace, cursor: Option<&str>) -> HttpRequest {
    let request = HttpRequest::get()
        .path("/users.conversations")
        .query("types", "public_channel,private_channel")
        .query("exclude_archived", "true")
        .query("limit", CHANNELS_PAGE);
    paged(request, workspace, cursor)
}

/// `conversations.history` from shortly before the change on, newest first.
pub(super) fn history(
    workspace: &Workspace,
    context: &Context,
    channel: &str,
    cursor: Option<&str>,
) -> HttpRequest {
    let request = HttpRequest::get().path("/conversations.history").query("channel", channel);
    paged(since_change(request, context), workspace, cursor)
}

/// `conversations.replies` of a message, from shortly before the change on.
pub(super) fn replies(
    workspace: &Workspace,
    context: &Context,
    message: &Place,
    cursor: Option<&str>,
) -> HttpRequest {
    let request = HttpRequest::get()
        .path("/conversations.replies")
        .query("channel", &message.channel)
        .query("ts", &message.ts);
    paged(since_change(request, context), workspace, cursor)
}

fn since_change(request: HttpRequest, context: &Context) -> HttpRequest {
    let oldest = context.change.at.as_seconds().saturating_sub(CLOCKS_APART_S).max(0);
    // Without the parameter Slack leaves the payload of metadata out.
    request.query("oldest", &oldest.to_string()).query("limit", PAGE).query("include_all_metadata", "true")
}

fn paged(request: HttpRequest, workspace: &Workspace, cursor: Option<&str>) -> HttpRequest {
    let request = request.bearer(&workspace.token);
    match cursor {
        Some(cursor) => request.query("cursor", cursor),
        None => request,
    }
}

/// Where a list goes on.
pub(super) fn next_page(document: &Value) -> Option<String> {
    json::text(document, "response_metadata.next_cursor").filter(|cursor| cursor.len() <= 1_000)
}
