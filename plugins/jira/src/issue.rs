//! What a delivery says about its issue, whatever version of Jira wrote it.
//!
//! Never takes a member for granted: each may be missing, null or of another shape.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::Fields;

/// A line of the changelog.
pub(crate) struct FieldChange {
    pub(crate) field: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// The changelog's lines; the spelling of `field` varies between `Status` and `status`.
pub(crate) fn changes(body: &Value) -> Vec<FieldChange> {
    let items = body.pointer("/changelog/items").and_then(Value::as_array);
    let text = |item: &Value, name: &str| {
        json::text(item, name).map(|text| text::one_line(&text)).unwrap_or_default()
    };
    items
        .into_iter()
        .flatten()
        .map(|item| FieldChange {
            field: text(item, "field"),
            // Taken by the exact name: `toString` and `to` differ in more than case.
            from: item.get("fromString").and_then(json::scalar).unwrap_or_default(),
            to: item.get("toString").and_then(json::scalar).unwrap_or_default(),
        })
        .collect()
}

/// The id, stable for its life; the key changes when it moves. Comments of servers carry it in their
/// own address only, worklogs in a member of their own.
pub(crate) fn id(body: &Value) -> Option<String> {
    json::text(body, "issue.id").or_else(|| json::text(body, "worklog.issueId")).or_else(|| {
        let address = json::text(body, "comment.self")?;
        let mut parts = address.rsplit('/');
        let (_, comment, id) = (parts.next()?, parts.next()?, parts.next()?);
        (comment == "comment" && !id.is_empty()).then(|| id.to_owned())
    })
}

/// The key, for example `OPS-7`.
pub(crate) fn key(body: &Value) -> Option<String> {
    json::text(body, "issue.key")
}

/// The status' name. A workflow's post function carries the issue as it was before the transition.
pub(crate) fn status_name(body: &Value) -> Option<String> {
    json::text(body, "transition.to_status").or_else(|| json::text(body, "issue.fields.status.name"))
}

/// Whether the issue is done, and whether work has begun.
pub(crate) fn progress(body: &Value, settings: &Fields) -> Progress {
    let name = status_name(body);
    let category = json::text(body, "issue.fields.status.statusCategory.key");
    let category = category.filter(|category| category != "undefined").filter(|_| is_current(body));
    match category.as_deref() {
        Some("done") => return Progress::Done,
        Some("indeterminate") => return Progress::Begun,
        Some(_) => return Progress::Waiting,
        None => {}
    }
    let is_named =
        name.is_some_and(|name| settings.resolved_statuses.iter().any(|done| words::same(done, &name)));
    let has_resolution = is_current(body)
        && body.pointer("/issue/fields/resolution").is_some_and(|resolution| !resolution.is_null());
    if is_named || has_resolution { Progress::Done } else { Progress::Waiting }
}

/// How far an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Begun,
    Done,
}

/// Whether `issue.fields` is the issue as it is now, not as it was before a transition.
fn is_current(body: &Value) -> bool {
    match json::text(body, "transition.to_status") {
        Some(to) => json::text(body, "issue.fields.status.name").is_some_and(|name| words::same(&name, &to)),
        None => true,
    }
}

/// The severity of the priority: the operator's own names first, then those that Jira ships with.
pub(crate) fn severity(body: &Value, settings: &Fields) -> Option<Severity> {
    let Some(name) = json::text(body, "issue.fields.priority.name") else { return settings.default_severity };
    let own = settings.priorities.iter().find_map(|line| {
        let (known, severity) = line.rsplit_once('=')?;
        words::same(known.trim(), &name).then(|| words::severity(severity)).flatten()
    });
    own.or_else(|| shipped(&name)).or(settings.default_severity)
}

/// Cloud ships with Highest to Lowest, old servers with Blocker to Trivial; P0 to P5 are common.
fn shipped(name: &str) -> Option<Severity> {
    Some(match name.trim().to_lowercase().as_str() {
        "highest" | "blocker" | "critical" | "p0" | "p1" => Severity::Critical,
        "high" | "major" | "p2" => Severity::High,
        "medium" | "p3" => Severity::Medium,
        "low" | "minor" | "p4" => Severity::Low,
        "lowest" | "trivial" | "p5" => Severity::Info,
        _ => return None,
    })
}

/// Where a person sees the issue: Jira's base address is what stands before `/rest/` in the issue's own.
pub(crate) fn browse_url(body: &Value) -> Option<String> {
    let (address, key) = (json::text(body, "issue.self")?, key(body)?);
    let (base, _) = address.split_once("/rest/")?;
    Some(format!("{base}/browse/{key}"))
}

/// Who did it. Deleted accounts and scheduled changes have none.
pub(crate) fn actor(body: &Value) -> String {
    let people = [
        "user",
        "comment.updateAuthor",
        "comment.author",
        "worklog.updateAuthor",
        "worklog.author",
        "attachment.author",
    ];
    let names = ["displayName", "name"];
    people
        .iter()
        .find_map(|person| names.iter().find_map(|name| json::text(body, &format!("{person}.{name}"))))
        .unwrap_or_default()
}

/// When it happened, by Jira's clock.
pub(crate) fn occurred_at(body: &Value) -> Option<Timestamp> {
    let stamp = ["timestamp", "comment.updated", "issue.fields.updated"];
    stamp.iter().find_map(|path| json::text(body, path).and_then(|at| Timestamp::parse(&at)))
}
