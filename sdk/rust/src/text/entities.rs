//! Characters that mean something in HTML, and in markups that borrow its entities.
//!
//! Only what escapes is here, one character at a time: plugins cut what they write at their peers' limits, never inside
//! an entity ([`written()`](super::written())), which no library of escapes does.

/// The entity for `&`, `<`, `>`, `"` or `'`; none for any other character.
pub const fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

/// `text` with those of `escaped` that have an entity written as it.
///
/// ```
/// use tocsin_plugin::text::entities;
///
/// assert_eq!(entities("a < \"b\" & c", &['&', '<', '>']), "a &lt; \"b\" &amp; c");
/// ```
pub fn entities(text: &str, escaped: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match entity(c).filter(|_| escaped.contains(&c)) {
            Some(entity) => out.push_str(entity),
            None => out.push(c),
        }
    }
    out
}
