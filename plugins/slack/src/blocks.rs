//! The pieces of a message: sections, fields, the context line and buttons.
//!
//! Every limit of Block Kit is kept by construction: a text is built up to it, a list is taken up to it.

use serde_json::{Value, json};
use tocsin_plugin::chat::{Attribute, Emphasis};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::utf16_length as length;

use crate::Fields;
use crate::mrkdwn::{line, link};

/// Characters of a section's text, after escaping (Slack: 3000).
pub(crate) const SECTION_CHARS: usize = 3_000;
/// Fields of one section (Slack: 10).
const SECTION_FIELDS: usize = 10;
/// Characters of one field, after escaping (Slack: 2000), and of the label in it.
const FIELD_CHARS: usize = 2_000;
const LABEL_CHARS: usize = 200;
/// What a section with fields costs beside them, and a separator between two.
const SECTION_COST: usize = 40;
/// Characters of a source's or a person's name in the context line.
const NAME_CHARS: usize = 100;
/// Links of the incident that are shown, and characters of all of them: a context's text is one of Slack's text
/// objects, of 3000 at most.
const LINKS_MAX: usize = 5;
const LINKS_CHARS: usize = 3_000;
/// Buttons in one row (Slack: 25).
const BUTTONS_MAX: usize = 10;
/// Characters of a button's text (Slack: 75) and of its address (Slack: 3000).
const BUTTON_CHARS: usize = 75;
const BUTTON_URL_CHARS: usize = 3_000;

/// What a block counts toward the sum of all: its JSON, since Slack's undocumented sum (`msg_blocks_too_long`)
/// takes in what is around the texts.
pub(crate) fn cost(block: &Value) -> usize {
    length(&block.to_string()) + 1
}

/// `verbatim`, so that Slack does not make `#names` and `@names` in an alert into links and mentions.
fn markup(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// A section of escaped text that is not empty.
pub(crate) fn section(text: &str) -> Value {
    json!({"type": "section", "text": markup(text)})
}

/// The attributes in sections of ten, as many from the front as `room` has place for.
pub(crate) fn fields(attributes: &[Attribute], room: usize) -> Vec<Value> {
    let mut shown = Vec::new();
    let mut used = 0;
    for attribute in attributes {
        let field = field(attribute);
        used += cost(&field);
        if shown.len() % SECTION_FIELDS == 0 {
            used += SECTION_COST;
        }
        if used > room {
            break;
        }
        shown.push(field);
    }
    shown.chunks(SECTION_FIELDS).map(|fields| json!({"type": "section", "fields": fields})).collect()
}

fn field(attribute: &Attribute) -> Value {
    let mut text = format!("*{}*\n", line(&attribute.label, LABEL_CHARS));
    text.push_str(&line(&attribute.value, FIELD_CHARS - length(&text)));
    markup(&text)
}

/// `#42 · critical · open · monitoring · by jane`, and the incident's links.
pub(crate) fn context_line(context: &Context, by: Option<&str>) -> Value {
    let incident = &context.incident;
    let source = line(&incident.source, NAME_CHARS);
    let state = incident.state.as_str();
    let mut first = format!("#{} · {} · {state} · {source}", incident.number, incident.severity);
    if incident.count > 1 {
        first.push_str(&format!(" · {} times", incident.count));
    }
    if let Some(by) = by {
        first.push_str(&format!(" · by {}", line(by, NAME_CHARS)));
    }
    let mut elements = vec![markup(&first)];
    let links = links(context);
    if !links.is_empty() {
        elements.push(markup(&links));
    }
    json!({"type": "context", "elements": elements})
}

/// The links with a dot between; one that no longer fits gives way to shorter ones.
fn links(context: &Context) -> String {
    let mut text = String::new();
    let links = context.incident.links.iter().take(LINKS_MAX);
    for link in links.filter_map(|l| link(&l.url, &l.title, LINKS_CHARS)) {
        let separator = if text.is_empty() { "" } else { " · " };
        if length(&text) + length(separator) + length(&link) > LINKS_CHARS {
            continue;
        }
        text.push_str(separator);
        text.push_str(&link);
    }
    text
}

/// The row of buttons that are wanted and fit into `room`; none when there are none.
pub(crate) fn actions(context: &Context, settings: &Fields, room: usize) -> Option<Value> {
    let mut used = SECTION_COST;
    let mut buttons: Vec<Value> = Vec::new();
    for button in settings.buttons.of(context) {
        if length(&button.url) > BUTTON_URL_CHARS || !text::is_web_address(&button.url) {
            continue;
        }
        let mut shown = json!({
            "type": "button",
            "action_id": format!("tocsin-{}", button.purpose),
            "text": {"type": "plain_text", "text": text::truncate(&button.label, BUTTON_CHARS)},
            "url": button.url,
        });
        match button.emphasis {
            Emphasis::Primary => shown["style"] = "primary".into(),
            Emphasis::Danger => shown["style"] = "danger".into(),
            Emphasis::Plain => {}
        }
        if used + cost(&shown) > room || buttons.len() == BUTTONS_MAX {
            continue;
        }
        used += cost(&shown);
        buttons.push(shown);
    }
    (!buttons.is_empty()).then(|| json!({"type": "actions", "elements": buttons}))
}
