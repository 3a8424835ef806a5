//! The text of HTML as it comes in fields of tickets: tags out, entities in.
//!
//! Never makes HTML safe to show: what comes out is plain text, in which `<` means nothing.

/// Elements that end a line.
const BLOCKS: [&str; 14] =
    ["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"];
/// Elements whose content nobody reads.
const SILENT: [&str; 2] = ["script", "style"];
/// Plain text: a line for each block, no tags, entities replaced. A text without tags keeps its lines.
pub(crate) fn plain(html: &str) -> String {
    let (mut out, mut rest, mut is_html) = (String::with_capacity(html.len()), html, false);
    while let Some(start) = rest.find('<') {
        out.push_str(&entities(&rest[..start]));
        let tag = &rest[start + 1..];
        let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        let Some(end) = tag.find('>').filter(|_| is_tag) else {
            out.push('<');
            rest = tag;
            continue;
        };
        is_html = true;
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        rest = &tag[end + 1..];
        if SILENT.contains(&name.as_str()) && !tag.starts_with('/') {
            rest = after_close(rest, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            out.push('\n');
        } else if matches!(name.as_str(), "td" | "th") {
            out.push(' ');
        }
    }
    out.push_str(&entities(rest));
    let spaced = |line: &str| {
        if is_html {
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            line.trim_end().to_owned()
        }
    };
    let lines: Vec<String> = out.lines().map(spaced).filter(|line| !is_html || !line.is_empty()).collect();
    lines.join("\n").trim().to_owned()
}

/// What follows the end tag of `name`.
fn after_close<'a>(text: &'a str, name: &str) -> &'a str {
    let close = format!("</{name}");
    let at = text.to_ascii_lowercase().find(&close);
    at.and_then(|at| text.get(at..)).and_then(|text| text.split_once('>')).map_or("", |(_, rest)| rest)
}

/// `text` with its entities replaced. A name without its semicolon is one only where no word or `=` goes on, so that
/// `?a=1&region=2` stays; no entity makes a control character but a line break or a tab.
fn entities(text: &str) -> String {
    let is_new = |c: char| c.is_control() && !matches!(c, '\n' | '\t') && !text.contains(c);
    htmlize::unescape_attribute(text).replace('\u{a0}', " ").replace(is_new, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_entities_become_characters() {
        for (html, text) in [
            ("<p>Disk usage 97%</p>", "Disk usage 97%"),
            ("<p>a</p>\r\n<p>b<br/>c &amp;&nbsp;d</p>", "a\nb\nc & d"),
            ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
            ("x<script>alert('<p>')</script>y", "xy"),
            ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
            ("&#252;&#x1F600;&unknown;&#0;&#27;", "ü😀&unknown;\u{fffd}\u{fffd}"),
            ("&Auml;&euro;&rarr;&laquo;", "Ä€→«"),
            ("https://example.com/?a=1&region=2&copy=3", "https://example.com/?a=1&region=2&copy=3"),
            ("a\n\nb", "a\n\nb"),
            ("<p", "<p"),
            ("<script>never closed", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
