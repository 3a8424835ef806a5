//! Text of an alert as HTML that iTop shows as that text.
//!
//! Never lets a tag, an entity or a mark of another incident through, and never grows beyond what iTop's text
//! columns hold.

use tocsin_plugin::text;

/// Bytes of one HTML field. iTop refuses more than 65 535 (a TEXT column); the rest is for what its own
/// clean-up adds.
pub(crate) const BYTES_MAX: usize = 60_000;
/// What every mark begins with. Text of an alert never holds it.
const MARKS: [&str; 2] = ["Tocsin incident ", "Tocsin delivery "];

/// `plain` as HTML of at most `bytes` bytes: escaped, a line break as `<br>` because iTop would lose it. A
/// cut is marked with `…`.
pub(crate) fn lines(plain: &str, bytes: usize) -> String {
    let mut out = String::new();
    let plain = plain.trim().replace("\r\n", "\n");
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        let mut buffer = [0; 4];
        let piece: &str = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#039;",
            '\n' | '\r' => "<br>",
            c if c.is_control() => " ",
            c => c.encode_utf8(&mut buffer),
        };
        let ellipsis = if rest.peek().is_some() { '…'.len_utf8() } else { 0 };
        if out.len() + piece.len() + ellipsis > bytes {
            if out.len() + '…'.len_utf8() <= bytes {
                out.push('…');
            }
            break;
        }
        out.push_str(piece);
    }
    unmarked(&out)
}

/// `html` without anything that a ticket could be mistaken for another incident's by. Of the same length.
pub(crate) fn unmarked(html: &str) -> String {
    MARKS.iter().fold(html.to_owned(), |html, mark| html.replace(mark, &mark.replacen(' ', "-", 1)))
}

/// The address as a link that shows itself, or nothing when it is none.
pub(crate) fn link(url: &str) -> Option<String> {
    let url = url.trim();
    text::is_web_address(url).then(|| {
        let shown = lines(url, BYTES_MAX);
        format!("<a href=\"{shown}\">{shown}</a>")
    })
}

/// As many of the paragraphs as fit into `bytes`, none of them cut.
pub(crate) fn joined(paragraphs: impl IntoIterator<Item = String>, bytes: usize) -> String {
    let mut out = String::new();
    for paragraph in paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()) {
        if out.len() + paragraph.len() + "<p></p>".len() <= bytes {
            out.push_str("<p>");
            out.push_str(&paragraph);
            out.push_str("</p>");
        }
    }
    out
}
