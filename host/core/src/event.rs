//! What a source reported, after its plugin decoded the request. Bounded here, once, so that nothing behind
//! has to ask again.
//!
//! Never decides what an event does: that is [`crate::transition`].

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use url::Url;

use crate::time::Timestamp;

/// Characters of a title; what does not fit ends in `…`.
pub const TITLE_CHARS_MAX: usize = 1000;
/// Bytes of a message: a page of log, not the log.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a key or alias: it is a part of a database key.
pub const KEY_BYTES_MAX: usize = 1024;
/// Aliases of one event.
pub const ALIASES_MAX: usize = 8;
/// Labels of one incident.
pub const LABELS_MAX: usize = 64;
/// Bytes of a label's key.
pub const LABEL_KEY_BYTES_MAX: usize = 128;
/// Bytes of a label's value.
pub const LABEL_VALUE_BYTES_MAX: usize = 4096;
/// Links of one incident.
pub const LINKS_MAX: usize = 16;
/// Bytes of a link's address.
pub const LINK_URL_BYTES_MAX: usize = 2048;
/// Characters of a name, be it an actor's or a link's.
pub const NAME_CHARS_MAX: usize = 200;

/// How bad it is, worst first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
    Encode,
    Decode,
)]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = UnknownWord, parse_err_fn = no_severity)]
#[cbor(index_only)]
pub enum Severity {
    /// Wake somebody up.
    #[n(0)]
    Critical,
    /// Today.
    #[n(1)]
    High,
    /// This week.
    #[n(2)]
    Medium,
    /// Some day.
    #[n(3)]
    Low,
    /// Good to know.
    #[n(4)]
    Info,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// As written in configurations and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

fn no_severity(given: &str) -> UnknownWord {
    UnknownWord::new("severity", given, Severity::VARIANTS)
}

/// A word that is not in the list it should be from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {what}: expected one of {expected}")]
pub struct UnknownWord {
    /// What kind of word was expected.
    pub what: &'static str,
    /// The word.
    pub given: String,
    /// The words that would do, with commas.
    pub expected: String,
}

impl UnknownWord {
    /// The error for `given`, which is none of `expected`.
    pub fn new(what: &'static str, given: &str, expected: &[&str]) -> Self {
        Self { what, given: given.chars().take(80).collect(), expected: expected.join(", ") }
    }
}

/// An address with the text to show for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// What to show.
    #[n(0)]
    pub title: String,
    /// An absolute http or https address.
    #[n(1)]
    pub url: String,
}

/// What an event does to the incident of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, Encode, Decode)]
#[strum(serialize_all = "lowercase")]
#[cbor(index_only)]
pub enum EventChange {
    /// Opens it, reopens it, or is merged into it.
    #[n(0)]
    Trigger,
    /// Somebody is on it. Opens one that is not known.
    #[n(1)]
    Acknowledge,
    /// It is over.
    #[n(2)]
    Resolve,
    /// Adds a note to an incident that is there.
    #[n(3)]
    Note,
}

impl EventChange {
    /// As written in answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One thing that a source reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it does.
    pub change: EventChange,
    /// What tells this problem from others of the same source.
    pub key: String,
    /// Other keys of the same problem.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// Plain text.
    pub message: String,
    /// Left out: as the incident has it, or the source's default.
    pub severity: Option<Severity>,
    /// Facts.
    pub labels: BTreeMap<String, String>,
    /// Where to read more.
    pub links: Vec<Link>,
    /// Who did it at the sender.
    pub actor: Option<String>,
    /// When, by the sender's clock.
    pub occurred_at: Option<Timestamp>,
}

/// What of an event cannot be brought within the bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// Nothing tells this problem from others.
    #[error("the event has no key")]
    NoKey,
    /// A cut key could be another problem's.
    #[error("the event's key has {0} bytes, the limit is {KEY_BYTES_MAX}")]
    KeyTooLong(usize),
}

impl Event {
    /// The event within the bounds of this module: texts are cut, control characters dropped from single
    /// lines, surplus labels, links and aliases left out.
    ///
    /// # Errors
    /// A key that is blank, or too long, which cannot be cut without becoming another.
    pub fn bounded(mut self) -> Result<Self, InvalidEvent> {
        if single_line(&self.key, KEY_BYTES_MAX).is_empty() {
            return Err(InvalidEvent::NoKey);
        }
        if self.key.len() > KEY_BYTES_MAX {
            return Err(InvalidEvent::KeyTooLong(self.key.len()));
        }
        let key = &self.key;
        self.aliases.retain(|alias| !alias.is_empty() && alias.len() <= KEY_BYTES_MAX && alias != key);
        self.aliases.truncate(ALIASES_MAX);
        self.title = single_line(&self.title, TITLE_CHARS_MAX);
        cut_bytes(&mut self.message, MESSAGE_BYTES_MAX);
        self.labels = bounded_labels(self.labels);
        self.links.retain(|link| link.url.len() <= LINK_URL_BYTES_MAX && is_web_address(&link.url));
        self.links.truncate(LINKS_MAX);
        for link in &mut self.links {
            link.title = single_line(&link.title, NAME_CHARS_MAX);
        }
        self.actor =
            self.actor.map(|actor| single_line(&actor, NAME_CHARS_MAX)).filter(|actor| !actor.is_empty());
        Ok(self)
    }
}

/// Whether this is an absolute http or https address that a browser can open, with a host and without the spaces and
/// marks that would end it inside a text.
pub fn is_web_address(text: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"');
    let parsed =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // The parser mends `https:host` and `https:///host`, which others do not.
    let rest = text.split_once("://").map(|(_, rest)| rest);
    parsed.is_some() && rest.is_some_and(|rest| !rest.starts_with('/')) && !text.contains(ends)
}

/// The labels that fit: at most [`LABELS_MAX`], values cut at [`LABEL_VALUE_BYTES_MAX`], empty or overlong
/// keys left out.
pub fn bounded_labels(labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels
        .into_iter()
        .filter(|(key, _)| !key.is_empty() && key.len() <= LABEL_KEY_BYTES_MAX)
        .take(LABELS_MAX)
        .map(|(key, mut value)| {
            cut_bytes(&mut value, LABEL_VALUE_BYTES_MAX);
            (key, value)
        })
        .collect()
}

/// `text` as one line of at most `chars` characters: control characters become spaces, ends are trimmed, a
/// cut is marked with `…`.
pub fn single_line(text: &str, chars: usize) -> String {
    // The two separators are no control characters, but end a line all the same.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    let clean = spaced.trim();
    if clean.chars().count() <= chars {
        return clean.to_owned();
    }
    let mut cut: String = clean.chars().take(chars.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Whether this mark turns the direction of what follows, so that a text seems to say something else (Unicode's
/// embeddings, overrides, isolates and the marks of a direction).
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` without the marks that turn the direction of what follows (see [`turns_direction`]).
pub fn unturned(text: &str) -> String {
    text.chars().filter(|c| !turns_direction(*c)).collect()
}

/// Cuts `text` to at most `bytes` bytes between two characters; a cut is marked with `…`.
pub fn cut_bytes(text: &mut String, bytes: usize) {
    if text.len() <= bytes {
        return;
    }
    let end = text.floor_char_boundary(bytes.saturating_sub('…'.len_utf8()));
    text.truncate(end);
    text.push('…');
}
