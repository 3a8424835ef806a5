//! Between plain text and HTML, as alerts and tickets have both.
//!
//! [`text_of`] never makes HTML safe to show: what comes out is plain text, in which `<` means nothing.

/// Elements that begin and end a line.
const BLOCKS: [&str; 21] = [
    "address",
    "article",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
];
/// The other elements that messages are written with. `<name>` in a message may be a placeholder of somebody
/// else's, so only what HTML knows is a tag.
const INLINE: [&str; 38] = [
    "a", "abbr", "b", "big", "body", "br", "center", "code", "col", "del", "em", "font", "head", "hr",
    "html", "i", "img", "ins", "kbd", "mark", "meta", "q", "s", "samp", "section", "small", "span", "strike",
    "strong", "sub", "sup", "tbody", "td", "tfoot", "th", "thead", "tr", "u",
];
/// Elements whose content nobody reads.
const SILENT: [&str; 3] = ["script", "style", "title"];
/// `text` as HTML that shows it: `&`, `<`, `>` and both quotes escaped, `<br>` for every line break.
/// By hand: htmlize writes `&apos;`, which HTML 4 does not have and mail programs show.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\r' => html.push_str("<br>"),
            other => html.push(other),
        }
    }
    html
}

/// The text of `html`: no tags, entities replaced once, a line for each block. What has neither stays as it is.
pub(super) fn text_of(html: &str) -> String {
    let (mut out, mut rest, mut tags) = (String::with_capacity(html.len()), html, false);
    while let Some(at) = rest.find('<') {
        push(&mut out, &rest[..at], tags);
        rest = &rest[at..];
        let Some((name, length)) = tag(rest) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        tags = true;
        let opens = !rest.starts_with("</");
        rest = &rest[length..];
        let is_block = BLOCKS.contains(&name.as_str()) || name == "tr";
        let within_line = !out.is_empty() && !out.ends_with('\n');
        if opens && SILENT.contains(&name.as_str()) {
            rest = after_close(rest, &name);
        } else if name == "br" || (is_block && within_line) {
            out.push('\n');
        } else if matches!(name.as_str(), "td" | "th") && !opens {
            out.push(' ');
        }
    }
    push(&mut out, rest, tags);
    if tags { out.trim().to_owned() } else { out }
}

/// Adds literal text. Between two blocks the source's own line breaks mean nothing.
fn push(out: &mut String, text: &str, after_tag: bool) {
    let at_line_start = after_tag && (out.is_empty() || out.ends_with('\n'));
    out.push_str(&entities(if at_line_start { text.trim_start_matches(['\r', '\n']) } else { text }));
}

/// The lower-case name and the length of the tag or comment that `text` begins with.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        return Some((String::new(), text.find("-->")? + 3));
    }
    let inner = &text[1..];
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, after) = inner.split_at(name_end);
    let name = name.to_ascii_lowercase();
    let is_known = [&BLOCKS[..], &INLINE, &SILENT].iter().any(|names| names.contains(&name.as_str()));
    if !is_known || !after.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')) {
        return None;
    }
    let mut quote = None;
    for (at, c) in after.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((name, text.len() - after.len() + at + 1)),
            (None, '"' | '\'') => quote = Some(c),
            // Another tag begins: this was none.
            (None, '<') => return None,
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// What follows the end tag of `name`; nothing when there is none.
fn after_close<'a>(text: &'a str, name: &str) -> &'a str {
    let closes = |at: &usize| {
        let tag = text.as_bytes().get(at + 2..at + 2 + name.len());
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
    };
    let at = text.match_indices("</").map(|(at, _)| at).find(closes);
    at.and_then(|at| text[at..].split_once('>')).map_or("", |(_, rest)| rest)
}

/// `text` with its entities replaced. A name without its semicolon is one only where no word or `=` goes on, so that
/// `?a=1&region=2` stays; no entity makes a control character but a line break or a tab.
fn entities(text: &str) -> String {
    let is_new = |c: char| c.is_control() && !matches!(c, '\n' | '\t') && !text.contains(c);
    htmlize::unescape_attribute(text).replace('\u{a0}', " ").replace(is_new, "\u{fffd}")
}
