//! The message: a text for notifications and the blocks that people see.
//!
//! Every limit of Slack is kept by construction: a text is built up to it, a list is taken up to it.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use crate::Fields;
use crate::mrkdwn::{entities, escape, link};

/// Characters of a section's text, after escaping (Slack: 3000).
const SECTION_CHARS: usize = 3_000;
/// Characters of the title inside a section: the message needs the rest.
const TITLE_CHARS: usize = 1_000;
/// Characters of the notification's text (Slack: 40 000): a phone shows two lines.
const FALLBACK_CHARS: usize = 1_000;
/// Characters of one context element; Slack's sum over all blocks is about 13 200.
const CONTEXT_CHARS: usize = 2_000;
/// Labels that are shown.
const LABELS_MAX: usize = 20;
/// Links of the incident that are shown.
const LINKS_MAX: usize = 5;
/// Mentions in one message.
const MENTIONS_MAX: usize = 10;
/// Buttons in one row (Slack: 25).
const BUTTONS_MAX: usize = 5;
/// Characters of a button's text (Slack: 75) and of its address (Slack: 3000).
const BUTTON_CHARS: usize = 75;
const BUTTON_URL_CHARS: usize = 3_000;

/// What a notification shows, and clients that cannot show blocks.
pub(crate) fn fallback(context: &Context) -> String {
    let incident = &context.incident;
    let severity = incident.severity.as_str().to_uppercase();
    let title = text::one_line(&incident.title);
    let line = format!("[{severity}] {}: {title}", happened(context.change.kind));
    // Plain text is escaped like markup, but a link would show its brackets.
    let line = text::truncate(&context.marked(&line), FALLBACK_CHARS / 5);
    entities(&line)
}

/// The blocks of the message.
pub(crate) fn blocks(context: &Context, settings: &Fields) -> Result<Vec<Value>, Failure> {
    let mut blocks = vec![section(&body(context, settings)?)];
    let elements = context_elements(context, settings);
    if !elements.is_empty() {
        blocks.push(json!({"type": "context", "elements": elements}));
    }
    let buttons = buttons(context, settings);
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    Ok(blocks)
}

/// `verbatim`, so that Slack does not make `#names` and `@names` in an alert into links and mentions.
fn markup(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": markup(text)})
}

fn body(context: &Context, settings: &Fields) -> Result<String, Failure> {
    let incident = &context.incident;
    let mut head = mentions(context, &settings.mention)?;
    if context.test {
        head.push_str("TEST - ");
    }
    let own = settings.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    let Some(message) = own else {
        let kind = context.change.kind;
        head.push_str(&format!("{} *{}: ", emoji(context), happened(kind)));
        head.push_str(&escape(&text::one_line(&incident.title), TITLE_CHARS));
        head.push('*');
        for text in [context.change.text.trim(), incident.message.trim()] {
            let room = SECTION_CHARS.saturating_sub(head.chars().count() + 1);
            if !text.is_empty() && room > 1 {
                head.push('\n');
                head.push_str(&escape(text, room));
            }
        }
        return Ok(head);
    };
    let room = SECTION_CHARS.saturating_sub(head.chars().count());
    head.push_str(&escape(message, room));
    Ok(head)
}

/// Who is called, by the operator's own settings; a wrong one is the operator's to mend.
fn mentions(context: &Context, wanted: &[String]) -> Result<String, Failure> {
    if !matches!(context.change.kind, ChangeKind::Opened | ChangeKind::Reopened | ChangeKind::Repeated) {
        return Ok(String::new());
    }
    let mut mentions = String::new();
    for name in wanted.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).take(MENTIONS_MAX) {
        let id = name.trim_start_matches('@');
        let is_id = id.len() >= 2
            && id.len() <= 32
            && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let mention = match id.chars().next() {
            _ if matches!(id, "here" | "channel" | "everyone") => format!("<!{id}> "),
            Some('U' | 'W') if is_id => format!("<@{id}> "),
            Some('S') if is_id => format!("<!subteam^{id}> "),
            _ => {
                return Err(Failure::rejected(format!(
                    "`{}` in `mention` is neither here, channel, everyone nor an id that begins with U, W or S; in \
                     Slack open the profile, then More, then Copy member ID",
                    text::truncate(name, 40)
                )));
            }
        };
        mentions.push_str(&mention);
    }
    Ok(mentions)
}

fn context_elements(context: &Context, settings: &Fields) -> Vec<Value> {
    let incident = &context.incident;
    let mut first = format!("#{} · {} · {}", incident.number, incident.severity, incident.state.as_str());
    first.push_str(&format!(" · {}", escape(&text::one_line(&incident.source), 200)));
    if incident.count > 1 {
        first.push_str(&format!(" · {} times", incident.count));
    }
    if let (true, Some(actor)) = (settings.show_actor, &context.change.actor) {
        first.push_str(&format!(" · by {}", escape(&text::one_line(actor), 200)));
    }
    let mut elements = vec![markup(&first)];
    let labels = if settings.show_labels { labels(context, settings) } else { String::new() };
    let links = links(context);
    elements.extend([labels, links].iter().filter(|text| !text.is_empty()).map(|text| markup(text)));
    elements
}

fn labels(context: &Context, settings: &Fields) -> String {
    let wanted =
        |key: &str| settings.labels.is_empty() || settings.labels.iter().any(|name| name.trim() == key);
    let chosen = context.incident.labels.iter().filter(|label| wanted(&label.key)).take(LABELS_MAX);
    let shown = chosen.map(|label| {
        format!(
            "*{}:* {}",
            escape(&text::one_line(&label.key), 100),
            escape(&text::one_line(&label.value), 300)
        )
    });
    joined(shown)
}

fn links(context: &Context) -> String {
    joined(context.incident.links.iter().take(LINKS_MAX).filter_map(|l| link(&l.url, &l.title, 1_000)))
}

/// The pieces with a dot between, as many as fit.
fn joined(pieces: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for piece in pieces {
        let more = piece.chars().count() + 3;
        if text.chars().count() + more > CONTEXT_CHARS {
            break;
        }
        if !text.is_empty() {
            text.push_str(" · ");
        }
        text.push_str(&piece);
    }
    text
}

fn buttons(context: &Context, settings: &Fields) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut buttons = Vec::new();
    for name in settings.buttons.iter().map(|name| name.trim()) {
        let Some(url) = context.url(name).filter(|url| url.chars().count() <= BUTTON_URL_CHARS) else {
            continue;
        };
        // An action_id may be there once only.
        if seen.contains(&name) || buttons.len() == BUTTONS_MAX {
            continue;
        }
        seen.push(name);
        let label = match name {
            "incident" => format!("Incident #{}", context.incident.number),
            "acknowledge" => "Acknowledge".to_owned(),
            "resolve" => "Resolve".to_owned(),
            other => other.replace(['_', '-'], " "),
        };
        let label = text::truncate(&label, BUTTON_CHARS);
        buttons.push(json!({
            "type": "button",
            "action_id": text::truncate(&format!("tocsin-{name}"), 255),
            "text": {"type": "plain_text", "text": label},
            "url": url,
        }));
    }
    buttons
}

fn emoji(context: &Context) -> &'static str {
    match (context.incident.state, context.incident.severity) {
        (State::Resolved, _) => ":white_check_mark:",
        (State::Acknowledged, _) => ":eyes:",
        (State::Open, Severity::Critical) => ":rotating_light:",
        (State::Open, Severity::High) => ":red_circle:",
        (State::Open, Severity::Medium) => ":large_orange_circle:",
        (State::Open, Severity::Low) => ":large_yellow_circle:",
        (State::Open, Severity::Info) => ":large_blue_circle:",
    }
}

fn happened(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Opened => "New",
        ChangeKind::Updated => "Updated",
        ChangeKind::Acknowledged => "Acknowledged",
        ChangeKind::Unacknowledged => "No longer acknowledged",
        ChangeKind::Resolved => "Resolved",
        ChangeKind::Reopened => "Reopened",
        ChangeKind::Noted => "Note",
        ChangeKind::Repeated => "Still open",
        ChangeKind::Flapping => "Flapping",
        ChangeKind::Steady => "Steady again",
    }
}
