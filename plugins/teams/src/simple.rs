//! The message once more in its simplest form, after a card was refused.
//!
//! Never with a style, a button, a link or a mention: whatever of those was refused must not be refused again.

use serde_json::{Value, json};
use tocsin_plugin::text;

use crate::content::Content;
use crate::target::Target;
use crate::{adaptive, neutral, runs};

/// Characters of the message.
const MESSAGE_CHARS: usize = 2_000;

/// The body of the request.
pub(crate) fn body(content: &Content, target: Target) -> Value {
    let message = text::truncate(&content.message_as_text(), MESSAGE_CHARS);
    let page = content.buttons.iter().find(|button| button.purpose == "incident");
    let lines = [
        content.title.clone(),
        message,
        content.essentials_as_text(),
        page.map(|p| p.url.clone()).unwrap_or_default(),
    ];
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    match target {
        Target::Workflow => {
            let all = lines.join("\n");
            let blocks = all.lines().map(|line| {
                json!({"type": "RichTextBlock", "inlines": runs::plain(if line.is_empty() { " " } else { line }, &Value::Null)})
            });
            let card = json!({"type": "AdaptiveCard", "version": "1.2", "body": blocks.collect::<Vec<_>>()});
            adaptive::envelope(card, &content.notification)
        }
        Target::Connector => json!({
            "@type": "MessageCard",
            "@context": "https://schema.org/extensions",
            "summary": content.notification,
            "text": neutral::markdown(&lines.join("\n")),
        }),
    }
}
