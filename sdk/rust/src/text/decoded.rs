//! Bytes that a sender calls text, as text.
//!
//! Never fails, and never replaces a byte by a mark: what is not UTF-8 is read as windows-1252, in which every byte
//! is a character.

/// The characters of the bytes 0x80 to 0x9f in windows-1252; the five without one stay control characters, as the
/// WHATWG's encoding standard has them. All other bytes are the character of their number.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// `bytes` as text: UTF-16 where a byte order mark says so, or where each second byte of a beginning in ASCII is
/// zero; UTF-8 where it is valid; windows-1252 otherwise. A byte order mark is left out.
pub fn from_bytes(bytes: &[u8]) -> String {
    if let Some(text) = utf16(bytes) {
        return text;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

/// Whether these bytes are UTF-16, which PowerShell writes.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    order(bytes).is_some()
}

type Unit = fn([u8; 2]) -> u16;

/// How the units of UTF-16 are read, and how many bytes the mark before them has.
fn order(bytes: &[u8]) -> Option<(Unit, usize)> {
    match bytes {
        [0xff, 0xfe, ..] => Some((u16::from_le_bytes, 2)),
        [0xfe, 0xff, ..] => Some((u16::from_be_bytes, 2)),
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some((u16::from_le_bytes, 0)),
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some((u16::from_be_bytes, 0)),
        _ => None,
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (unit, mark) = order(bytes)?;
    let (pairs, _) = bytes.get(mark..)?.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    Some(String::from_utf16_lossy(&units))
}

fn windows_1252(byte: u8) -> char {
    byte.checked_sub(0x80)
        .and_then(|at| WINDOWS_1252.get(usize::from(at)).copied())
        .unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_utf8_is_windows_1252() {
        for (bytes, text) in [
            (&b"M\xfcnchen"[..], "München"),
            ("München".as_bytes(), "München"),
            (b"\xef\xbb\xbfx", "x"),
            (b"\x80 5 \x96 \xdf \x81\xff", "€ 5 – ß \u{81}ÿ"),
            (b"", ""),
        ] {
            assert_eq!(from_bytes(bytes), text);
        }
    }

    #[test]
    fn utf16_is_read_with_and_without_its_mark() {
        let units =
            |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for text in ["{\"a\": \"ü🔥\"}", "[1]"] {
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(from_bytes(&units(text, bytes)), text);
                assert_eq!(from_bytes(&units(&format!("\u{feff}{text}"), bytes)), text);
            }
        }
        assert_eq!(from_bytes(b"\xff\xfe{"), "", "half a unit is no character");
    }
}
