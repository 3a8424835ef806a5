//! An Adaptive Card 1.5 in the envelope that a flow expects.
//!
//! Never a member that the official schema lacks but `msteams` for mentions, a null among elements or an address that
//! is not absolute: after a flow has taken a card, nothing says whether it was shown. Text of an alert is a `TextRun`,
//! which has no markup on any device, or stands in a `TextBlock` where Markdown finds nothing to read.

use serde_json::{Value, json};
use tocsin_plugin::Timestamp;
use tocsin_plugin::chat::{Button, Emphasis, Essential, Moment};

use crate::content::Content;
use crate::{neutral, runs};

/// The whole body of the request.
pub(crate) fn message(content: &Content) -> Value {
    envelope(card(content), &content.notification)
}

/// A card as a flow takes it, with the text that notifications show, where the flow passes it on.
pub(crate) fn envelope(card: Value, summary: &str) -> Value {
    json!({
        "type": "message",
        "summary": summary,
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn card(content: &Content) -> Value {
    let mut body = vec![head(content)];
    if !content.mentions.is_empty() {
        let people: Vec<String> = content.mentions.iter().map(|mention| mention.text()).collect();
        body.push(json!({"type": "TextBlock", "text": people.join(" "), "wrap": true}));
    }
    body.extend(if content.is_own { runs::of_own(&content.message) } else { runs::of(&content.message) });
    body.extend(essentials(&content.essentials));
    if !content.buttons.is_empty() {
        let actions: Vec<Value> = content.buttons.iter().map(action).collect();
        body.push(json!({"type": "ActionSet", "actions": actions}));
    }
    body.extend(runs::of_links(&content.links).map(small));
    body.extend(attributes(content));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": content.notification,
        "speak": content.notification,
        "body": body,
    });
    if !content.mentions.is_empty() {
        let entities: Vec<Value> = content.mentions.iter().map(|mention| mention.entity()).collect();
        card["msteams"] = json!({"entities": entities});
    }
    card
}

/// The title in the highlight's style.
fn head(content: &Content) -> Value {
    let title = runs::plain(&content.title, &json!({"size": "medium", "weight": "bolder"}));
    json!({
        "type": "Container",
        "style": content.highlight.style(),
        "bleed": true,
        "items": [text(title)],
    })
}

fn text(inlines: Vec<Value>) -> Value {
    json!({"type": "RichTextBlock", "inlines": inlines})
}

/// The style of what is read last.
fn subtle() -> Value {
    json!({"size": "small", "isSubtle": true})
}

/// Makes a line of links small.
fn small(mut line: Value) -> Value {
    let runs = line.get_mut("inlines").and_then(Value::as_array_mut);
    match runs {
        Some(runs) => runs.iter_mut().for_each(|run| run["size"] = "small".into()),
        None => line["size"] = "small".into(),
    }
    line
}

/// Times in the reader's zone need a `TextBlock`: Teams shows them in no other text (microsoft/AdaptiveCards#6194).
/// What Markdown could read of the rest stands in a line of its own.
fn essentials(parts: &[Essential]) -> Vec<Value> {
    let (mut inert, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Essential::Time(before, moment) => inert.push(format!("{before}{}", local(moment))),
            Essential::Text(text) if neutral::is_inert(text) => inert.push(text.clone()),
            Essential::Text(text) => others.push(text.clone()),
        }
    }
    let block = json!({"type": "TextBlock", "text": inert.join(" · "), "wrap": true, "size": "small", "isSubtle": true});
    let mut lines = vec![block];
    if inert.is_empty() {
        lines.clear();
    }
    if !others.is_empty() {
        let mut line = text(runs::plain(&others.join(" · "), &subtle()));
        if !lines.is_empty() {
            line["spacing"] = "none".into();
        }
        lines.push(line);
    }
    lines
}

/// `{{TIME(2026-11-28T02:58:11Z)}}`, with the date before it when it was on another day. Fractions of a second are no
/// part of the form.
fn local(moment: &Moment) -> String {
    let at = Timestamp::from_seconds(moment.at.as_seconds());
    let date = if moment.text.contains(',') { format!("{{{{DATE({at},SHORT)}}}} ") } else { String::new() };
    format!("{date}{{{{TIME({at})}}}}")
}

/// One paragraph of the labels that were chosen by themselves; one line for each fact that the operator chose.
fn attributes(content: &Content) -> Vec<Value> {
    let fact = |label: &str, value: &str| {
        let mut fact = runs::plain(&format!("{label} "), &subtle());
        fact.extend(runs::plain(value, &json!({"size": "small"})));
        fact
    };
    if content.is_auto {
        let mut inlines = Vec::new();
        for attribute in &content.attributes {
            if !inlines.is_empty() {
                inlines.extend(runs::plain(" · ", &subtle()));
            }
            inlines.extend(fact(&attribute.label, &attribute.value));
        }
        if let Some(more) = content.more.as_ref().filter(|_| !inlines.is_empty()) {
            inlines.extend(runs::plain(&format!(" · {more}"), &subtle()));
        }
        return if inlines.is_empty() { Vec::new() } else { vec![text(inlines)] };
    }
    let mut lines = Vec::new();
    for attribute in &content.attributes {
        let mut line = text(fact(&attribute.label, &attribute.value));
        if !lines.is_empty() {
            line["spacing"] = "none".into();
        }
        lines.push(line);
    }
    lines
}

/// Teams shows six and puts what is more into a menu.
fn action(button: &Button) -> Value {
    let style = match button.emphasis {
        Emphasis::Primary => "positive",
        Emphasis::Plain => "default",
        Emphasis::Danger => "destructive",
    };
    json!({"type": "Action.OpenUrl", "title": button.label, "url": button.url, "style": style})
}
