//! Forms, percent-encoded or as multipart, as fields in order.
//!
//! Never keeps a file among the fields: a source reads texts.

use crate::text;

/// Fields of a form; more would be no form of a person's making.
const FIELDS_MAX: usize = 1000;

/// The fields of `name=value&…`. Bytes that are not UTF-8 after the decoding are windows-1252.
pub(super) fn urlencoded(body: &[u8]) -> Vec<(String, String)> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let field = |pair: &[u8]| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        (decoded(halves.next().unwrap_or_default()), decoded(halves.next().unwrap_or_default()))
    };
    pairs.take(FIELDS_MAX).map(field).collect()
}

fn decoded(part: &[u8]) -> String {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    text::from_bytes(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
}

/// What a multipart body holds.
#[derive(Debug, Default)]
pub(super) struct Multipart {
    /// Fields without a file name.
    pub(super) fields: Vec<(String, String)>,
    /// The texts of files.
    pub(super) files: Vec<String>,
}

/// The parts of a multipart body. Without a boundary in the header the body's first line has it.
///
/// # Errors
/// There is no boundary, or no part that ends with one.
pub(super) fn multipart(body: &[u8], boundary: Option<&str>) -> Result<Multipart, String> {
    let first_line = || {
        let line = body.split(|byte| *byte == b'\n').next()?.trim_ascii().strip_prefix(b"--")?;
        std::str::from_utf8(line).ok().filter(|line| !line.is_empty())
    };
    let boundary = boundary
        .or_else(first_line)
        .ok_or_else(|| "the multipart body has no boundary; name it in the content-type header".to_owned())?;
    let delimiter = format!("--{boundary}");
    let mut sections = sections(body, delimiter.as_bytes()).into_iter();
    sections.next();
    let mut found = Multipart::default();
    let mut count = 0;
    for section in sections.take_while(|section| !section.starts_with(b"--")).take(FIELDS_MAX) {
        let Some((head, content)) = halves(section) else { continue };
        count += 1;
        let (name, is_file) = disposition(head);
        let content = text::from_bytes(content);
        match name {
            _ if is_file => found.files.push(content),
            Some(name) => found.fields.push((name, content)),
            None => {}
        }
    }
    if count == 0 {
        return Err(format!(
            "the multipart body has no part between lines `--{}`",
            text::truncate(boundary, 80)
        ));
    }
    Ok(found)
}

/// What stands before, between and after the delimiters at the beginnings of lines, without the line breaks that
/// belong to a delimiter.
fn sections<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let (mut sections, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(delimiter) {
            let before = body.get(start..at).unwrap_or_default();
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            sections.push(before.strip_suffix(b"\r").unwrap_or(before));
            start = at + delimiter.len();
        }
        // To the beginning of the next line.
        at += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    }
    sections.push(body.get(start..).unwrap_or_default());
    sections
}

/// The headers of a part, and its content after the empty line.
fn halves(section: &[u8]) -> Option<(&[u8], &[u8])> {
    let section = section.strip_prefix(b"\r").unwrap_or(section);
    let section = section.strip_prefix(b"\n")?;
    let mut at = 0;
    while let Some(rest) = section.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        if rest.get(..end).unwrap_or_default().trim_ascii().is_empty() {
            return Some((section.get(..at)?, section.get(at + end..)?));
        }
        at += end;
    }
    None
}

/// The name of a field, and whether it is a file.
fn disposition(head: &[u8]) -> (Option<String>, bool) {
    let head = text::from_bytes(head);
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let line = lines.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    let Some((_, value)) = line else { return (None, false) };
    let parameters = parameters(value);
    let of = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    (of("name"), of("filename").is_some() || of("filename*").is_some())
}

/// The parameters of a header's value, names in lower case; quotation marks may hold `;` and `\"`.
fn parameters(value: &str) -> Vec<(String, String)> {
    let (mut parts, mut part, mut is_quoted, mut is_escaped) = (Vec::new(), String::new(), false, false);
    for c in value.chars() {
        match c {
            '\\' if is_quoted && !is_escaped => is_escaped = true,
            '"' if !is_escaped => is_quoted = !is_quoted,
            ';' if !is_quoted => parts.push(std::mem::take(&mut part)),
            _ => {
                part.push(c);
                is_escaped = false;
            }
        }
    }
    parts.push(part);
    let pair = |part: &String| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().replace("%22", "\"")))
    };
    parts.iter().filter_map(pair).collect()
}
