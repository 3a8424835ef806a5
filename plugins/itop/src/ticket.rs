//! A ticket's fields: what iTop wants in them, in the form that it keeps.
//!
//! Never lets text of an alert become HTML, and never makes a ticket that could not be found again.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Context, State};

use crate::flight::Flight;
use crate::html;
use crate::plan::Object;
use crate::settings::{Scene, entries, given};
use crate::{criteria, guard, when};

/// Characters of `title`; iTop refuses more.
const TITLE_CHARS: usize = 255;
/// Bytes of the footer below a description.
const FOOTER_BYTES: usize = 5_000;
/// Bytes that attributes and links may take of a description, before the message is cut for them.
const FACTS_BYTES: usize = 20_000;
/// Links of the incident that are shown.
const LINKS_MAX: usize = 10;

/// What a ticket is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// One ticket for the incident.
    Incident,
    /// One object for this delivery.
    Delivery,
}

impl Mark {
    /// The id, which is safe in OQL: letters and digits alone.
    ///
    /// # Errors
    /// An id of another shape, which no host gives.
    pub(crate) fn id(self, context: &Context) -> Result<&str, Failure> {
        let id = match self {
            Self::Incident => &context.incident.id,
            Self::Delivery => &context.delivery_id,
        };
        if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Ok(id);
        }
        Err(Failure::rejected("the incident's id is not of letters and digits"))
    }

    /// The words in a description.
    pub(crate) fn sentence(self, id: &str) -> String {
        match self {
            Self::Incident => format!("Tocsin incident {id}"),
            Self::Delivery => format!("Tocsin delivery {id}"),
        }
    }
}

/// The fields of a new object, with its mark where there is a place for one, and without what iTop refused of it. The
/// flight's ticket, if there is one, is the one that it takes the place of.
pub(crate) fn created(scene: Scene<'_>, mark: Mark, flight: &Flight) -> Result<Object, Failure> {
    let mut fields = if scene.settings.standard_fields { standard(scene, flight)? } else { Object::new() };
    fields.retain(|name, _| !flight.without.contains(name));
    merge(&mut fields, &scene.plan.fields);
    let own = scene.plan.fields.get("description").is_some_and(Value::is_string);
    prepare(scene, &mut fields, own, mark)?;
    if let Some(field) = given(&scene.settings.mark_field) {
        fields.insert(field.to_owned(), Value::from(mark.id(scene.context)?));
    }
    if scene.settings.standard_fields && !fields.contains_key("org_id") {
        return Err(Failure::rejected("iTop wants an organization for a ticket: give `organization`"));
    }
    Ok(fields)
}

/// The fields of an object that is there already.
pub(crate) fn changed(scene: Scene<'_>, own: &Object, mark: Option<Mark>) -> Result<Object, Failure> {
    let mut fields = own.clone();
    match mark {
        Some(mark) => prepare(scene, &mut fields, true, mark)?,
        None => texts(scene, &mut fields, true)?,
    }
    Ok(fields)
}

/// What `on_update = "update"` writes. When the operator says nothing else the description stays: people write
/// in it.
pub(crate) fn updated(scene: Scene<'_>) -> Result<Object, Failure> {
    if let Some(own) = &scene.plan.update_fields {
        return changed(scene, own, Some(Mark::Incident));
    }
    let (impact, urgency) = weight(scene.context.incident.severity);
    let fields = json!({"title": title(scene), "impact": impact, "urgency": urgency});
    Ok(fields.as_object().cloned().unwrap_or_default())
}

/// The fields of the last stimulus on the way to a resolution, but for those in which the ticket has something. `solution`
/// is mandatory there.
pub(crate) fn solved(scene: Scene<'_>, held: &[String]) -> Result<Object, Failure> {
    let context = scene.context;
    let mut fields = Object::new();
    let text = format!("{}\n{}", context.marked(&stamp(context)), context.change.text);
    fields.insert("solution".to_owned(), Value::from(paragraph(&text, html::BYTES_MAX)));
    let own = changed(scene, &scene.plan.resolve_fields, None)?;
    merge(&mut fields, &own);
    fields.retain(|name, _| !held.contains(name));
    Ok(fields)
}

/// A new entry for a case log.
pub(crate) fn entry(html: &str) -> Value {
    json!({"add_item": {"message": html, "format": "html"}})
}

/// Whether a change says something that the ticket does not say yet: what its sender repeats is in the
/// description, and so is the operator's own text of a ticket that `is_new`.
pub(crate) fn has_news(scene: Scene<'_>, is_new: bool) -> bool {
    let said = scene.context.change.text.trim();
    let is_there =
        said == scene.context.incident.message.trim() || (is_new && given(&scene.settings.message).is_some());
    !said.is_empty() && !is_there
}

/// The text of an entry: what happened, when and by whom, what is said about it, and how the incident is now
/// where that may be news to a ticket that is not new.
///
/// It ends with the delivery's mark, by which it is found again and no webhook of iTop makes a note of it.
///
/// # Errors
/// An id of another shape.
pub(crate) fn entry_text(scene: Scene<'_>, is_new: bool) -> Result<String, Failure> {
    let context = scene.context;
    let (change, incident) = (&context.change, &context.incident);
    let actor = change.actor.as_deref().map(text::one_line).filter(|actor| !actor.is_empty());
    let by = actor.map(|actor| format!(" by {}", text::truncate(&actor, 200))).unwrap_or_default();
    let first = html::lines(&context.marked(&format!("{}{by}", stamp(context))), FOOTER_BYTES);
    let mark = signature(scene)?;
    if let Some(message) = given(&scene.settings.message) {
        let message = html::lines(message, html::BYTES_MAX - 2 * FOOTER_BYTES);
        return Ok(html::joined([first, message, mark], html::BYTES_MAX));
    }
    let is_news = !is_new
        && matches!(
            change.kind,
            ChangeKind::Updated | ChangeKind::Reopened | ChangeKind::Repeated | ChangeKind::Opened
        );
    // What a sender says is the incident's message as well.
    let is_said = is_news && change.text.trim() == incident.message.trim();
    let said = if is_said { "" } else { change.text.as_str() };
    let said = html::lines(said, html::BYTES_MAX / 3);
    let news = if is_news {
        let severity = incident.severity.as_str();
        let text = format!("{} ({severity})\n{}", text::one_line(&incident.title), incident.message);
        html::lines(&text, html::BYTES_MAX / 3)
    } else {
        String::new()
    };
    Ok(html::joined([first, said, news, mark], html::BYTES_MAX))
}

/// The mark of this delivery.
fn signature(scene: Scene<'_>) -> Result<String, Failure> {
    Ok(Mark::Delivery.sentence(Mark::Delivery.id(scene.context)?))
}

/// What happened and when, in the readers' time.
fn stamp(context: &Context) -> String {
    format!("{} at {}", chat::happened(context.change.kind), when::at(context.change.at, &context.zone))
}

/// The whole story of an incident that was over before its ticket could be made.
fn story(context: &Context) -> Option<String> {
    let incident = &context.incident;
    let resolved = incident.resolved_at.filter(|_| is_over(context))?;
    let at = |time| when::at(time, &context.zone);
    Some(format!(
        "Opened at {}, resolved at {} after {}. The incident was over before this ticket could be made.",
        at(incident.open_since),
        at(resolved),
        when::lasted(incident.open_since, resolved)
    ))
}

/// The comment in the object's history; iTop refuses a write without one.
pub(crate) fn comment(scene: Scene<'_>) -> String {
    let context = scene.context;
    let own = given(&scene.settings.comment).map(text::one_line).filter(|comment| !comment.is_empty());
    let standard = || format!("Tocsin #{}: {}", context.incident.number, context.change.kind.as_str());
    text::truncate(&own.unwrap_or_else(standard), TITLE_CHARS)
}

fn standard(scene: Scene<'_>, flight: &Flight) -> Result<Object, Failure> {
    let (impact, urgency) = weight(scene.context.incident.severity);
    let fields = json!({
        "title": title(scene),
        "description": description(scene, flight),
        "impact": impact,
        "urgency": urgency,
        "origin": "monitoring",
    });
    let mut fields = fields.as_object().cloned().unwrap_or_default();
    for (field, given, criterion) in
        [("org_id", &scene.settings.organization, "name"), ("caller_id", &scene.settings.caller, "email")]
    {
        if let Some(value) = found_by(scene, given, criterion)? {
            fields.insert(field.to_owned(), value);
        }
    }
    Ok(fields)
}

/// An id as it is, a named query, and anything else as what `criterion` must be.
fn found_by(scene: Scene<'_>, setting: &Option<String>, criterion: &str) -> Result<Option<Value>, Failure> {
    let Some(text) = given(setting) else { return Ok(None) };
    if guard::is_id(text) {
        return Ok(Some(Value::from(text)));
    }
    let place = if criterion == "name" { "organization" } else { "caller" };
    let placed = scene.plan.queries.place(place, text, false).map_err(Failure::rejected)?;
    Ok(Some(if placed == text { json!({criterion: text}) } else { Value::from(placed) }))
}

/// iTop's impact (1 department, 2 service, 3 person) and urgency (1 critical to 4 low), of which it makes the
/// priority.
const fn weight(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("1", "1"),
        Severity::High => ("2", "2"),
        Severity::Medium => ("2", "3"),
        Severity::Low | Severity::Info => ("3", "4"),
    }
}

fn title(scene: Scene<'_>) -> String {
    let title = given(&scene.settings.title).unwrap_or(&scene.context.incident.title);
    line(&scene.context.marked(title))
}

fn line(title: &str) -> String {
    text::truncate(&text::one_line(&text::unturned(title)), TITLE_CHARS)
}

fn description(scene: Scene<'_>, flight: &Flight) -> String {
    let incident = &scene.context.incident;
    let room = html::BYTES_MAX - FOOTER_BYTES;
    let before = flight
        .ticket
        .as_ref()
        .map(|old| format!("This ticket takes the place of {}.", text::one_line(&old.name)));
    let more = [story(scene.context), before].map(|line| html::lines(&line.unwrap_or_default(), 1_000));
    if let Some(message) = given(&scene.settings.message) {
        return html::joined([html::lines(message, room - FOOTER_BYTES)].into_iter().chain(more), room);
    }
    let attributes = chat::attributes(incident, &scene.settings.attributes);
    let attributes: Vec<String> = attributes
        .iter()
        .map(|attribute| html::lines(&format!("{}: {}", attribute.label, attribute.value), 1_000))
        .collect();
    let links: Vec<String> = incident
        .links
        .iter()
        .take(LINKS_MAX)
        .filter_map(|link| {
            Some(format!("{}: {}", html::lines(&text::one_line(&link.title), 500), html::link(&link.url)?))
        })
        .collect();
    let facts = [rows(attributes, FACTS_BYTES), rows(links, FACTS_BYTES)];
    let message = html::lines(&incident.message, room - FACTS_BYTES);
    html::joined([message].into_iter().chain(more).chain(facts), room)
}

/// A text as one paragraph of at most `bytes` bytes.
fn paragraph(text: &str, bytes: usize) -> String {
    html::joined([html::lines(text, bytes.saturating_sub("<p></p>".len()))], bytes)
}

/// As many of the lines as fit into `bytes`.
fn rows(lines: Vec<String>, bytes: usize) -> String {
    let mut out = String::new();
    for line in lines {
        if out.len() + line.len() + "<br>".len() <= bytes {
            out.push_str(if out.is_empty() { "" } else { "<br>" });
            out.push_str(&line);
        }
    }
    out
}

/// The mark, and where the incident is shown.
fn footer(scene: Scene<'_>, mark: Mark) -> Result<String, Failure> {
    let words = mark.sentence(mark.id(scene.context)?);
    let url = scene.context.url("incident").filter(|_| scene.settings.incident_button);
    let link = url.and_then(html::link).filter(|link| link.len() + 200 <= FOOTER_BYTES);
    Ok(match link {
        Some(link) => format!("<p>{words}<br>Incident #{}: {link}</p>", scene.context.incident.number),
        None => format!("<p>{words}</p>"),
    })
}

/// Own fields over those that are there; `null` takes one away.
fn merge(fields: &mut Object, own: &Object) {
    for (name, value) in own {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
}

/// Own texts as iTop wants them, and the mark below the description.
fn prepare(scene: Scene<'_>, fields: &mut Object, own: bool, mark: Mark) -> Result<(), Failure> {
    texts(scene, fields, own)?;
    if let Some(Value::String(description)) = fields.get_mut("description") {
        *description = html::unmarked(description) + &footer(scene, mark)?;
    }
    Ok(())
}

/// Texts become HTML (`description` only where it is the operator's `own`), titles and HTML fit, an entry in a log has
/// the delivery's mark, and an external key that a placeholder left empty is left out.
fn texts(scene: Scene<'_>, fields: &mut Object, own: bool) -> Result<(), Failure> {
    criteria::drop_empty(fields);
    for (name, value) in fields.iter_mut() {
        let Value::String(text) = value else { continue };
        if name == "title" {
            *text = line(text);
        } else if entries(&scene.settings.plain_text).any(|plain| plain == name)
            && (own || name != "description")
        {
            let html = paragraph(text, html::BYTES_MAX - FOOTER_BYTES);
            *value = if name.ends_with("_log") {
                entry(&html::joined(
                    [html::lines(text, html::BYTES_MAX - FOOTER_BYTES), signature(scene)?],
                    html::BYTES_MAX,
                ))
            } else {
                Value::from(html)
            };
        } else {
            *text = html::fitted(text);
        }
    }
    Ok(())
}

/// Whether there is still something to follow: a ticket is not made for what is over.
pub(crate) fn is_over(context: &Context) -> bool {
    context.incident.state == State::Resolved
}
