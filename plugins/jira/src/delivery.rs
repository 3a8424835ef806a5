//! Identifiers of deliveries for senders that give none: Server, Data Center, Automation, alerts.
//!
//! Never the same for two things that happened, and the same for one that comes twice.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::decide::{AUTOMATION_FORMAT, Kind};
use crate::issue;

/// What tells two events of the same moment apart.
const DETAILS: [&str; 6] =
    ["changelog.id", "comment.id", "worklog.id", "attachment.id", "issueLink.id", "transition.transitionId"];

/// Cloud's own identifier, which stays the same when Jira tries again.
pub(crate) fn of_cloud(request: &Request) -> Option<String> {
    let id = request.header("x-atlassian-webhook-identifier").map(str::trim)?;
    (!id.is_empty()).then(|| keys::fit(id))
}

/// An identifier made of what happened, if the body says enough.
pub(crate) fn composed(body: &Value, kind: &Kind) -> Option<String> {
    let text = |path| json::text(body, path);
    if *kind == Kind::Alert {
        let (id, action, at) = (text("alert.alertId")?, text("action")?, text("alert.updatedAt")?);
        return Some(keys::compose(&["alert", &id, &action, &at]));
    }
    let issue = issue::id(body)?;
    if let Kind::Note(name) = kind
        && let Some(comment) = text("comment.id")
    {
        return of_comment(body, name, &issue, &comment);
    }
    let detail = DETAILS.iter().find_map(|path| json::text(body, path)).unwrap_or_default();
    if let Some(stamp) = text("timestamp") {
        let event = text("webhookEvent").unwrap_or_default();
        return Some(keys::compose(&[&event, &issue, &stamp, &detail]));
    }
    // Automation's "Send web request" has neither an event nor a time of its own.
    let (updated, status) = (text("issue.fields.updated")?, issue::status_name(body).unwrap_or_default());
    let format = if body.get(AUTOMATION_FORMAT).is_some() { "automation" } else { "jira" };
    (*kind == Kind::Issue(String::new())).then(|| keys::compose(&[format, &issue, &updated, &status]))
}

/// The same comment comes in two deliveries, so the identifier is made of the comment alone.
fn of_comment(body: &Value, event: &str, issue: &str, comment: &str) -> Option<String> {
    let stamp = json::text(body, "comment.updated").or_else(|| json::text(body, "timestamp"))?;
    let is_deleted = event == "comment_deleted"
        || json::text(body, "issue_event_type_name").is_some_and(|name| name == "issue_comment_deleted");
    let deleted = if is_deleted { "deleted" } else { "" };
    Some(keys::compose(&["comment", issue, comment, &stamp, deleted]))
}
