//! How much of a decoded request is carried over to the host: a text may be as long as the request, and what is
//! carried over may not.
//!
//! Never shortens a text to what the host keeps of it: cutting, and marking the cut, is the host's.

use super::{Decoded, Event};

/// Bytes of a message that the host keeps; no other text is longer.
const TEXT_BYTES: usize = 64 * 1024;
/// Bytes of a label's value that the host keeps; keys are shorter.
const LABEL_BYTES: usize = 4 * 1024;
/// Bytes beyond what is kept, so that a character more than that is carried over and the host sees what to cut.
const MORE_BYTES: usize = 4;

impl Decoded {
    /// The same with no text much longer than what the host keeps of it.
    #[doc(hidden)]
    #[must_use]
    pub fn within_bounds(mut self) -> Self {
        self.events.iter_mut().for_each(bound);
        self.ignored.as_mut().into_iter().for_each(|why| cut(why, TEXT_BYTES));
        self
    }
}

fn bound(event: &mut Event) {
    cut(&mut event.title, TEXT_BYTES);
    cut(&mut event.message, TEXT_BYTES);
    event.actor.as_mut().into_iter().for_each(|actor| cut(actor, TEXT_BYTES));
    event.links.iter_mut().for_each(|link| cut(&mut link.title, LABEL_BYTES));
    for label in &mut event.labels {
        // A key that is too long for the host stays so, and the label is left out.
        cut(&mut label.key, LABEL_BYTES);
        cut(&mut label.value, LABEL_BYTES);
    }
}

fn cut(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes + MORE_BYTES));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Change;

    #[test]
    fn a_text_is_cut_to_a_character_more_than_the_host_keeps() {
        for filler in ["x", "ü", "€", "🔥", "x🔥", "xx🔥"] {
            let long = filler.repeat(2_000_000);
            let event = Event::new(Change::Trigger, "disk", &long)
                .message(long.as_str())
                .label(&long, "1")
                .label("output", &long)
                .link(&long, "https://a.example/")
                .actor(&long);
            let decoded = Decoded { ignored: Some(long.clone()), ..Decoded::from(event) }.within_bounds();
            let event = &decoded.events[0];
            let texts =
                [Some(&event.title), Some(&event.message), event.actor.as_ref(), decoded.ignored.as_ref()];
            let labels = [&event.labels[0].key, &event.labels[1].value, &event.links[0].title];
            let texts = texts.into_iter().map(|text| (text.expect("a text"), TEXT_BYTES));
            for (text, kept) in texts.chain(labels.map(|text| (text, LABEL_BYTES))) {
                assert!(long.starts_with(text.as_str()));
                assert!(text.len() > kept && text.len() <= kept + MORE_BYTES, "{filler}: {}", text.len());
            }
        }
    }

    #[test]
    fn what_the_host_keeps_whole_is_carried_over_whole() {
        let message = "x".repeat(TEXT_BYTES);
        let event = Event::new(Change::Note, "disk", "Disk")
            .message(message.as_str())
            .label("a", &message[..LABEL_BYTES]);
        let decoded = Decoded::from(event);
        assert_eq!(decoded.clone().within_bounds(), decoded);
    }
}
