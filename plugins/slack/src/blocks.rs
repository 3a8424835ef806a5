//! The pieces of a message: a section, the lines in small print, attributes and buttons.
//!
//! Every limit of Block Kit is kept by construction: a text is built up to it, a list is taken up to it.

use serde_json::{Value, json};
use tocsin_plugin::chat::{Attribute, Emphasis, Essential, Moment, Summary};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::utf16_length as length;

use crate::mrkdwn::{entities, incident_link};
use crate::rich::Rich;

/// Characters of a section's text, after escaping (Slack: 3000).
pub(crate) const SECTION_CHARS: usize = 3_000;
/// Characters of an attribute's value, and of its name.
const FIELD_CHARS: usize = 2_000;
const LABEL_CHARS: usize = 200;
/// Characters of a label's value in the line of labels.
const VALUE_CHARS: usize = 200;
/// What a block costs beside its texts, and what an attribute does.
const SECTION_COST: usize = 120;
const ATTRIBUTE_COST: usize = 250;
/// Characters of one text in small print, and of all links (Slack: 3000).
const LINE_CHARS: usize = 2_000;
const LINKS_CHARS: usize = 2_000;
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

/// Plain text in small print, in which nothing is markup.
fn small(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// `#186 · since 02:58` in the reader's zone, and the rest of the line of essentials.
pub(crate) fn essentials(summary: &Summary) -> Value {
    let mut times = Vec::new();
    let mut texts = Vec::new();
    for (index, part) in summary.essentials.iter().enumerate() {
        match part {
            Essential::Time(before, moment) => times.push(format!("{before}{}", date(moment))),
            // The number, which is Tocsin's own.
            Essential::Text(text) if index == 0 => times.push(text.clone()),
            Essential::Text(text) => texts.push(text.as_str()),
        }
    }
    times.extend(summary.late.iter().map(|late| format!("*{late}*")));
    let mut elements = vec![markup(&times.join(" · "))];
    if !texts.is_empty() {
        elements.push(small(&text::truncate(&texts.join(" · "), LINE_CHARS)));
    }
    json!({"type": "context", "elements": elements})
}

/// A time that Slack shows in the reader's zone, with the day or `today`.
fn date(moment: &Moment) -> String {
    let (at, text) = (moment.at.as_seconds(), entities(&moment.text));
    format!("<!date^{at}^{{date_short_pretty}} {{time}}|{text}>")
}

/// Other links, and the labels with how many more there are; none when there is neither.
pub(crate) fn details(summary: &Summary, is_auto: bool) -> Option<Value> {
    let mut elements = Vec::new();
    let links = links(summary);
    if !links.is_empty() {
        elements.push(markup(&links));
    }
    if is_auto {
        let labels = summary.labels.iter().map(|label| {
            format!(
                "{} {}",
                text::truncate(&label.label, LABEL_CHARS),
                text::truncate(&label.value, VALUE_CHARS)
            )
        });
        let line: Vec<String> = labels.chain(summary.more()).collect();
        if !line.is_empty() {
            elements.push(small(&text::truncate(&text::unturned(&line.join(" · ")), LINE_CHARS)));
        }
    }
    (!elements.is_empty()).then(|| json!({"type": "context", "elements": elements}))
}

/// The attributes that the operator chose, one on each line, as many from the front as `room` has place for.
pub(crate) fn attributes(attributes: &[Attribute], room: usize) -> Option<Value> {
    let mut rich = Rich::new(SECTION_CHARS);
    let mut used = SECTION_COST;
    for (index, attribute) in attributes.iter().enumerate() {
        let (label, value) =
            (text::truncate(&attribute.label, LABEL_CHARS), text::truncate(&attribute.value, FIELD_CHARS));
        used += ATTRIBUTE_COST + length(&json!([label, value]).to_string());
        if used > room || !rich.has_room(length(&label) + 4) {
            break;
        }
        rich.text(if index == 0 { "" } else { "\n" });
        rich.bold(&label, LABEL_CHARS);
        rich.text(" ");
        rich.text(&value);
    }
    rich.into_block()
}

/// The links with a dot between; one that no longer fits gives way to shorter ones.
fn links(summary: &Summary) -> String {
    let mut text = String::new();
    for link in summary.links.iter().filter_map(|link| incident_link(link, LINKS_CHARS)) {
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
pub(crate) fn actions(summary: &Summary, room: usize) -> Option<Value> {
    let mut used = SECTION_COST;
    let mut buttons: Vec<Value> = Vec::new();
    for button in &summary.buttons {
        if length(&button.url) > BUTTON_URL_CHARS || !text::is_web_address(&button.url) {
            continue;
        }
        // The number stands in the line above; three short labels fit into one row of a phone.
        let label = if button.purpose == "incident" { "Incident" } else { button.label.as_str() };
        let mut shown = json!({
            "type": "button",
            "action_id": format!("tocsin-{}", button.purpose),
            "text": {"type": "plain_text", "text": text::truncate(label, BUTTON_CHARS)},
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
