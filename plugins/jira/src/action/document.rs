//! Plain text for Jira, in the format that each product wants: Cloud's Atlassian Document Format, made node by
//! node, or wiki markup in which the text is not read as markup.
//!
//! Never lets text become markup: in a document it is the value of a text node, in wiki markup it stands in
//! `{noformat}` and cannot end it. The only markup is a link around a checked address, which shows itself.

use serde_json::{Value, json};
use tocsin_plugin::text;

/// What one line costs in a document beside its text, in characters.
const LINE_COST: usize = 50;
/// What a link costs in a document beside its address, which is in it twice.
const LINK_COST: usize = 120;
/// Characters of a link's title.
const TITLE_CHARS: usize = 100;
/// Characters that stand for themselves in the address of a wiki link.
const PLAIN_IN_LINK: &str = "-._/:?&=%+,;@$#~";

enum Block {
    Lines(Vec<String>),
    Links(Vec<(String, String)>),
}

/// Paragraphs and links, within the limit of Jira's text fields (32 767 characters): each part is given the room
/// that it may use, after escaping.
#[derive(Default)]
pub(crate) struct Document {
    blocks: Vec<Block>,
}

impl Document {
    /// A paragraph of as much of `plain` as fits into `room` characters.
    pub(crate) fn paragraph(&mut self, plain: &str, room: usize) {
        let plain = clean(plain);
        let mut lines = Vec::new();
        let mut left = room;
        for line in plain.trim_matches('\n').split('\n') {
            let line = line.trim_end();
            let fitting = fit(line, left.saturating_sub(LINE_COST));
            left = left.saturating_sub(LINE_COST + cost(&fitting));
            let is_whole = fitting == line;
            lines.push(fitting);
            if !is_whole || left <= LINE_COST {
                break;
            }
        }
        if lines.iter().any(|line| !line.is_empty()) {
            self.blocks.push(Block::Lines(lines));
        }
    }

    /// Links, each with a title in front, as many as fit into `room` characters. What is no web address is left
    /// out.
    pub(crate) fn links<'a>(&mut self, links: impl Iterator<Item = (&'a str, &'a str)>, room: usize) {
        let mut kept = Vec::new();
        let mut left = room;
        for (title, url) in links.filter(|(_, url)| text::is_web_address(url)) {
            let title = text::truncate(&text::one_line(&clean(title)), TITLE_CHARS);
            let url = address(url.trim());
            let needed = LINK_COST + cost(&title) + 2 * cost(&url);
            if needed > left {
                break;
            }
            left -= needed;
            kept.push((title, url));
        }
        if !kept.is_empty() {
            self.blocks.push(Block::Links(kept));
        }
    }

    /// In Cloud's Atlassian Document Format.
    pub(crate) fn to_adf(&self) -> Value {
        let content: Vec<Value> = self.blocks.iter().map(paragraph).collect();
        json!({"type": "doc", "version": 1, "content": content})
    }

    /// In the wiki markup of Data Center and Server.
    pub(crate) fn to_wiki(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Lines(lines) => format!("{{noformat}}\n{}\n{{noformat}}", inert(&lines.join("\n"))),
            Block::Links(links) => {
                let links = links.iter().map(|(title, url)| match word(title) {
                    title if title.is_empty() => format!("[{url}]"),
                    title => format!("{title}: [{url}]"),
                });
                links.collect::<Vec<_>>().join("\n")
            }
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }
}

fn paragraph(block: &Block) -> Value {
    let mut nodes = Vec::new();
    // A text node must not be empty.
    let push_text = |nodes: &mut Vec<Value>, text: &str| {
        if !text.is_empty() {
            nodes.push(json!({"type": "text", "text": text}));
        }
    };
    let separate = |nodes: &mut Vec<Value>, index: usize| {
        if index > 0 {
            nodes.push(json!({"type": "hardBreak"}));
        }
    };
    match block {
        Block::Lines(lines) => {
            for (index, line) in lines.iter().enumerate() {
                separate(&mut nodes, index);
                push_text(&mut nodes, line);
            }
        }
        Block::Links(links) => {
            for (index, (title, url)) in links.iter().enumerate() {
                separate(&mut nodes, index);
                if !title.is_empty() {
                    push_text(&mut nodes, &format!("{title}: "));
                }
                let mark = json!([{"type": "link", "attrs": {"href": url}}]);
                nodes.push(json!({"type": "text", "text": url, "marks": mark}));
            }
        }
    }
    json!({"type": "paragraph", "content": nodes})
}

/// The plain text of a comment as Jira gives it back, without white space and links, to tell whether two are the
/// same: an address of ours is signed anew at each attempt.
pub(crate) fn essence(body: &Value) -> String {
    let mut found = String::new();
    collect(body, 0, &mut found);
    found.retain(|c| !c.is_whitespace());
    found
}

fn collect(node: &Value, depth: usize, found: &mut String) {
    if depth > 8 {
        return;
    }
    match node {
        // Links stand after the last text.
        Value::String(wiki) => found.push_str(wiki.rsplit_once("{noformat}").map_or(wiki, |(text, _)| text)),
        Value::Object(members) if !members.contains_key("marks") => {
            found.push_str(members.get("text").and_then(Value::as_str).unwrap_or(""));
            members.get("content").into_iter().for_each(|content| collect(content, depth + 1, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| collect(node, depth + 1, found)),
        _ => {}
    }
}

/// `line` on one line, without marks of direction, in at most `units` UTF-16 code units, which is how Jira counts; a cut is marked.
pub(crate) fn shorten(line: &str, units: usize) -> String {
    let line = text::one_line(&text::unturned(line));
    let mut used = 0;
    let mut end = None;
    for (at, c) in line.char_indices() {
        used += c.len_utf16();
        // Where a cut leaves room for the ellipsis.
        if used > units.saturating_sub(1) && end.is_none() {
            end = Some(at);
        }
        if used > units {
            let kept = line.get(..end.unwrap_or(0)).unwrap_or("").trim_end();
            return format!("{kept}…");
        }
    }
    line
}

/// What a text costs in a document, at most.
fn cost(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '"' | '\\') { 2 } else { c.len_utf16() }).sum()
}

/// As much of a line as costs no more than `room`; a cut is marked.
fn fit(line: &str, room: usize) -> String {
    if cost(line) <= room {
        return line.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut kept = String::new();
    for c in line.chars() {
        let price = if matches!(c, '"' | '\\') { 2 } else { c.len_utf16() };
        if price > left {
            break;
        }
        left -= price;
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// Without marks of direction and control characters but line breaks; a tab becomes blanks.
fn clean(plain: &str) -> String {
    let plain = text::unturned(plain).replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    plain.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// The address with everything percent-encoded that could end a wiki link or mean something in it.
fn address(url: &str) -> String {
    let mut safe = String::new();
    for c in url.chars() {
        if c.is_ascii_alphanumeric() || PLAIN_IN_LINK.contains(c) {
            safe.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                safe.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    safe
}

/// Text that cannot end `{noformat}`. Mentions are looked for in the raw text by some versions, so `[~` is broken
/// up as well.
fn inert(text: &str) -> String {
    const END: &str = "{noformat";
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let ends = rest.get(..END.len()).is_some_and(|start| start.eq_ignore_ascii_case(END));
        safe.push(c);
        if ends || rest.starts_with("[~") {
            safe.push(' ');
        }
        rest = &rest[c.len_utf8()..];
    }
    safe
}

/// A link's title in wiki markup: letters, digits and blanks, which mean nothing.
fn word(title: &str) -> String {
    text::one_line(&title.replace(|c: char| !c.is_alphanumeric(), " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(plain: &str) -> (String, String) {
        let mut document = Document::default();
        document.paragraph(plain, 1_000);
        (document.to_adf().to_string(), document.to_wiki())
    }

    #[test]
    fn text_cannot_end_the_place_where_it_stands() {
        let attack = "a{noformat}[~admin]{NoFormat:x=y}!https://evil.example/x.png! {html}<script>{html}";
        let (adf, wiki) = both(attack);
        assert_eq!(wiki.to_lowercase().matches("{noformat").count(), 2, "{wiki}");
        assert!(wiki.starts_with("{noformat}\n") && wiki.ends_with("\n{noformat}"), "{wiki}");
        assert!(!wiki.contains("[~"), "{wiki}");
        assert_eq!(adf.matches(r#""type":"text""#).count(), 1);
        assert!(!adf.contains("marks"), "{adf}");
    }

    #[test]
    fn lines_are_kept_and_control_characters_are_not() {
        let (adf, wiki) = both("a\r\nb\u{0}\u{1b}[31mc\n\nd\n\n");
        assert_eq!(wiki, "{noformat}\na\nb[31mc\n\nd\n{noformat}");
        assert_eq!(adf.matches("hardBreak").count(), 3);
        assert_eq!(both(" \n\u{7}\n").1, "");
    }

    #[test]
    fn a_link_shows_its_address_and_cannot_be_left() {
        let mut document = Document::default();
        let links = [
            ("Graph|[x]*b*", "https://a.example/x]|y{z}!*?q=1&r=ü"),
            ("evil", "javascript:alert(1)"),
            ("", "https://b.example"),
        ];
        document.links(links.into_iter(), 2_000);
        let safe = "https://a.example/x%5D%7Cy%7Bz%7D%21%2A?q=1&r=%C3%BC";
        assert_eq!(document.to_wiki(), format!("Graph x b: [{safe}]\n[https://b.example]"));
        let adf = document.to_adf().to_string();
        assert!(!adf.contains("javascript") && adf.matches(safe).count() == 2, "{adf}");
    }

    #[test]
    fn a_document_keeps_to_its_room_whatever_stands_in_it() {
        for filler in ["x", "\"", "\\", "🔥", "ü", "\n", "x\n", "{noformat}", "[~a]", "\u{2028}"] {
            let mut document = Document::default();
            document.paragraph(&filler.repeat(40_000), 10_000);
            let count = |text: &str| text.encode_utf16().count();
            let (adf, wiki) = (document.to_adf().to_string(), document.to_wiki());
            assert!(count(&adf) <= 10_200, "{filler:?}: {}", count(&adf));
            assert!(count(&wiki) <= 13_000, "{filler:?}: {}", count(&wiki));
        }
    }

    #[test]
    fn a_summary_is_counted_as_jira_counts_it() {
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("abcd", 3), "ab…");
        assert_eq!(shorten("a\nb\u{0}c", 9), "a b c");
        for length in 250..260 {
            let cut = shorten(&"🔥".repeat(length), 255);
            assert!(cut.encode_utf16().count() <= 255);
        }
        assert_eq!(shorten(&"x".repeat(255), 255).chars().count(), 255);
        assert_eq!(shorten(&"x".repeat(256), 255).encode_utf16().count(), 255);
    }
}
