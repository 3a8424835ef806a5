//! Which kind of delivery it is, and what it does.
//!
//! Never opens an incident for a comment, a worklog, an attachment or a link, and never ignores what it does not
//! know: only events that are known to say nothing about an issue are ignored.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

use crate::{Fields, alert, delivery, event, issue};

/// What stands in `issue_event_type_name` when an update is about a comment or worklog and nothing else.
const NOTE_TYPES: [&str; 6] = [
    "issue_commented",
    "issue_comment_edited",
    "issue_comment_deleted",
    "issue_worklogged",
    "issue_worklog_updated",
    "issue_worklog_deleted",
];
/// How the names of events begin that are notes on an issue.
const NOTES: [&str; 4] = ["comment_", "worklog_", "attachment_", "issuelink_"];
/// How the names of events begin that are about what surrounds issues.
const SURROUNDINGS: [&str; 9] = [
    "board_",
    "issue_property_",
    "issuelinktype_",
    "issuetype_",
    "option_",
    "project_",
    "sprint_",
    "user_",
    "version_",
];

/// What to choose in Jira when the body is none of Jira's.
const OTHER_BODY: &str = "webhookEvent (this is no body of a Jira webhook, of Automation's issue data or of an alert; in \
                          Automation's \"Send web request\" choose the body \"Issue data (Jira format)\" or \"Issue data \
                          (Automation format)\"; \"Custom data\" needs the plugin `webhook`)";

/// A member that [`normalised`] adds to a body in Automation's own format.
pub(crate) const AUTOMATION_FORMAT: &str = "automationFormat";

/// What a body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The issue as it is now, by the event of this name; by none for Automation and for workflows.
    Issue(String),
    /// The issue is gone.
    Deleted,
    /// A comment or the like, by the event of this name.
    Note(String),
    /// An alert of Jira Service Management's operations.
    Alert,
    /// An event of this name that says nothing about an issue.
    Elsewhere(String),
}

/// The body with the issue in `issue`: Automation's own format has the issue's members at the top.
pub(crate) fn normalised(body: Map<String, Value>) -> Map<String, Value> {
    let is_issue = body.get("fields").is_some_and(Value::is_object)
        && ["id", "key"].iter().any(|name| body.get(*name).and_then(json::scalar).is_some())
        && !["issue", "webhookEvent"].iter().any(|name| body.contains_key(*name));
    if !is_issue {
        return body;
    }
    Map::from_iter([
        ("issue".to_owned(), Value::Object(body)),
        (AUTOMATION_FORMAT.to_owned(), Value::Bool(true)),
    ])
}

/// What this body is.
///
/// # Errors
/// A body that is none of Jira's, or an event that Jira does not have.
pub(crate) fn kind(body: &Value) -> Result<Kind, Refusal> {
    let full_name = json::text(body, "webhookEvent").unwrap_or_default();
    let name = full_name.strip_prefix("jira:").unwrap_or(&full_name);
    let has_issue = body.get("issue").is_some_and(Value::is_object);
    let begins = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
    match name {
        "" if has_issue => without_event(body),
        "" if body.get("alert").is_some_and(Value::is_object) && body.get("action").is_some() => {
            Ok(Kind::Alert)
        }
        "" => Err(Refusal::missing(OTHER_BODY)),
        "issue_deleted" if has_issue => Ok(Kind::Deleted),
        "issue_updated" if has_issue && is_about_a_comment(body) => {
            Ok(Kind::Note("issue_commented".to_owned()))
        }
        "issue_created" | "issue_updated" if has_issue => Ok(Kind::Issue(name.to_owned())),
        "issue_created" | "issue_updated" | "issue_deleted" => Err(Refusal::missing("issue")),
        _ if begins(&NOTES) => Ok(Kind::Note(name.to_owned())),
        _ if begins(&SURROUNDINGS) || name == "jira_expression_evaluation_failed" => {
            Ok(Kind::Elsewhere(name.to_owned()))
        }
        _ => {
            let name = text::truncate(&text::one_line(&full_name), 80);
            Err(Refusal::invalid(
                "webhookEvent",
                format!("`{name}` is no event that Jira's documentation names"),
            ))
        }
    }
}

/// "Trigger a webhook" in a workflow, the webhook of Service Management's automation and Automation's "Send web
/// request" name no event. The issue says what it is now.
fn without_event(body: &Value) -> Result<Kind, Refusal> {
    let says_status =
        ["/transition", "/issue/fields"].iter().any(|at| body.pointer(at).is_some_and(Value::is_object));
    if says_status { Ok(Kind::Issue(String::new())) } else { Err(Refusal::missing("issue.fields")) }
}

/// The events of a body of this kind.
///
/// # Errors
/// An issue or alert without an id, or an action of an alert that is not known.
pub(crate) fn decode(body: &Value, kind: &Kind, settings: &Fields) -> Result<Decoded, Refusal> {
    let decoded = match kind {
        Kind::Issue(name) => event::of_issue(body, settings, None).map(|decoded| {
            let is_open_by_name = name == "issue_created" || issue::says_status(body);
            if is_open_by_name {
                decoded
            } else {
                decoded.remark("the issue has no status: it counts as open")
            }
        }),
        Kind::Deleted => event::of_issue(body, settings, Some("deleted")),
        Kind::Note(name) => event::notes(body, name),
        Kind::Alert => alert::decode(body, settings),
        Kind::Elsewhere(name) => {
            Ok(Decoded::ignored(format!("`{}` is not about an issue's state", text::truncate(name, 80))))
        }
    };
    let mut decoded = decoded?.delivery_id(delivery::composed(body, kind));
    if let Some((place, time)) = issue::unread_time(body) {
        let time = text::truncate(&text::one_line(&time), 60);
        decoded = decoded.remark(format!("{place}: `{time}` cannot be read as a time and is left out"));
    }
    Ok(decoded)
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
