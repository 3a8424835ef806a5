//! Which kind of delivery it is, and what it does.
//!
//! Never opens an incident for a comment, a worklog, an attachment or a link.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::{Fields, event, issue};

/// What stands in `issue_event_type_name` when an update is about a comment or worklog and nothing else.
const NOTE_TYPES: [&str; 6] = [
    "issue_commented",
    "issue_comment_edited",
    "issue_comment_deleted",
    "issue_worklogged",
    "issue_worklog_updated",
    "issue_worklog_deleted",
];

/// Query parameters in which the address of a webhook without a body may carry `${issue.key}` or `${issue.id}`.
const KEY_PARAMETERS: [&str; 5] = ["key", "issue", "issue_key", "issuekey", "issue.key"];
const ID_PARAMETERS: [&str; 3] = ["issue_id", "issueid", "issue.id"];

/// "Exclude body" is checked: the query alone says which issue it is about, and not what happened.
pub(crate) fn without_body(request: &Request) -> Result<Decoded, Refusal> {
    let find = |names: &[&str]| {
        let found = names.iter().find_map(|name| request.parameter(name)).map(str::trim);
        // A variable that Jira did not replace.
        found.filter(|value| !value.is_empty() && !value.starts_with("${")).map(str::to_owned)
    };
    let (key, id) = (find(&KEY_PARAMETERS), find(&ID_PARAMETERS));
    let Some(name) = key.clone().or_else(|| id.clone()) else {
        return Err(Refusal::missing(
            "issue key (the body is empty: clear \"Exclude body\" in Jira's webhook, or add ?key=${issue.key} to \
             its URL)",
        ));
    };
    let word = request.parameter("event").unwrap_or("").to_ascii_lowercase();
    let (change, what) = match word.trim_start_matches("jira:").trim_start_matches("issue_") {
        "created" => (Change::Trigger, "was created"),
        "deleted" => (Change::Resolve, "was deleted"),
        "resolved" | "closed" | "done" => (Change::Resolve, "is done"),
        // An update without a body may be a resolution as well as a reopening.
        _ => (Change::Note, "was touched; Jira sent no details"),
    };
    let event = Event::new(change, id.as_deref().unwrap_or(&name), &name)
        .alias(key.as_deref().unwrap_or(""))
        .message(format!("{name} {what}."))
        .label("issue", key.as_deref().unwrap_or(""));
    let delivery_id = request.header("x-atlassian-webhook-identifier").map(str::to_owned);
    Ok(Decoded::from(event).delivery_id(delivery_id))
}

pub(crate) fn with_body(body: &Value, settings: &Fields) -> Result<Decoded, Refusal> {
    let name = json::text(body, "webhookEvent").unwrap_or_default();
    let has_issue = body.get("issue").is_some_and(Value::is_object);
    match name.strip_prefix("jira:").unwrap_or(&name) {
        "issue_deleted" if has_issue => event::of_issue(body, settings, Some("deleted")),
        "issue_created" | "issue_updated" if has_issue => {
            if is_about_a_comment(body) {
                event::notes(body, "issue_commented")
            } else {
                event::of_issue(body, settings, None)
            }
        }
        // "Trigger a webhook" in a workflow names no event.
        "" if has_issue && body.get("transition").is_some_and(Value::is_object) => {
            event::of_issue(body, settings, None)
        }
        note if ["comment_", "worklog_", "attachment_", "issuelink_"]
            .iter()
            .any(|kind| note.starts_with(kind)) =>
        {
            event::notes(body, note)
        }
        "issue_created" | "issue_updated" | "issue_deleted" => Err(Refusal::missing("issue")),
        "" => Ok(Decoded::ignored("there is neither a webhookEvent nor a transition")),
        other => {
            Ok(Decoded::ignored(format!("`{}` is not about an issue's state", text::truncate(other, 80))))
        }
    }
}

/// Servers say the same thing twice: once as `comment_created`, once as an update of the issue. An update that
/// also changes something is not about the comment.
fn is_about_a_comment(body: &Value) -> bool {
    let type_name = json::text(body, "issue_event_type_name").unwrap_or_default();
    let names_one =
        NOTE_TYPES.contains(&type_name.as_str()) || body.get("comment").is_some_and(Value::is_object);
    // A comment's editing is listed as a change on old servers.
    names_one && issue::changes(body).iter().all(|change| change.field.eq_ignore_ascii_case("comment"))
}

/// Server and Data Center send no identifier. The same comment comes in two deliveries, so a comment's id is
/// made of the comment alone.
pub(crate) fn composed_delivery_id(body: &Value) -> Option<String> {
    let issue = issue::id(body)?;
    if let Some(comment) = json::text(body, "comment.id") {
        let stamp = json::text(body, "comment.updated").or_else(|| json::text(body, "timestamp"))?;
        let is_deleted = json::text(body, "webhookEvent").is_some_and(|name| name == "comment_deleted")
            || json::text(body, "issue_event_type_name").is_some_and(|name| name == "issue_comment_deleted");
        if is_about_a_comment(body) || body.get("changelog").is_none() {
            return Some(keys::compose(&[
                "comment",
                &issue,
                &comment,
                &stamp,
                if is_deleted { "deleted" } else { "" },
            ]));
        }
    }
    let event = json::text(body, "webhookEvent").unwrap_or_default();
    let stamp = json::text(body, "timestamp")?;
    let detail = [
        "changelog.id",
        "comment.id",
        "worklog.id",
        "attachment.id",
        "issueLink.id",
        "transition.transitionId",
    ];
    let detail = detail.iter().find_map(|path| json::text(body, path)).unwrap_or_default();
    Some(keys::compose(&[&event, &issue, &stamp, &detail]))
}
