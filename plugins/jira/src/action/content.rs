//! What is written into Jira: the fields of a new issue, the text of a comment.
//!
//! Never longer than Jira takes: every part of a text has the room that it may use.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;

use super::document::{Document, shorten};
use super::origin;
use super::settings::{self, Ticket, object};

/// Characters of a summary (Jira: 255).
const SUMMARY_CHARS: usize = 255;
/// Characters of a label.
const LABEL_CHARS: usize = 255;
/// Characters of an own text; Jira's limit for a description or comment is 32 767.
const OWN_ROOM: usize = 24_000;
/// … of what a change says, and of a message.
const TEXT_ROOM: usize = 6_000;
const MESSAGE_ROOM: usize = 12_000;
/// … of all attributes, and of each.
const ATTRIBUTES_ROOM: usize = 6_000;
const ATTRIBUTE_CHARS: usize = 500;
/// … of the links together.
const LINKS_ROOM: usize = 5_000;

/// Whether this can be a project's key. Jira's own rule is an upper-case letter, then letters, digits and `_`; an
/// administrator may have changed it.
pub(crate) fn is_project(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The document of `POST …/issue`.
pub(crate) fn issue(context: &Context, ticket: &Ticket, is_cloud: bool) -> Result<Value, Failure> {
    let project = ticket.project.trim();
    if !is_project(project) {
        return Err(Failure::rejected(format!(
            "`project` is `{}` for this incident, which is not a project's key",
            text::truncate(project, 60)
        )));
    }
    let issue_type = text::truncate(&text::one_line(&ticket.issue_type), 255);
    let mut fields = Map::new();
    fields.insert("project".to_owned(), json!({"key": project}));
    fields.insert("issuetype".to_owned(), named(&issue_type));
    fields.insert("summary".to_owned(), summary(context, ticket).into());
    fields.insert("description".to_owned(), written(&description(context, ticket), is_cloud));
    let mut priorities = ticket.priorities.iter().filter_map(|line| settings::priority(line));
    if let Some((_, priority)) = priorities.find(|(severity, _)| *severity == context.incident.severity) {
        fields.insert("priority".to_owned(), named(priority));
    }
    let labels = ticket.labels.iter().map(|label| label.trim()).filter(|label| !label.is_empty());
    // Checked when the configuration was read.
    let labels = labels.map(|label| text::truncate(&label.replace(char::is_whitespace, "_"), LABEL_CHARS));
    fields.insert("labels".to_owned(), labels.collect::<Vec<_>>().into());
    let own = object(ticket.fields.as_deref()).map_err(|why| Failure::rejected(format!("`fields` {why}")))?;
    fields.extend(own);
    if ticket.mark {
        let mark = Value::String(origin::mark(&context.incident));
        match fields.get_mut("labels") {
            Some(Value::Array(labels)) if !labels.contains(&mark) => labels.push(mark),
            Some(Value::Array(_)) => {}
            _ => _ = fields.insert("labels".to_owned(), json!([mark])),
        }
    }
    fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    Ok(json!({"fields": fields}))
}

/// By name; a number is an id.
fn named(name: &str) -> Value {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_digit()) {
        json!({"id": name})
    } else {
        json!({"name": name})
    }
}

fn written(document: &Document, is_cloud: bool) -> Value {
    if is_cloud { document.to_adf() } else { document.to_wiki().into() }
}

fn own(template: Option<&str>) -> Option<&str> {
    template.filter(|text| !text.trim().is_empty())
}

fn summary(context: &Context, ticket: &Ticket) -> String {
    let incident = &context.incident;
    let own = own(ticket.summary.as_deref()).map(text::one_line).filter(|summary| !summary.is_empty());
    let title = own.unwrap_or_else(|| text::one_line(&incident.title));
    let title = if title.is_empty() { format!("Incident #{}", incident.number) } else { title };
    shorten(&context.marked(&title), SUMMARY_CHARS)
}

fn description(context: &Context, ticket: &Ticket) -> Document {
    let incident = &context.incident;
    let mut document = Document::default();
    if let Some(own) = own(ticket.description.as_deref()) {
        document.paragraph(&chat::marked::plain(own), OWN_ROOM);
        document.links(page(context, ticket), LINKS_ROOM);
        return document;
    }
    // Each once: senders repeat the message with each change.
    let summary = summarised(context, ticket);
    document.paragraph(&summary.said, TEXT_ROOM);
    document.paragraph(&summary.description, MESSAGE_ROOM);
    document.paragraph(&facts(context, ticket), ATTRIBUTES_ROOM);
    let links = incident.links.iter().map(|link| (link.title.as_str(), link.url.as_str()));
    document.links(page(context, ticket).chain(links), LINKS_ROOM);
    document
}

fn summarised(context: &Context, ticket: &Ticket) -> chat::Summary {
    // The issue has links of its own in place of buttons.
    let buttons = chat::Buttons {
        incident_button: false,
        modify_button: false,
        delete_button: false,
        other_actions: chat::OtherActions::No,
        other_action_codes: Vec::new(),
    };
    chat::Summary::of(context, chat::View::Change, &ticket.facts, &buttons)
}

/// One line for each attribute, and who it was. An issue is searched later, so that it has all labels.
fn facts(context: &Context, ticket: &Ticket) -> String {
    let attributes = ticket.facts.record(&context.incident);
    let attributes = attributes.into_iter().map(|attribute| (attribute.label, attribute.value));
    let who = ticket.facts.user_info(context).map(|who| ("By".to_owned(), who));
    let line = |(label, value): (String, String)| {
        format!("{}: {}", text::truncate(&label, 100), text::truncate(&value, ATTRIBUTE_CHARS))
    };
    attributes.chain(who).map(line).collect::<Vec<_>>().join("\n")
}

/// The incident's page in Tocsin.
fn page<'a>(context: &'a Context, ticket: &Ticket) -> impl Iterator<Item = (&'a str, &'a str)> {
    let shown = ticket.incident_button.then(|| context.url("incident")).flatten();
    shown.map(|url| ("Incident in Tocsin", url)).into_iter()
}

/// The document of `POST …/issue/<key>/comment`: what happened if that is `told`, and why the issue was not
/// moved.
pub(crate) fn comment(
    context: &Context,
    ticket: &Ticket,
    told: bool,
    stuck: Option<&str>,
    is_cloud: bool,
) -> Value {
    let mut document = Document::default();
    let own = own(ticket.comment.as_deref()).filter(|_| told);
    let summary = summarised(context, ticket);
    let (change, message) = (&context.change, context.incident.message.trim());
    let says_more = told
        && (change.kind == ChangeKind::Reopened || change.changed.iter().any(|field| field == "message"));
    // The issue has the message already, and senders repeat it with each change.
    let said = if change.text.trim() == message { "" } else { change.text.as_str() };
    match own {
        Some(own) => document.paragraph(&context.marked(&chat::marked::plain(own)), OWN_ROOM),
        None => {
            document.paragraph(&headline(context, &summary), TEXT_ROOM);
            document.paragraph(if says_more { &summary.said } else { said }, TEXT_ROOM);
        }
    }
    document.paragraph(stuck.unwrap_or_default(), TEXT_ROOM);
    if told && own.is_none() {
        document.paragraph(if says_more { &summary.description } else { "" }, MESSAGE_ROOM / 2);
        document.paragraph(&summary.changes.join("\n"), ATTRIBUTES_ROOM / 2);
    }
    document.links(page(context, ticket), LINKS_ROOM);
    json!({"body": written(&document, is_cloud)})
}

/// What happened and the title. Without the time that it took so far, so that a later attempt finds its comment.
fn headline(context: &Context, summary: &chat::Summary) -> String {
    match context.change.kind {
        ChangeKind::Repeated => {
            context.marked(&format!("{}: {}", chat::happened(ChangeKind::Repeated), summary.title))
        }
        _ => summary.title_line(),
    }
}
