//! How two values of one row differ, for a person: in the notation of CBOR where they are records.

use std::borrow::Cow;

use crate::record::{V2, packed};

/// Characters of a value that are shown.
const SHOWN_CHARS: usize = 120;
/// Characters before the first difference that are shown.
const BEFORE: usize = 40;

/// How `kept` differs from what `evolved` from the journal.
pub(super) fn shown(kept: &[u8], evolved: &[u8]) -> String {
    let (kept, evolved) = (notation(kept), notation(evolved));
    let same = kept.chars().zip(evolved.chars()).take_while(|(kept, evolved)| kept == evolved).count();
    let from = same.saturating_sub(BEFORE);
    format!("it is {}, the journal says {}", cut(&kept, from), cut(&evolved, from))
}

/// A record without its version byte; other bytes as hexadecimal digits.
fn notation(bytes: &[u8]) -> String {
    let plain = packed::plain(bytes).unwrap_or(Cow::Borrowed(bytes));
    match plain.split_first() {
        Some((&V2, body)) => minicbor::display(body).to_string(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn cut(text: &str, from: usize) -> String {
    let mut shown: String = text.chars().skip(from).take(SHOWN_CHARS).collect();
    if from > 0 {
        shown.insert(0, '…');
    }
    if text.chars().count() > from + SHOWN_CHARS {
        shown.push('…');
    }
    shown
}
