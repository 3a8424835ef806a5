//! How words are compared: without case, separators and symbols around them.
//!
//! Never takes a separator away between two digits: `1.5` is not `15`.

/// `word` for comparison: lower case, without white space, `-`, `_`, `.`, `/` and symbols around it. `No Data`,
/// `no_data` and `NoData` become `nodata`.
pub(super) fn fold(word: &str) -> String {
    let lower = word.trim().to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let mut folded = String::with_capacity(bare.len());
    let mut is_apart = false;
    for c in if bare.is_empty() { lower.as_str() } else { bare }.chars() {
        if c.is_whitespace() || matches!(c, '-' | '_' | '.' | '/') {
            is_apart = true;
            continue;
        }
        if is_apart && c.is_ascii_digit() && folded.ends_with(|last: char| last.is_ascii_digit()) {
            folded.push(' ');
        }
        folded.push(c);
        is_apart = false;
    }
    folded
}

/// The parts of `phrase` in lower case: runs of letters and digits, parted where a capital follows a small letter.
pub(super) fn parts(phrase: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut was_lower = false;
    for c in phrase.chars() {
        if !part.is_empty() && (!c.is_alphanumeric() || (was_lower && c.is_uppercase())) {
            parts.push(std::mem::take(&mut part));
        }
        if c.is_alphanumeric() {
            part.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    parts.extend(Some(part).filter(|part| !part.is_empty()));
    parts
}

/// Whether a list of folded words, with spaces between them, holds this one.
pub(super) fn holds(list: &str, folded: &str) -> bool {
    list.split_ascii_whitespace().any(|word| word == folded)
}
