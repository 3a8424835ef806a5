//! iTop's placeholders, `$this->title$`, turned into Jinja's before the template is parsed.
//!
//! The grammar is that of iTop 3.2 and its webhook integration 1.4, read from their sources and tried on a running
//! server, without its faults: iTop replaces one placeholder after the other, so that a title can bring in
//! another; it never finds a URL-encoded arrow, nor a path with a `2` between `%24`s; and it leaves what it does
//! not know in the message. Here each is recognised once, before anything is put in, and an unknown one is an
//! error.
//!
//! Never looks at values. What a path means is in [`path`], how a placeholder is recognised in [`super::placeholder`].

use super::TemplateError;
use super::placeholder::{ARROWS, Placeholder};
use super::scan::Piece;

mod path;

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
