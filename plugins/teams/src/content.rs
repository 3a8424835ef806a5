//! What a card says, before it is one: the same for both kinds.
//!
//! Never formats: every text in here is plain, and escaped where it is put.

use tocsin_plugin::chat::{Attribute, Button};
use tocsin_plugin::prelude::*;

use crate::highlight::Highlight;
use crate::{BODY_BYTES, Fields, address, neutral};

/// Characters of the title.
const TITLE_CHARS: usize = 300;
/// Characters of who made the change.
const ACTOR_CHARS: usize = 200;
/// Characters of an attribute's name and of its value.
const LABEL_CHARS: usize = 100;
const VALUE_CHARS: usize = 500;
/// Characters of the message: more cannot fit, whatever else is left out.
const MESSAGE_CHARS: usize = BODY_BYTES;
/// Links of the incident that are shown.
const LINKS_MAX: usize = 5;

/// The plain content of a card.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// One line.
    pub(crate) title: String,
    /// Lines; may be empty.
    pub(crate) message: String,
    /// Who made the change, if that is to be shown.
    pub(crate) actor: Option<String>,
    /// Names and values, each on one line.
    pub(crate) attributes: Vec<Attribute>,
    /// Names and web addresses.
    pub(crate) links: Vec<Attribute>,
    /// Buttons with web addresses.
    pub(crate) buttons: Vec<Button>,
    /// The colour.
    pub(crate) highlight: Highlight,
}

impl Content {
    /// What `fields` ask for, with every part but the message within its own limit.
    pub(crate) fn of(context: &Context, fields: &Fields) -> Self {
        let own = |text: &Option<String>| text.as_deref().map(neutral::lines).filter(|text| !text.is_empty());
        let title = match own(&fields.title) {
            Some(title) => context.marked(&text::one_line(&title)),
            None => chat::headline(context),
        };
        let actor = fields.facts.user_info(context);
        let attributes = fields.facts.attributes(&context.incident);
        let message = own(&fields.message).unwrap_or_else(|| default_message(context));
        Self {
            title: shown(&title, TITLE_CHARS),
            message: shown(&message, MESSAGE_CHARS),
            actor: actor.map(|actor| shown(&actor, ACTOR_CHARS)),
            attributes: attributes.into_iter().map(|a| shortened(&a.label, &a.value)).collect(),
            links: links(context, &fields.facts.attributes),
            buttons: buttons(context, fields),
            highlight: Highlight::of(context, fields.highlight_color.as_deref()),
        }
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

/// Why or what was noted, and the incident's own message.
fn default_message(context: &Context) -> String {
    let texts = [&context.change.text, &context.incident.message].map(|text| neutral::lines(text));
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn shortened(label: &str, value: &str) -> Attribute {
    Attribute { label: shown(label, LABEL_CHARS), value: shown(value, VALUE_CHARS) }
}

/// Without marks of direction, which could have an address read as another.
fn shown(plain: &str, chars: usize) -> String {
    text::truncate(&text::unturned(plain), chars)
}

/// The incident's links, unless nothing is to be shown below the message.
fn links(context: &Context, attributes: &[String]) -> Vec<Attribute> {
    let mut names = attributes.iter().flat_map(|line| line.split(',')).map(str::trim);
    if !names.any(|name| !name.is_empty()) || attributes.iter().any(|line| line.trim() == "none") {
        return Vec::new();
    }
    let links = context.incident.links.iter().filter(|link| text::is_web_address(&link.url));
    let named = links.map(|link| {
        let title = text::filled(Some(&link.title)).unwrap_or("Link");
        Attribute {
            label: shown(&text::one_line(title), LABEL_CHARS),
            value: text::unturned(link.url.trim()),
        }
    });
    named.take(LINKS_MAX).collect()
}

/// Only such buttons as lead to a web address: a card with another one may not be shown at all.
fn buttons(context: &Context, fields: &Fields) -> Vec<Button> {
    let buttons = fields.buttons.of(context);
    let usable =
        buttons.into_iter().filter_map(|button| Some(Button { url: address::of(&button.url)?, ..button }));
    usable.collect()
}
