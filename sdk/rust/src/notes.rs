//! An event as it is put together, with notes on what of the request was left out of it.
//!
//! Never loses something without a note: the operator who sets a source up reads them.

use crate::source::{LABELS_MAX, LINKS_MAX};
use crate::vocabulary::Severities;
use crate::{Change, Event, Timestamp, text};

/// Bytes of a label's key that the host takes.
const KEY_BYTES: usize = 128;
/// Characters at which a label's value is cut where it is read.
const VALUE_CHARS: usize = 1000;
/// Notes on one request; a person reads them.
const NOTES: usize = 20;
/// Characters of a value in a note.
const SHOWN: usize = 60;

/// Notes on a request, each once; 20 at most.
#[derive(Debug, Default)]
pub struct Notes {
    notes: Vec<String>,
    without_links: bool,
}

impl Notes {
    /// Notes that say nothing of links: for a reader that looks for them wherever they may be.
    pub fn without_links() -> Self {
        Self { without_links: true, ..Self::default() }
    }

    /// Adds a note: one sentence.
    pub fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.notes.len() < NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// All of them, as [`crate::Decoded::remarks`] holds them.
    pub fn into_remarks(self) -> Vec<String> {
        self.notes
    }
}

/// An event, and the notes of the request that it is made of.
#[derive(Debug)]
pub struct Draft<'a> {
    event: Event,
    notes: &'a mut Notes,
    left_out: usize,
}

fn shown(value: &str) -> String {
    text::truncate(&text::one_line(value), SHOWN)
}

impl<'a> Draft<'a> {
    /// A draft that begins with this event.
    pub fn new(event: Event, notes: &'a mut Notes) -> Self {
        Self { event, notes, left_out: 0 }
    }

    fn change(&mut self, change: impl FnOnce(Event) -> Event) {
        let event = std::mem::replace(&mut self.event, Event::new(Change::Note, "", ""));
        self.event = change(event);
    }

    /// Takes a fact; see [`Event::label`].
    pub fn label(&mut self, name: &str, value: &str) {
        let name = name.trim();
        if name.len() > KEY_BYTES {
            let bytes = name.len();
            self.notes.add(format!(
                "a value was left out: the name of a label has {KEY_BYTES} bytes at most, and `{}` has {bytes}",
                shown(name)
            ));
            return;
        }
        if value.ends_with('…') && value.chars().count() == VALUE_CHARS {
            self.notes.add(format!("the label `{name}` was cut at {VALUE_CHARS} characters"));
        }
        let before = self.event.labels.len();
        self.change(|event| event.label(name, value));
        let is_full = before == LABELS_MAX && self.event.labels.len() == before;
        self.left_out += usize::from(is_full && !name.is_empty() && !value.trim().is_empty());
    }

    /// Takes an address; see [`Event::link`].
    pub fn link(&mut self, title: &str, url: &str) {
        if !self.notes.without_links {
            self.note_link(title, url);
        }
        self.change(|event| event.link(title, url));
    }

    fn note_link(&mut self, title: &str, url: &str) {
        if !text::is_web_address(url) {
            self.notes.add(match text::one_line(url) {
                url if url.is_empty() => {
                    format!("the link `{}` was left out: it has no address", shown(title))
                }
                url => format!("a link was left out: `{}` is no http or https address", shown(&url)),
            });
        } else if self.event.links.len() == LINKS_MAX {
            self.notes.add(format!("a link was left out: an event has {LINKS_MAX} links at most"));
        }
    }

    /// Takes the severity. A word that is not known becomes a label, and the source's default counts.
    pub fn severity(&mut self, word: Option<&str>, known: &Severities<'_>) {
        let Some(word) = word else { return };
        let severity = known.of(word, None);
        self.change(|event| event.severity(severity));
        if severity.is_none() {
            self.label("severity", &text::truncate(&text::one_line(word), 100));
            self.notes.add(format!(
                "the severity `{}` is not known: the source's default counts; add it to `severities`",
                shown(word)
            ));
        }
    }

    /// Takes the time of the event, which stands in `field`.
    pub fn time(&mut self, field: &str, time: Option<&str>) {
        let Some(time) = time else { return };
        let at = Timestamp::parse(time);
        self.change(|event| event.occurred_at(at));
        if at.is_none() {
            self.notes.add(format!(
                "the time in `{}` could not be read: `{}`; send RFC 3339, or seconds or milliseconds since 1970",
                shown(field),
                shown(time)
            ));
        }
    }

    /// The event.
    pub fn finish(self) -> Event {
        if self.left_out > 0 {
            let count = self.left_out;
            self.notes.add(format!("{count} values were left out: an event has {LABELS_MAX} labels at most"));
        }
        self.event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_does_not_hold_is_noted() {
        let mut notes = Notes::default();
        let mut draft = Draft::new(Event::new(Change::Trigger, "k", "t"), &mut notes);
        for number in 0..70 {
            draft.label(&format!("n{number}"), "x");
        }
        draft.label(&"k".repeat(200), "x");
        draft.label("empty", "");
        for number in 0..20 {
            draft.link("Link", &format!("https://a.example/{number}"));
        }
        draft.link("Panel", "/dashboard");
        draft.link("Panel", "");
        draft.severity(Some("red"), &Severities::default());
        draft.severity(Some("P1"), &Severities::default());
        draft.time("ts", Some("yesterday"));
        draft.time("ts", None);
        let event = draft.finish();
        assert_eq!((event.labels.len(), event.links.len()), (LABELS_MAX, LINKS_MAX));
        let remarks = notes.into_remarks();
        for (remark, part) in remarks.iter().zip([
            "the name of a label has 128 bytes at most",
            "16 links at most",
            "`/dashboard` is no http or https address",
            "the link `Panel` was left out",
            "the severity `red` is not known",
            "the time in `ts` could not be read: `yesterday`",
            "7 values were left out: an event has 64 labels at most",
        ]) {
            assert!(remark.contains(part), "{remark}");
        }
        assert_eq!(remarks.len(), 7, "{remarks:?}");
    }

    #[test]
    fn a_note_is_taken_once_and_there_are_not_too_many() {
        let mut notes = Notes::without_links();
        Draft::new(Event::new(Change::Trigger, "k", "t"), &mut notes).link("Panel", "nowhere");
        for number in 0..100 {
            notes.add(format!("note {}", number / 2));
        }
        assert_eq!(notes.into_remarks().len(), NOTES);
    }
}
