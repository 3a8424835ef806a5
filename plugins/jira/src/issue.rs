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
    json::text(body, "transition.to_status").or_else(|| named(body, "issue.fields.status"))
}

/// What a field is called: its name, or the field itself where old servers send a text.
pub(crate) fn named(body: &Value, path: &str) -> Option<String> {
    let field = json::at(body, path)?;
    ["displayName", "name"].iter().find_map(|name| json::text(field, name)).or_else(|| json::scalar(field))
}

/// Whether it says anything of how far the issue is.
pub(crate) fn says_status(body: &Value) -> bool {
    status_name(body).is_some()
        || json::text(body, "issue.fields.status.statusCategory.key").is_some()
        || body.pointer("/issue/fields/resolution").is_some_and(|resolution| !resolution.is_null())
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
    let is_begun =
        name.as_deref().and_then(vocabulary::changes) == Some(&[Change::Trigger, Change::Acknowledge]);
    let is_named =
        name.is_some_and(|name| settings.resolved_statuses.iter().any(|done| vocabulary::same(done, &name)));
    let has_resolution = is_current(body)
        && body.pointer("/issue/fields/resolution").is_some_and(|resolution| !resolution.is_null());
    match is_named || has_resolution {
        true => Progress::Done,
        false if is_begun => Progress::Begun,
        false => Progress::Waiting,
    }
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
        Some(to) => named(body, "issue.fields.status").is_some_and(|name| vocabulary::same(&name, &to)),
        None => true,
    }
}

/// The numbers of the priorities that Jira ships with, whatever they are called and in whatever language.
const PRIORITIES: [(&str, Severity); 5] = [
    ("1", Severity::Critical),
    ("2", Severity::High),
    ("3", Severity::Medium),
    ("4", Severity::Low),
    ("5", Severity::Info),
];

/// The severity of the priority.
pub(crate) fn severity(body: &Value, settings: &Fields) -> Option<Severity> {
    let (name, id) = (named(body, "issue.fields.priority"), json::text(body, "issue.fields.priority.id"));
    severity_of(name, id, settings)
}

/// The severity of a priority: the operator's own names and numbers first, then the vocabulary, which has the names
/// that Jira ships with, then Jira's numbers.
pub(crate) fn severity_of(name: Option<String>, id: Option<String>, settings: &Fields) -> Option<Severity> {
    let table = vocabulary::Severities {
        own: &settings.priorities,
        ids: &PRIORITIES,
        ..vocabulary::Severities::default()
    };
    let word = name.or_else(|| id.clone());
    word.and_then(|word| table.of(&word, id.as_deref())).or(settings.default_severity)
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

/// Where it may say when it happened, by Jira's clock.
const STAMPS: [&str; 3] = ["timestamp", "comment.updated", "issue.fields.updated"];

/// When it happened.
pub(crate) fn occurred_at(body: &Value) -> Option<Timestamp> {
    STAMPS.iter().find_map(|path| json::text(body, path).and_then(|at| Timestamp::parse(&at)))
}

/// The first time that cannot be read, with its place, when there is none that can.
pub(crate) fn unread_time(body: &Value) -> Option<(&'static str, String)> {
    let unread = || STAMPS.iter().find_map(|path| Some((*path, json::text(body, path)?)));
    if occurred_at(body).is_none() { unread() } else { None }
}
