//! iTop's placeholders, `$this->title$`, turned into Jinja's before the template is parsed.
//!
//! The grammar is that of iTop 3.2 and its webhook integration 1.4, read from their sources and tried on a running
//! server, without its faults: iTop replaces one placeholder after the other, so that a title can bring in
//! another; it never finds a URL-encoded arrow, nor a path with a `2` between `%24`s; and it leaves what it does
//! not know in the message. Here each is recognised once, before anything is put in, and an unknown one is an
//! error.
//!
//! Never looks at values. What a path means is in [`path`].

use super::TemplateError;
use super::scan::Piece;

mod path;

/// What a placeholder stands between: the same on both sides. The second is how editors write the first in
/// addresses.
const DELIMITERS: [&str; 2] = ["$", "%24"];
/// The arrows: as typed, as in HTML, as in pasted documentation, as in an address.
const ARROWS: [&str; 5] = ["->", "-&gt;", "→", "-%3E", "-%3e"];
/// iTop's placeholders without a path. Each is about iTop itself, so there is nothing to put in.
const SCALARS: [&str; 3] = ["APP_URL", "MODULES_URL", "current_contact_id"];

/// A placeholder as it stands in the text.
#[derive(Debug)]
pub(super) struct Placeholder<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// The object.
    name: &'a str,
    /// What follows the first arrow; none for a scalar.
    path: Option<&'a str>,
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

/// The template with every placeholder of iTop's as one of Jinja's.
///
/// # Errors
/// A placeholder that asks for something that is not there.
pub(super) fn to_jinja(pieces: &[Piece<'_>]) -> Result<String, TemplateError> {
    let mut jinja = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) | Piece::Code(text) | Piece::Inert(text) => jinja.push_str(text),
            Piece::Itop(placeholder) => {
                let expression = expression(placeholder)?;
                // A brace before it would open something else with Jinja's own.
                if jinja.ends_with('{') {
                    jinja.pop();
                    jinja.push_str("{% raw %}{{% endraw %}");
                }
                jinja.push_str(&format!("{{{{ {expression} }}}}"));
            }
        }
    }
    Ok(jinja)
}

fn expression(placeholder: &Placeholder<'_>) -> Result<String, TemplateError> {
    let found = match (placeholder.name, placeholder.path) {
        ("this", Some(path)) => path::of_incident(path),
        ("current_contact" | "current_user", Some(path)) => path::of_actor(path),
        (_, None) => {
            Err("nothing of iTop itself here, write `$this->url()$` for the incident's page".to_owned())
        }
        _ => Err("`$this->…$`, `$current_contact->…$` and `$current_user->…$`".to_owned()),
    };
    found.map_err(|known| TemplateError::Unknown { name: placeholder.text.to_owned(), known })
}

/// `path` up to its first arrow, and what follows it.
fn split_arrow(path: &str) -> Option<(&str, &str)> {
    let arrow = |arrow: &&str| path.find(*arrow);
    let first = ARROWS.into_iter().filter(|it| arrow(it).is_some()).min_by_key(arrow)?;
    path.split_once(first)
}
