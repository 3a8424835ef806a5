//! Links and mentions inside texts that plugins are given, between private characters that stand in no alert.
//!
//! The template filters `link` and `mention` make them, in an operator's text alone. A plugin turns them into its
//! peer's markup. Where a plugin does not, [`plain`] writes them as text. Values of incidents never hold these
//! characters: [`without`] takes them out.

use std::borrow::Cow;

use crate::delivery::{Change, Reference};
use crate::event::Link;
use crate::incident::Incident;
use crate::reason::Reason;

/// Before the address of a link.
pub const LINK: char = '\u{e010}';
/// Between a link's address and its text.
pub const TEXT: char = '\u{e011}';
/// After a link's text, and after a mention.
pub const END: char = '\u{e012}';
/// Before the identifier of whom a mention notifies.
pub const MENTION: char = '\u{e013}';
/// All of them.
pub const ALL: [char; 4] = [LINK, TEXT, END, MENTION];

/// `text` without any of the characters.
pub fn without(text: &str) -> Cow<'_, str> {
    if text.contains(ALL) { text.replace(ALL, "").into() } else { text.into() }
}

/// A link with this text. Neither part has a marker afterwards.
pub(crate) fn link(url: &str, text: &str) -> String {
    format!("{LINK}{}{TEXT}{}{END}", without(url), without(text))
}

/// A mention of `id`.
pub(crate) fn mention(id: &str) -> String {
    format!("{MENTION}{}{END}", without(id))
}

/// How a text is written that has no markup, in some encoding: what stands around the address behind a link's
/// text.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Before the address.
    pub before: &'a str,
    /// After it.
    pub after: &'a str,
}

/// Plain text.
pub const AS_TEXT: Written<'static> = Written { before: " (", after: ")" };

/// `text` with each link as `text (address)`, or the address alone where that is the text, and each mention as its
/// identifier. A marker without its others is taken out.
pub fn plain(text: &str) -> Cow<'_, str> {
    plain_as(text, AS_TEXT)
}

/// [`plain`], with what stands around an address written as `written` says.
pub fn plain_as<'a>(text: &'a str, written: Written<'_>) -> Cow<'a, str> {
    let Some(first) = text.find(ALL) else { return text.into() };
    let (mut out, mut rest) = (text[..first].to_owned(), &text[first..]);
    while let Some(at) = rest.find(ALL) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((url, shown, after)) = whole_link(rest) else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            rest = &rest[length..];
            continue;
        };
        if shown.is_empty() || shown == url {
            out.push_str(url);
        } else {
            out.push_str(shown);
            out.push_str(written.before);
            out.push_str(url);
            out.push_str(written.after);
        }
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

/// Address, text and rest of the link that `text` begins with, if it is a whole one.
fn whole_link(text: &str) -> Option<(&str, &str, &str)> {
    let (url, rest) = text.strip_prefix(LINK)?.split_once(TEXT)?;
    let (shown, rest) = rest.split_once(END)?;
    (!url.contains(ALL) && !shown.contains(ALL)).then_some((url, shown, rest))
}

fn clean(text: &mut String) {
    if let Cow::Owned(cleaned) = without(text) {
        *text = cleaned;
    }
}

fn clean_pairs(pairs: &mut [(String, String)]) {
    for (key, value) in pairs {
        clean(key);
        clean(value);
    }
}

/// Takes the characters out of everything of an incident that somebody else wrote.
pub fn clean_incident(incident: &mut Incident) {
    clean(&mut incident.key);
    clean(&mut incident.title);
    clean(&mut incident.message);
    if incident.labels.iter().any(|(key, value)| key.contains(ALL) || value.contains(ALL)) {
        let labels = std::mem::take(&mut incident.labels).into_iter();
        incident.labels = labels
            .map(|(mut key, mut value)| {
                clean(&mut key);
                clean(&mut value);
                (key, value)
            })
            .collect();
    }
    clean_links(&mut incident.links);
}

/// The same of a change.
pub fn clean_change(change: &mut Change) {
    change.actor.iter_mut().for_each(clean);
    clean_reason(&mut change.text);
    change.changed.iter_mut().for_each(clean);
    clean_pairs(&mut change.before);
}

/// The same of why something is so: what somebody else wrote of it becomes the words that it reads as.
fn clean_reason(reason: &mut Reason) {
    let words = reason.to_string();
    let mut cleaned = words.clone();
    clean(&mut cleaned);
    if cleaned != words {
        *reason = Reason::Said(cleaned);
    }
}

/// The same of links.
pub fn clean_links(links: &mut [Link]) {
    for Link { title, url } in links {
        clean(title);
        clean(url);
    }
}

/// The same of what a peer calls an incident.
pub fn clean_references(references: &mut [Reference]) {
    for Reference { key, value, url } in references {
        clean(key);
        clean(value);
        url.iter_mut().for_each(clean);
    }
}
