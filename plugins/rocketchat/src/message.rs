//! The request's body: the text, who it is from, where it goes, and what hangs on it.
//!
//! Never empty: the server answers an empty message with success and posts nothing.

use serde_json::{Map, Value, json};
use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markdown::{as_written, neutral};
use crate::{Fields, attachment, given, own};

/// UTF-16 code units of a text. The server's own limit (`Message_MaxAllowedSize`, 5000) does not hold for
/// integrations, where larger messages make clients fail.
pub(crate) const TEXT_LENGTH: usize = 5_000;
/// Of them for the title inside the text: the message needs the rest.
const TITLE_LENGTH: usize = 1_000;

/// The key of the reference that is the id of the incident's first message.
pub(crate) const MESSAGE: &str = "message";
/// The key of the reference that is the channel in which it was posted, when an action chose one.
pub(crate) const CHANNEL: &str = "channel";

/// How much of a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text and attachment.
    Whole,
    /// The text alone, after the whole was refused.
    Text,
}

/// The whole body.
///
/// # Errors
/// A channel or a mention that cannot be one: this delivery would go to somebody else, or to nobody.
pub(crate) fn body(context: &Context, settings: &Fields, form: Form) -> Result<Value, Failure> {
    let refuse =
        |field: &str, problem: String| Failure::rejected(format!("`{field}` of the action: {problem}"));
    let channel = given::channel(settings).map_err(|problem| refuse("channel", problem))?;
    let mentions =
        given::mentions(context.change.kind, settings).map_err(|problem| refuse("mention", problem))?;
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("text", Some(json!(text(context, settings, &mentions))));
    if form == Form::Whole {
        let own =
            own::attachments(&settings.attachments).map_err(|problem| refuse("attachments", problem))?;
        put("attachments", Some(own.unwrap_or_else(|| attachment::all(context, settings))));
    }
    put("alias", given::alias(settings).map(|alias| json!(alias)));
    put("avatar", given::avatar(settings).ok().flatten().map(|avatar| json!(avatar)));
    put("emoji", given::emoji(settings).ok().flatten().map(|emoji| json!(emoji)));
    put("channel", channel.map(|channel| json!(channel)));
    // An alert must not make the server fetch addresses for previews.
    put("parseUrls", Some(json!(false)));
    if settings.threads {
        // The one way to be told a message's id, and of each channel whether it worked.
        put("separateResponse", Some(json!(true)));
        put("tmid", thread(context, channel).map(|id| json!(id)));
    }
    Ok(Value::Object(body))
}

/// The incident's first message in this channel. One in another channel would be answered where nobody looks.
pub(crate) fn thread<'a>(context: &'a Context, channel: Option<&str>) -> Option<&'a str> {
    let posted_in = context.reference(CHANNEL).map(|reference| reference.value.as_str());
    let message = context.reference(MESSAGE).filter(|_| posted_in == channel)?;
    Some(message.value.as_str())
}

fn text(context: &Context, settings: &Fields, mentions: &str) -> String {
    let mut text = mentions.to_owned();
    if let Some(message) = text::filled(settings.message.as_deref()) {
        text.push_str(&own(&context.marked(message), TEXT_LENGTH.saturating_sub(length(&text))));
        return text;
    }
    let summary = summary(context, settings);
    let title = as_written(&title(context, settings), TITLE_LENGTH);
    text.push_str(summary.mark);
    text.push_str(&if title.ends_with('`') { format!(" {title}") } else { format!(" *{title}*") });
    let changes = summary.changes.join("\n");
    let late = summary.late.iter().cloned();
    let essentials = late.chain([summary.essentials_line()]).collect::<Vec<_>>().join(" · ");
    for part in [changes.trim(), summary.said.trim(), summary.description.trim(), &essentials] {
        let room = TEXT_LENGTH.saturating_sub(length(&text) + 1);
        if !is_blank(part) && room > 20 {
            text.push('\n');
            text.push_str(&as_written(part, room));
        }
    }
    text
}

/// An operator's text, with the links and mentions that its template made.
pub(crate) fn own(plain: &str, room: usize) -> String {
    let mut out = String::new();
    for piece in marked::pieces(plain) {
        let left = room.saturating_sub(length(&out));
        let piece = match piece {
            Piece::Text(text) => neutral(text, left),
            Piece::Link { url, text } if !url.contains([')', '(']) && !text.is_empty() => {
                format!("[{}]({url})", neutral(text, left).replace(['[', ']'], " "))
            }
            Piece::Link { url, text } => neutral(format!("{text} {url}").trim(), left),
            Piece::Mention(name) => given::mention(name).unwrap_or_else(|| neutral(name, left)),
        };
        if length(&piece) > left {
            break;
        }
        out.push_str(&piece);
    }
    out
}

/// What the message says, as far as no setting of this plugin changes it.
pub(crate) fn summary(context: &Context, settings: &Fields) -> chat::Summary {
    let summary = chat::Summary::of(context, chat::View::Change, &settings.facts, &settings.buttons);
    // Beside a message of the operator's own, an attribute says who it was.
    let has_own = |text: &Option<String>| text::filled(text.as_deref()).is_some();
    if has_own(&settings.title) && !has_own(&settings.message) { summary.without_lead() } else { summary }
}

/// The title that the operator gave, or what happened and the incident's title; marked in a test. On one line,
/// not yet neutral.
pub(crate) fn title(context: &Context, settings: &Fields) -> String {
    match text::filled(settings.title.as_deref()) {
        Some(own) => context.marked(&text::one_line(&marked::plain(own))),
        None => summary(context, settings).title_line(),
    }
}
