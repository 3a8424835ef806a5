//! The text of HTML as it comes in fields of tickets: tags out, entities in.
//!
//! Never makes HTML safe to show: what comes out is plain text, in which `<` means nothing.

/// Elements that end a line.
const BLOCKS: [&str; 14] =
    ["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"];
/// Elements whose content nobody reads.
const SILENT: [&str; 2] = ["script", "style"];
/// The entities that editors write.
const ENTITIES: [(&str, &str); 8] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("hellip", "…"),
];

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

fn entities(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let entity = part.split_once(';').and_then(|(name, rest)| Some((character(name)?, rest)));
        match entity {
            Some((text, rest)) => {
                out.push_str(&text);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    out
}

fn character(name: &str) -> Option<String> {
    if let Some((_, text)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| !c.is_control()).map(String::from)
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
            ("&#252;&#x1F600;&unknown;&#0;", "ü😀&unknown;&#0;"),
            ("a\n\nb", "a\n\nb"),
            ("<p", "<p"),
            ("<script>never closed", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
