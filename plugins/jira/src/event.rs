//! The events: an issue's state, and notes on it.
//!
//! Never more than the host takes: descriptions and comments are cut here, where their meaning is known.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::Fields;
use crate::issue::{self, Progress};

/// Characters of a description or comment that go into an event: a screen full, the rest is a click away.
const TEXT_CHARS: usize = 4_000;
/// How deep a rich text document is read.
const DEPTH_MAX: usize = 24;

/// The issue is done, or it is not. `ended` says why it is over whatever its status.
pub(crate) fn of_issue(body: &Value, settings: &Fields, ended: Option<&str>) -> Result<Decoded, Refusal> {
    let id = issue::id(body).or_else(|| issue::key(body)).ok_or_else(|| Refusal::missing("issue.id"))?;
    let progress = issue::progress(body, settings);
    let change =
        if ended.is_some() || progress == Progress::Done { Change::Resolve } else { Change::Trigger };
    let mut event = common(Event::new(change, &id, &title(body, &id)), body);
    event = event.severity(issue::severity(body, settings)).message(message(body, change, ended));
    for change in issue::changes(body).iter().filter(|change| change.field.eq_ignore_ascii_case("key")) {
        // The issue has moved: its notes may still come under the old key.
        event = event.alias(&change.from).alias(&change.to);
    }
    for (label, field) in [
        ("issue_type", "issue.fields.issuetype"),
        ("priority", "issue.fields.priority"),
        ("assignee", "issue.fields.assignee"),
        ("reporter", "issue.fields.reporter"),
        ("resolution", "issue.fields.resolution"),
    ] {
        event = event.label(label, &issue::named(body, field).unwrap_or_default());
    }
    event = event.label("project", &json::text(body, "issue.fields.project.key").unwrap_or_default());
    event = event.label("status", &issue::status_name(body).unwrap_or_default());
    for (label, path) in [("labels", "/issue/fields/labels"), ("components", "/issue/fields/components")] {
        event = event.label(label, &names(body.pointer(path)));
    }
    let mut events = vec![event];
    if settings.acknowledge_in_progress && change == Change::Trigger && progress == Progress::Begun {
        let begun = common(Event::new(Change::Acknowledge, &id, &title(body, &id)), body);
        events.push(begun.message("Work has begun in Jira."));
    }
    Ok(events.into())
}

/// A comment, worklog, attachment or link: a note on the issues that it is about.
pub(crate) fn notes(body: &Value, kind: &str) -> Result<Decoded, Refusal> {
    let message = note(body, kind);
    let ids: Vec<String> = match issue::id(body).or_else(|| issue::key(body)) {
        Some(id) => vec![id],
        None => ["issueLink.sourceIssueId", "issueLink.destinationIssueId"]
            .iter()
            .filter_map(|path| json::text(body, path))
            .collect(),
    };
    if ids.is_empty() {
        // Jira announces attachments without a word on their issue.
        let is_known = kind.starts_with("attachment_") && body.get("attachment").is_some();
        let ignored = || Decoded::ignored(format!("`{}` names no issue", text::truncate(kind, 80)));
        return is_known.then(ignored).ok_or_else(|| Refusal::missing("issue.id"));
    }
    let note =
        |id: &String| common(Event::new(Change::Note, id, &title(body, id)), body).message(message.clone());
    Ok(ids.iter().map(note).collect::<Vec<_>>().into())
}

fn common(event: Event, body: &Value) -> Event {
    let key = issue::key(body).unwrap_or_default();
    event
        .alias(&key)
        .label("issue", &key)
        .link(if key.is_empty() { "Jira" } else { &key }, &issue::browse_url(body).unwrap_or_default())
        .actor(&text::truncate(&issue::actor(body), 200))
        .occurred_at(issue::occurred_at(body))
}

fn title(body: &Value, id: &str) -> String {
    let name = issue::key(body).unwrap_or_else(|| format!("Issue {id}"));
    match json::text(body, "issue.fields.summary") {
        Some(summary) => format!("{name}: {}", text::one_line(&summary)),
        None => name,
    }
}

/// The description while the issue is open: what changed shows in the labels, and a message that came and went
/// with each change would be told each time. At the end, how it ended.
fn message(body: &Value, change: Change, ended: Option<&str>) -> String {
    if change != Change::Resolve {
        return text::truncate(&rich_text(body.pointer("/issue/fields/description")), TEXT_CHARS);
    }
    let mut lines: Vec<String> =
        ended.map(|why| format!("The issue was {why} in Jira.")).into_iter().collect();
    let short = |text: &str| match text::one_line(text) {
        text if text.is_empty() => "none".to_owned(),
        text => text::truncate(&text, 200),
    };
    for change in issue::changes(body) {
        if ["status", "resolution"].iter().any(|field| change.field.eq_ignore_ascii_case(field)) {
            lines.push(format!("{}: {} → {}", change.field, short(&change.from), short(&change.to)));
        }
    }
    if let Some(to) = json::text(body, "transition.to_status") {
        let from = json::text(body, "transition.from_status").unwrap_or_default();
        lines.push(format!("status: {} → {}", short(&from), short(&to)));
    }
    lines.join("\n")
}

/// What a note says, in words.
fn note(body: &Value, kind: &str) -> String {
    let quoted = |lead: &str, text: String| {
        if text.is_empty() {
            format!("{lead}.")
        } else {
            format!("{lead}: {}", text::truncate(&text, TEXT_CHARS))
        }
    };
    let type_name = json::text(body, "issue_event_type_name").unwrap_or_default();
    let is = |what: &str| kind.ends_with(what) || type_name.ends_with(what);
    if kind.starts_with("worklog_") || type_name.contains("worklog") {
        let spent = json::text(body, "worklog.timeSpent").unwrap_or_default();
        return quoted(
            "Work was logged",
            format!("{spent} {}", rich_text(body.pointer("/worklog/comment"))).trim().to_owned(),
        );
    }
    if kind.starts_with("attachment_") {
        let lead = if is("_deleted") { "An attachment was removed" } else { "An attachment was added" };
        return quoted(lead, json::text(body, "attachment.filename").unwrap_or_default());
    }
    if kind.starts_with("issuelink_") {
        let lead = if is("_deleted") { "A link was removed" } else { "A link was added" };
        return quoted(lead, json::text(body, "issueLink.issueLinkType.name").unwrap_or_default());
    }
    let comment = rich_text(body.pointer("/comment/body"));
    match () {
        () if is("_deleted") => "A comment was deleted.".to_owned(),
        () if is("_updated") || is("_edited") => quoted("A comment was edited", comment),
        () => quoted("Comment", comment),
    }
}

/// Names of a list's entries: texts, or objects with a name.
fn names(list: Option<&Value>) -> String {
    let entry = |value: &Value| json::scalar(value).or_else(|| json::text(value, "name"));
    let names: Vec<String> = list.and_then(Value::as_array).into_iter().flatten().filter_map(entry).collect();
    text::truncate(&names.join(", "), 1_000)
}

/// A text as plain text: wiki markup as it is, a document of Atlassian's format as its words.
fn rich_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().replace("\r\n", "\n"),
        Some(document @ Value::Object(_)) => {
            let mut out = String::new();
            words_of(document, 0, &mut out);
            out.trim().to_owned()
        }
        _ => String::new(),
    }
}

fn words_of(node: &Value, depth: usize, out: &mut String) {
    if depth > DEPTH_MAX || out.len() > TEXT_CHARS * 4 {
        return;
    }
    let kind = node.get("type").and_then(Value::as_str).unwrap_or("");
    match kind {
        "text" => out.push_str(node.get("text").and_then(Value::as_str).unwrap_or("")),
        "hardBreak" => out.push('\n'),
        "mention" | "emoji" | "status" => out.push_str(&json::text(node, "attrs.text").unwrap_or_default()),
        "inlineCard" => out.push_str(&json::text(node, "attrs.url").unwrap_or_default()),
        _ => {}
    }
    for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
        words_of(child, depth + 1, out);
    }
    if matches!(kind, "paragraph" | "heading" | "codeBlock" | "listItem" | "tableRow") && !out.ends_with('\n')
    {
        out.push('\n');
    }
}
