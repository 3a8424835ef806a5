//! Whether a path leads where it seems to: the one decision about paths of requests, whoever made them.
//!
//! A peer, or a proxy in front of it, may decode a path once more than it should, take a backslash for a slash, or
//! cut a segment at `;`. So a path is read as the most willing of them would read it. Never changes a path.

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// A segment means "here" or "above".
    #[error("has a segment `.` or `..`, which would lead somewhere else")]
    Climbs,
    /// A slash that only shows once the path is decoded twice.
    #[error("hides a slash behind several encodings, such as `%252f`")]
    HiddenSlash,
    /// A `;`, behind which some peers read parameters of the segment and others do not.
    #[error("has a `;`, at which some servers cut a segment")]
    Parameter,
}

/// What is wrong with a path of which a plugin or an alert may have written any part.
///
/// # Errors
/// The first fault.
pub fn check(path: &str) -> Result<(), PathFault> {
    let read = read(path)?;
    if read.contains(&b';') { Err(PathFault::Parameter) } else { Ok(()) }
}

/// What is wrong with a path in which every value is percent-encoded: a `;` that is not encoded is the operator's.
///
/// # Errors
/// The first fault.
pub fn check_encoded(path: &str) -> Result<(), PathFault> {
    let (read, literal) = (read(path)?, count(path.as_bytes(), b';'));
    if count(&read, b';') > literal { Err(PathFault::Parameter) } else { Ok(()) }
}

/// The path, decoded until nothing is left to decode, with one way to write dots and slashes.
fn read(path: &str) -> Result<Vec<u8>, PathFault> {
    let whole = unified(&decoded(path.as_bytes(), usize::MAX));
    if whole.split(|byte| *byte == b'/').any(is_up) {
        return Err(PathFault::Climbs);
    }
    let once = unified(&decoded(path.as_bytes(), 1));
    if count(&whole, b'/') > count(&once, b'/') { Err(PathFault::HiddenSlash) } else { Ok(whole) }
}

fn count(bytes: &[u8], wanted: u8) -> usize {
    bytes.iter().filter(|byte| **byte == wanted).count()
}

/// Whether a segment is `.` or `..` to a peer that cuts it at `;` and takes off spaces and control characters.
fn is_up(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    let name: Vec<u8> = name.iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
    matches!(name.trim_ascii(), b"." | b"..")
}

/// `text` with its escapes decoded: once, or until none is left. What a decoded character completes is an escape as
/// well: `%%32e` is `%2e` and then a dot. Takes one step for each byte, however deep the escapes are.
fn decoded(text: &[u8], times: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if times == 1 {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let escape = text.get(at..at + 3).and_then(of_escape);
            out.push(escape.unwrap_or(byte));
            at += if escape.is_some() { 3 } else { 1 };
        }
        return out;
    }
    for byte in text {
        out.push(*byte);
        while let Some(byte) = out.len().checked_sub(3).and_then(|from| of_escape(&out[from..])) {
            out.truncate(out.len() - 3);
            out.push(byte);
        }
    }
    out
}

/// The byte that `%2e` stands for.
fn of_escape(escape: &[u8]) -> Option<u8> {
    let &[b'%', high, low] = escape else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// `bytes` with the other ways to write `.`, `/` and `;`: a backslash, characters of full width, and the overlong
/// forms of UTF-8 that old decoders take.
fn unified(bytes: &[u8]) -> Vec<u8> {
    const WAYS: [(&[u8], u8); 10] = [
        (b"\\", b'/'),
        (b"\xc0\xae", b'.'),
        (b"\xc0\xaf", b'/'),
        (b"\xc1\x9c", b'/'),
        (b"\xe0\x80\xae", b'.'),
        (b"\xe0\x80\xaf", b'/'),
        ("．".as_bytes(), b'.'),
        ("／".as_bytes(), b'/'),
        ("＼".as_bytes(), b'/'),
        ("；".as_bytes(), b';'),
    ];
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let [first, after @ ..] = rest {
        match WAYS.iter().find(|(way, _)| rest.starts_with(way)) {
            Some((way, plain)) => {
                out.push(*plain);
                rest = &rest[way.len()..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}
