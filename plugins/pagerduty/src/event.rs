//! The event: which of PagerDuty's three actions a change is, and the document that says so.
//!
//! Never without the deduplication key, and never a trigger for an incident that is over: it would open a new
//! alert.

use serde_json::{Map, Value, json};
use tocsin_plugin::Part;
use tocsin_plugin::prelude::*;

use crate::{Account, Fields, details, severity};

/// Where alert events are sent to.
const PATH: &str = "/v2/enqueue";
/// Bytes of an event (Events API v2, "Size Limits": 512 KB), less what the key adds.
const EVENT_BYTES: usize = 512_000 - 200;
/// Characters of the summary.
const SUMMARY_CHARS: usize = 1_024;
/// Characters of a deduplication key.
const KEY_CHARS: usize = 255;
/// Characters of source, component, group, class and client, for which no limit is published.
const FIELD_CHARS: usize = 255;
/// Links of the incident itself that are passed on.
const LINKS_MAX: usize = 16;
/// Labels that name what has the problem, the first that is there.
const HOST_LABELS: [&str; 3] = ["host", "hostname", "instance"];
/// The reference under which the deduplication key is kept.
pub(crate) const REFERENCE: &str = "dedup_key";

/// What PagerDuty is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Trigger,
    Acknowledge,
    Resolve,
}

/// What a change is to PagerDuty, or why it is nothing.
fn told(context: &Context) -> Result<Told, &'static str> {
    let is_over = context.incident.state == State::Resolved;
    match context.change.kind {
        ChangeKind::Acknowledged => Ok(Told::Acknowledge),
        ChangeKind::Resolved => Ok(Told::Resolve),
        ChangeKind::Steady if is_over => Ok(Told::Resolve),
        ChangeKind::Updated | ChangeKind::Repeated if is_over => {
            Err("the incident is resolved, and a trigger would open a new alert")
        }
        // Who opens and resolves too often is a problem also while it is resolved; being steady ends it.
        ChangeKind::Flapping
        | ChangeKind::Opened
        | ChangeKind::Reopened
        | ChangeKind::Updated
        | ChangeKind::Repeated
        | ChangeKind::Steady => Ok(Told::Trigger),
        ChangeKind::Unacknowledged => {
            Err("PagerDuty takes no acknowledgement back; there it ends by the service's own timeout")
        }
        ChangeKind::Noted | ChangeKind::Referenced => Err("events have no place for notes"),
    }
}

/// The request for a change.
pub(crate) fn request(context: &Context, account: &Account, settings: &Fields) -> Result<Step, Failure> {
    let told = match told(context) {
        Ok(told) => told,
        Err(why) => return Ok(Step::Skipped(why.to_owned())),
    };
    let mut event = Map::new();
    event.insert("dedup_key".to_owned(), json!(dedup_key(context, settings)));
    let name = match told {
        Told::Trigger => "trigger",
        Told::Acknowledge => "acknowledge",
        Told::Resolve => "resolve",
    };
    event.insert("event_action".to_owned(), json!(name));
    if told == Told::Trigger {
        fill(&mut event, context, settings)?;
    }
    let document = within_limit(event);
    let mut request = HttpRequest::post().path(PATH).body("application/json; charset=utf-8", "");
    // The key is a secret, so it is put into the finished document, as its first member.
    request.body = vec![
        Part::from(r#"{"routing_key":""#),
        account.routing_key.in_json(),
        Part::from(r#"","#),
        Part::from(document.get(1..).unwrap_or("}")),
    ];
    Ok(request.into())
}

/// What tells the alert from others: as it was said first, so that a changed template does not lose the alert.
pub(crate) fn dedup_key(context: &Context, settings: &Fields) -> String {
    if let Some(reference) = context.reference(REFERENCE) {
        return reference.value.clone();
    }
    let own = settings.dedup_key.as_deref().map(text::one_line).filter(|key| !key.is_empty());
    // A key that was cut could be another problem's.
    own.filter(|key| key.chars().count() <= KEY_CHARS).unwrap_or_else(|| context.incident.id.clone())
}

/// What only a trigger has.
fn fill(event: &mut Map<String, Value>, context: &Context, settings: &Fields) -> Result<(), Failure> {
    let severity = severity::of(context.incident.severity, &settings.severities)
        .map_err(|why| Failure::misconfigured(format!("`severities` {why}")))?;
    let mut payload = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            payload.insert(name.to_owned(), Value::from(value));
        }
    };
    put("summary", Some(summary(context, settings)));
    put("source", Some(source(context, settings)));
    put("severity", Some(severity.to_owned()));
    put("timestamp", Some(context.change.at.to_string()));
    put("component", field(settings.component.as_deref()));
    put("group", field(settings.group.as_deref()));
    put("class", field(settings.class.as_deref()));
    let details = details::of(context, settings)?;
    if !details.is_empty() {
        payload.insert("custom_details".to_owned(), Value::Object(details));
    }
    event.insert("payload".to_owned(), Value::Object(payload));
    if let Some(client) = field(Some(&settings.client)) {
        event.insert("client".to_owned(), json!(client));
    }
    if let (true, Some(url)) = (settings.buttons.incident_button, context.url("incident")) {
        event.insert("client_url".to_owned(), json!(url));
    }
    let links = links(context, settings);
    if !links.is_empty() {
        event.insert("links".to_owned(), Value::Array(links));
    }
    Ok(())
}

fn summary(context: &Context, settings: &Fields) -> String {
    let own = settings
        .title
        .as_deref()
        .map(|own| text::one_line(&chat::marked::plain(own)))
        .filter(|title| !title.is_empty());
    let title = own.unwrap_or_else(|| {
        let title = text::one_line(&context.incident.title);
        match context.change.kind {
            ChangeKind::Flapping => format!("{}: {title}", chat::happened(ChangeKind::Flapping)),
            _ => title,
        }
    });
    let title = if title.is_empty() { format!("Incident #{}", context.incident.number) } else { title };
    text::truncate(&context.marked(&title), SUMMARY_CHARS)
}

fn source(context: &Context, settings: &Fields) -> String {
    let label = || HOST_LABELS.iter().find_map(|name| field(context.incident.label(name)));
    field(settings.source.as_deref())
        .or_else(label)
        .or_else(|| field(Some(&context.incident.source)))
        .unwrap_or_else(|| "Tocsin".to_owned())
}

fn field(text: Option<&str>) -> Option<String> {
    let line = text::truncate(&text::one_line(text?), FIELD_CHARS);
    Some(line).filter(|line| !line.is_empty())
}

fn links(context: &Context, settings: &Fields) -> Vec<Value> {
    // The incident's page is the event's `client_url`.
    // PagerDuty has a button of its own to acknowledge: the default adds no second one.
    let is_auto = settings.buttons.other_actions == chat::OtherActions::Auto;
    let is_link = |purpose: &str| purpose != "incident" && !(is_auto && purpose == "acknowledge");
    let buttons = settings.buttons.of(context).into_iter().filter(|button| is_link(&button.purpose));
    let buttons = buttons.map(|button| (button.url, button.label));
    let own = context.incident.links.iter().take(LINKS_MAX);
    // A link without a text would be an empty line there.
    let own = own.map(|link| {
        let url = link.url.trim().to_owned();
        // The text is all that people see of a link there.
        let text = field(Some(&link.title)).filter(|text| !chat::claims_another(text, &url));
        let text = text.unwrap_or_else(|| url.clone());
        (url, text)
    });
    buttons
        .chain(own)
        .filter(|(url, _)| text::is_web_address(url))
        .map(|(url, label)| json!({"href": url, "text": label}))
        .collect()
}

/// The event as text. Only details of the operator's own can be too large; they are left out then, and said
/// to be.
fn within_limit(event: Map<String, Value>) -> String {
    let mut event = Value::Object(event);
    let document = event.to_string();
    if document.len() <= EVENT_BYTES {
        return document;
    }
    let note = json!({"Note": "The details are left out: with them the event is larger than 512 KB."});
    if let Some(details) = event.pointer_mut("/payload/custom_details") {
        *details = note;
    }
    event.to_string()
}
