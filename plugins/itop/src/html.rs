//! Text of an alert as HTML that iTop shows as that text.
//!
//! Never lets a tag, an entity or a mark of another incident through, and never grows beyond what iTop's text
//! columns hold.

use tocsin_plugin::text;

/// Bytes of one HTML field. iTop refuses more than 65 535 (a TEXT column); the rest is for what its own
/// clean-up adds.
pub(crate) const BYTES_MAX: usize = 60_000;
/// Bytes that the words about a cut take at most.
const MISSING_BYTES: usize = 50;
/// Bytes for closing tags and the words about a cut.
const CLOSING_BYTES: usize = 1_000;
/// Tags without an end.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "col", "wbr"];
/// What every mark begins with. Text of an alert never holds it.
const MARKS: [&str; 2] = ["Tocsin incident ", "Tocsin delivery "];

/// `plain` as HTML of at most `bytes` bytes: escaped, without marks of direction, a line break as `<br>` because iTop would lose it. A
/// cut says how much is missing.
pub(crate) fn lines(plain: &str, bytes: usize) -> String {
    let mut out = String::new();
    let plain = text::unturned(plain.trim()).replace("\r\n", "\n");
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        let mut buffer = [0; 4];
        let piece: &str = match c {
            // PHP, and with it iTop, writes the zero.
            '\'' => "&#039;",
            '\n' | '\r' => "<br>",
            c if c.is_control() => " ",
            c => text::entity(c).unwrap_or_else(|| c.encode_utf8(&mut buffer)),
        };
        let room = if rest.peek().is_some() { MISSING_BYTES } else { 0 };
        if out.len() + piece.len() + room > bytes {
            let missing = rest.count() + 1;
            if out.len() + MISSING_BYTES <= bytes {
                out.push_str(&format!("… ({missing} characters are missing)"));
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

/// HTML of the operator's own within what iTop takes: cut before a tag, with the open tags closed and words about how
/// much is missing.
pub(crate) fn fitted(html: &str) -> String {
    if html.len() <= BYTES_MAX {
        return html.to_owned();
    }
    let most = html.floor_char_boundary(BYTES_MAX - CLOSING_BYTES);
    // A tag begins where the cut is: neither a tag nor an entity is ever halved.
    let cut = html[..most].rfind('<').unwrap_or_else(|| html[..most].rfind('&').unwrap_or(most));
    let kept = &html[..cut];
    let missing = html.len() - kept.len();
    let mut out = kept.to_owned();
    for tag in open_tags(kept).iter().rev() {
        if out.len() + tag.len() + 3 + CLOSING_BYTES / 2 > BYTES_MAX {
            break;
        }
        out.push_str(&format!("</{tag}>"));
    }
    out + &format!("<p>… ({missing} bytes are missing)</p>")
}

/// The tags that are open at the end of `html`, the outermost first.
fn open_tags(html: &str) -> Vec<&str> {
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1) {
        let Some((inside, _)) = tag.split_once('>') else { continue };
        let is_end = inside.starts_with('/');
        let name =
            inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if name.is_empty() || inside.ends_with('/') || VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
        {
            continue;
        }
        if !is_end {
            open.push(name);
        } else if let Some(at) = open.iter().rposition(|known| known.eq_ignore_ascii_case(name)) {
            open.truncate(at);
        }
    }
    open
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
