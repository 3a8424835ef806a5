//! Text that Slack shows as it stands: `rich_text` blocks, in which `*`, `_`, `` ` `` and `:x:` are no markup.
//!
//! Never a mention: elements of the kinds text, link and emoji are the only ones made here.

use serde_json::{Value, json};
use tocsin_plugin::text::{self, utf16_length as length};

/// Addresses of one text that become links; the others stay text.
const LINKS_MAX: usize = 20;

/// The elements of one block, within a number of UTF-16 code units.
pub(crate) struct Rich {
    elements: Vec<Value>,
    room: usize,
    links: usize,
}

impl Rich {
    pub(crate) fn new(room: usize) -> Self {
        Self { elements: Vec::new(), room, links: 0 }
    }

    /// An emoji by its name, without colons.
    pub(crate) fn emoji(&mut self, name: &str) {
        self.elements.push(json!({"type": "emoji", "name": name}));
        self.text(" ");
    }

    /// Bold text, cut at `chars`.
    pub(crate) fn bold(&mut self, plain: &str, chars: usize) {
        let shown = cut(plain, chars.min(self.room));
        if !shown.is_empty() {
            self.room = self.room.saturating_sub(length(&shown));
            self.elements.push(json!({"type": "text", "text": shown, "style": {"bold": true}}));
        }
    }

    /// Text as far as there is room, its web addresses as links.
    pub(crate) fn text(&mut self, plain: &str) {
        let shown = cut(plain, self.room);
        self.room = self.room.saturating_sub(length(&shown));
        let mut rest = shown.as_str();
        let mut from = 0;
        while let Some(at) = rest.get(from..).and_then(address).map(|at| at + from) {
            let url = web_address(&rest[at..]);
            if self.links == LINKS_MAX
                || !text::is_web_address(url)
                || rest[at + url.len()..].starts_with('…')
            {
                from = at + 4;
                continue;
            }
            self.push(&rest[..at]);
            self.elements.push(json!({"type": "link", "url": url}));
            self.links += 1;
            rest = &rest[at + url.len()..];
            from = 0;
        }
        self.push(rest);
    }

    /// A new line of this text, when it is not blank.
    pub(crate) fn line(&mut self, plain: &str) {
        if !text::is_blank(plain) && self.room > 1 {
            self.text("\n");
            self.text(plain);
        }
    }

    /// Whether so much more would be shown.
    pub(crate) const fn has_room(&self, length: usize) -> bool {
        self.room >= length
    }

    /// The block, unless it is empty.
    pub(crate) fn into_block(self) -> Option<Value> {
        (!self.elements.is_empty()).then(|| self.block())
    }

    /// The block.
    pub(crate) fn block(self) -> Value {
        json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": self.elements}]})
    }

    fn push(&mut self, shown: &str) {
        if !shown.is_empty() {
            self.elements.push(json!({"type": "text", "text": shown}));
        }
    }
}

/// Without what nobody sees, at most so long; a cut is marked.
fn cut(plain: &str, limit: usize) -> String {
    text::written(plain, limit, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        (text::visible(first), first.len_utf8())
    })
}

fn address(text: &str) -> Option<usize> {
    [text.find("http://"), text.find("https://")].into_iter().flatten().min()
}

/// The address at the beginning of a text. A full stop or bracket at its end belongs to the sentence.
pub(crate) fn web_address(rest: &str) -> &str {
    let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|".contains(c));
    let end = end.unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'', '…'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str, room: usize) -> Value {
        let mut rich = Rich::new(room);
        rich.text(text);
        rich.block()["elements"][0]["elements"].clone()
    }

    #[test]
    fn addresses_are_links_and_everything_else_stays_as_it_is() {
        assert_eq!(
            elements("*a* (https://a.example/?x=1&y). :x:", 100),
            json!([
                {"type": "text", "text": "*a* ("},
                {"type": "link", "url": "https://a.example/?x=1&y"},
                {"type": "text", "text": "). :x:"},
            ])
        );
        assert_eq!(elements("see https://", 100), json!([{"type": "text", "text": "see https://"}]));
    }

    #[test]
    fn an_address_that_was_cut_is_no_link() {
        assert_eq!(elements("https://a.example/long", 12), json!([{"type": "text", "text": "https://a.e…"}]));
    }
}
