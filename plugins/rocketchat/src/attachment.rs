//! The attachment: attributes, links and buttons beside a coloured bar.
//!
//! Never longer than a text may be, and never with a field that is empty or an address that is none: the
//! server refuses the whole message for one of them (`apps/meteor/app/lib/server/functions/sendMessage.ts`).

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markdown::{as_written, neutral};
use crate::{Fields, message};

/// UTF-16 code units of all fields together, and of all links: attributes go before the message does.
const FIELDS_LENGTH: usize = 5_000;
const LINKS_LENGTH: usize = 2_000;
/// Of one field's name and of its value, and of the attachment's title.
const NAME_LENGTH: usize = 100;
const VALUE_LENGTH: usize = 1_000;
const TITLE_LENGTH: usize = 250;
/// Of a field that two of stand side by side.
const SHORT_LENGTH: usize = 40;

/// The list of attachments: one, or none when there is nothing to hang on the message.
pub(crate) fn all(context: &Context, settings: &Fields) -> Value {
    let has_own_message = text::filled(settings.message.as_deref()).is_some();
    let fields = fields(context, settings);
    let actions = actions(context, settings);
    let links = if has_own_message { String::new() } else { links(context, settings) };
    let has_own_title = has_own_message && text::filled(settings.title.as_deref()).is_some();
    if fields.is_empty() && actions.is_empty() && links.is_empty() && !has_own_title {
        return json!([]);
    }
    // The default layout's text begins with the title already.
    let title = if has_own_message {
        neutral(&message::title(context, settings), TITLE_LENGTH)
    } else {
        format!("Incident #{}", context.incident.number)
    };
    let mut attachment = Map::new();
    attachment.insert("title".to_owned(), json!(title));
    attachment.insert("color".to_owned(), json!(color(context, settings)));
    let page =
        context.url("incident").filter(|url| settings.buttons.incident_button && text::is_web_address(url));
    if let Some(url) = page {
        attachment.insert("title_link".to_owned(), json!(url));
    }
    if !links.is_empty() {
        attachment.insert("text".to_owned(), json!(links));
    }
    for (name, list) in [("fields", fields), ("actions", actions)] {
        if !list.is_empty() {
            attachment.insert(name.to_owned(), json!(list));
        }
    }
    json!([attachment])
}

fn fields(context: &Context, settings: &Fields) -> Vec<Value> {
    let summary = message::summary(context, settings);
    let mut attributes = summary.labels.clone();
    let more = summary.more().map(|value| chat::Attribute { label: "…".to_owned(), value });
    attributes.extend(more);
    // The default layout says in its title or its line of essentials who it was.
    let has_own = text::filled(settings.message.as_deref()).is_some();
    let by = settings.facts.user_info(context).filter(|_| has_own);
    // First, so that it is not dropped for a label.
    attributes.splice(..0, by.map(|value| chat::Attribute { label: "By".to_owned(), value }));
    let (mut fields, mut used) = (Vec::new(), 0);
    for attribute in attributes {
        let title = neutral(&attribute.label, NAME_LENGTH);
        let value = as_written(&attribute.value, VALUE_LENGTH);
        used += length(&title) + length(&value);
        if used > FIELDS_LENGTH {
            break;
        }
        if !is_blank(&title) && !is_blank(&value) {
            let is_short = length(&title).max(length(&value)) <= SHORT_LENGTH;
            fields.push(json!({"title": title, "value": value, "short": is_short}));
        }
    }
    fields
}

/// The incident's links, one on each line: what they are called and where they lead, so that a name cannot
/// hide an address.
fn links(context: &Context, settings: &Fields) -> String {
    let mut text = String::new();
    for link in message::summary(context, settings).links {
        let line = format!("{}: {}", neutral(&link.title, NAME_LENGTH), neutral(&link.url, usize::MAX));
        if length(&text) + length(&line) + 1 > LINKS_LENGTH {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

fn actions(context: &Context, settings: &Fields) -> Vec<Value> {
    let buttons = message::summary(context, settings).buttons.into_iter();
    buttons
        .filter(|button| text::is_web_address(&button.url))
        .map(|button| json!({"type": "button", "text": button.label, "url": button.url}))
        .collect()
}

fn color(context: &Context, settings: &Fields) -> String {
    if let Some(own) = text::filled(settings.highlight_color.as_deref()) {
        return format!("#{}", own.trim_start_matches('#'));
    }
    let by_state = match (context.incident.state, context.incident.severity) {
        (State::Resolved, _) => "#2E7D32",
        (_, Severity::Critical) => "#B71C1C",
        (_, Severity::High) => "#E53935",
        (_, Severity::Medium) => "#FB8C00",
        (_, Severity::Low) => "#FDD835",
        (_, Severity::Info) => "#1E88E5",
    };
    by_state.to_owned()
}
