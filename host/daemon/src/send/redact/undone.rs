//! Text without the escapes that JSON, HTML and URLs write, one level of them.
//!
//! Never fails: what is no escape stands for itself.

/// What one place of a text stands for.
pub(super) struct Undone {
    bytes: [u8; 4],
    length: usize,
    /// Where the next place begins.
    pub(super) next: usize,
}

impl Undone {
    fn byte(byte: u8, next: usize) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1, next }
    }

    fn char(c: char, next: usize) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length, next }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// What stands at `at` of `text`, which is inside it.
pub(super) fn at(text: &[u8], at: usize) -> Undone {
    let rest = text.get(at..).unwrap_or_default();
    let undone = match rest {
        [b'%', high, low, ..] => byte_of(*high, *low).map(|byte| Undone::byte(byte, at + 3)),
        [b'\\', ..] => of_json(rest, at),
        [b'&', ..] => of_html(rest, at),
        _ => None,
    };
    undone.unwrap_or_else(|| Undone::byte(rest.first().copied().unwrap_or_default(), at + 1))
}

/// All of `text`.
pub(super) fn all(text: &[u8]) -> Vec<u8> {
    let (mut out, mut from) = (Vec::with_capacity(text.len()), 0);
    while from < text.len() {
        let undone = at(text, from);
        out.extend_from_slice(undone.bytes());
        from = undone.next;
    }
    out
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

fn byte_of(high: u8, low: u8) -> Option<u8> {
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

fn of_json(rest: &[u8], at: usize) -> Option<Undone> {
    let plain = match rest.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => *byte,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'x' => return Some(Undone::byte(byte_of(*rest.get(2)?, *rest.get(3)?)?, at + 4)),
        b'u' => {
            let first = unit(rest.get(2..6)?)?;
            if let Some(c) = char::from_u32(first) {
                return Some(Undone::char(c, at + 6));
            }
            let second = rest.get(6..8).filter(|begins| *begins == b"\\u").and_then(|_| rest.get(8..12))?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(unit(second)?).ok()?];
            let c = char::decode_utf16(pair).next()?.ok()?;
            return Some(Undone::char(c, at + 12));
        }
        _ => return None,
    };
    Some(Undone::byte(plain, at + 2))
}

fn unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, byte| Some(value << 4 | digit(*byte)?))
}

/// The longest reference that is read: the longest name that HTML has, with `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 33;

fn of_html(rest: &[u8], at: usize) -> Option<Undone> {
    let reach = rest.get(..REFERENCE_BYTES_MAX.min(rest.len()))?;
    let length = reach.iter().position(|byte| *byte == b';')?;
    let reference = std::str::from_utf8(rest.get(..=length)?).ok()?;
    let text = htmlize::unescape(reference);
    let mut chars = text.chars();
    // More than one character: it is no reference, or one of the few that no secret has.
    let c = chars.next().filter(|_| chars.as_str().is_empty())?;
    Some(Undone::char(if c == '\u{a0}' { ' ' } else { c }, at + length + 1))
}
