//! What a card says, before it is one: the same for both kinds.
//!
//! Never formats: every text in here is plain, and escaped where it is put.

use tocsin_plugin::chat::marked;
use tocsin_plugin::chat::{Attribute, Button, Essential, Summary, View};
use tocsin_plugin::prelude::*;

use crate::highlight::Highlight;
use crate::mention::{self, Mention};
use crate::{BODY_BYTES, Fields, address, neutral};

/// Characters of the title and of what a notification shows.
const TITLE_CHARS: usize = 300;
/// Characters of an attribute's name and of its value, and of a part of the line of essentials.
const LABEL_CHARS: usize = 100;
const VALUE_CHARS: usize = 500;
/// Characters of the message: more cannot fit, whatever else is left out.
const MESSAGE_CHARS: usize = BODY_BYTES;

/// The plain content of a card.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// One line, with a sign for the severity.
    pub(crate) title: String,
    /// The one line for notifications.
    pub(crate) notification: String,
    /// Lines; may be empty.
    pub(crate) message: String,
    /// The message is the operator's: the links and mentions in it are meant.
    pub(crate) is_own: bool,
    /// Number, times, owner, place; each on one line.
    pub(crate) essentials: Vec<Essential>,
    /// Names and values, each on one line.
    pub(crate) attributes: Vec<Attribute>,
    /// `+ 6 more labels`.
    pub(crate) more: Option<String>,
    /// The attributes stand in one paragraph: the operator has not chosen any.
    pub(crate) is_auto: bool,
    /// Texts with their host, and web addresses.
    pub(crate) links: Vec<(String, String)>,
    /// Buttons with web addresses.
    pub(crate) buttons: Vec<Button>,
    /// People who are mentioned.
    pub(crate) mentions: Vec<Mention>,
    /// The colour.
    pub(crate) highlight: Highlight,
}

impl Content {
    /// What `fields` ask for, with every part but the message within its own limit.
    pub(crate) fn of(context: &Context, fields: &Fields) -> Self {
        let own =
            |text: &Option<String>| text.as_deref().map(neutral::lines).filter(|text| !text::is_blank(text));
        let summary = Summary::of(context, View::Change, &fields.facts, &fields.buttons);
        let (title, summary) = match own(&fields.title) {
            Some(title) => (context.marked(&text::one_line(&marked::plain(&title))), summary.without_lead()),
            None => (format!("{} {}", summary.mark, summary.title_line()), summary),
        };
        let message = own(&fields.message);
        Self {
            title: shown(&title, TITLE_CHARS),
            notification: neutral::line(&shown(&summary.notification, TITLE_CHARS)),
            is_own: message.is_some(),
            message: shown(&message.unwrap_or_else(|| default_message(&summary)), MESSAGE_CHARS),
            essentials: essentials(&summary),
            attributes: summary.labels.iter().map(|a| shortened(&a.label, &a.value)).collect(),
            more: summary.more(),
            is_auto: fields.facts.is_auto(),
            links: summary.links.iter().map(|link| (link.text(), link.url.clone())).collect(),
            buttons: usable(summary.buttons),
            mentions: mention::all(context, fields),
            highlight: Highlight::of(context, fields.highlight_color.as_deref()),
        }
    }

    /// The message without the marks of an operator's links.
    pub(crate) fn message_as_text(&self) -> String {
        if self.is_own { marked::plain(&self.message) } else { self.message.clone() }
    }

    /// The line of essentials, with times in the context's zone.
    pub(crate) fn essentials_as_text(&self) -> String {
        self.essentials.iter().map(Essential::plain).collect::<Vec<_>>().join(" · ")
    }

    /// How many attributes and links there are; links are left out first.
    pub(crate) fn details(&self) -> usize {
        self.attributes.len() + self.links.len()
    }

    /// The same with at most so many details, characters of the message and buttons.
    pub(crate) fn reduced(&self, details: usize, chars: usize, buttons: usize) -> Self {
        let mut reduced = self.clone();
        reduced.attributes.truncate(details);
        reduced.links.truncate(details.saturating_sub(self.attributes.len()));
        reduced.message = text::truncate(&self.message, chars);
        reduced.buttons.truncate(buttons);
        reduced
    }
}

/// What an update changed, a note or the reason, and the incident's own message: each once.
fn default_message(summary: &Summary) -> String {
    let texts = summary.changes.iter().chain([&summary.said, &summary.description]);
    let lines = texts.map(|text| neutral::lines(text)).filter(|text| !text.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// How late the message is, then number, times, owner, place and source.
fn essentials(summary: &Summary) -> Vec<Essential> {
    let late = summary.late.clone().map(Essential::Text);
    let parts = late.into_iter().chain(summary.essentials.iter().cloned());
    let cut = |part| match part {
        Essential::Text(text) => Essential::Text(shown(&text, LABEL_CHARS)),
        time @ Essential::Time(..) => time,
    };
    parts.map(cut).collect()
}

fn shortened(label: &str, value: &str) -> Attribute {
    Attribute { label: shown(label, LABEL_CHARS), value: shown(value, VALUE_CHARS) }
}

/// Without marks of direction, which could have an address read as another.
fn shown(plain: &str, chars: usize) -> String {
    text::truncate(&text::unturned(plain), chars)
}

/// Only such buttons as lead to a web address: a card with another one may not be shown at all.
fn usable(buttons: Vec<Button>) -> Vec<Button> {
    let usable =
        buttons.into_iter().filter_map(|button| Some(Button { url: address::of(&button.url)?, ..button }));
    usable.collect()
}
