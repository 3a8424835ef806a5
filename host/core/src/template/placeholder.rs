//! Where a placeholder of iTop's stands in a text, such as `$this->title$`, and what it is made of.
//!
//! Never says what it means: that is in [`super::itop`].

/// What a placeholder stands between: the same on both sides. The second is how editors write the first in
/// addresses.
const DELIMITERS: [&str; 2] = ["$", "%24"];
/// The arrows: as typed, as in HTML, as in pasted documentation, as in an address.
pub(super) const ARROWS: [&str; 5] = ["->", "-&gt;", "→", "-%3E", "-%3e"];
/// iTop's placeholders without a path. Each is about iTop itself, so there is nothing to put in.
const SCALARS: [&str; 3] = ["APP_URL", "MODULES_URL", "current_contact_id"];

/// A placeholder as it stands in the text.
#[derive(Debug)]
pub(super) struct Placeholder<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// The object.
    pub(super) name: &'a str,
    /// What follows the first arrow; none for a scalar.
    pub(super) path: Option<&'a str>,
}

/// The placeholder that `text` begins with. One that is not closed in its line is text, and so is a dollar sign
/// without name and arrow.
pub(super) fn placeholder(text: &str) -> Option<Placeholder<'_>> {
    let delimiter = DELIMITERS.into_iter().find(|delimiter| text.starts_with(delimiter))?;
    let inner = &text[delimiter.len()..];
    let name = inner.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = &inner[name.len()..];
    let (path, rest) = match ARROWS.into_iter().find_map(|arrow| after.strip_prefix(arrow)) {
        Some(path) => path.split_once(delimiter).map(|(path, rest)| (Some(path), rest))?,
        None if SCALARS.contains(&name) => (None, after.strip_prefix(delimiter)?),
        None => return None,
    };
    if path.is_some_and(|path| path.contains('\n')) {
        return None;
    }
    Some(Placeholder { text: &text[..text.len() - rest.len()], name, path })
}
