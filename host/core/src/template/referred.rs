//! Which connections a template asks for what their peers call an incident: `references.jira.issue`.
//!
//! Never an error: a template that cannot be read is told of elsewhere.

use super::itop;
use super::scan::{Piece, pieces, string_end};

/// The object that holds what peers call an incident.
const OBJECT: &str = "references";

/// The names of connections that `text`, in either grammar, asks for by name.
pub fn referred(text: &str) -> Vec<String> {
    let Ok(jinja) = itop::to_jinja(&pieces(text)) else { return Vec::new() };
    let names = pieces(&jinja).into_iter().map(|piece| match piece {
        Piece::Code(code) => referred_in(code),
        Piece::Text(_) | Piece::Inert(_) | Piece::Itop(_) => Vec::new(),
    });
    names.flatten().collect()
}

/// The same of an expression, such as a filter.
pub fn referred_in(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(first) = code[at..].chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &code[at..];
        let length = match first {
            '"' | '\'' => (string_end(code.as_bytes(), at) + 1).min(code.len()) - at,
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        if &rest[..length] == OBJECT && !code[..at].trim_end().ends_with('.') {
            names.extend(member(&rest[length..]));
        }
        at += length;
    }
    names
}

/// The name behind an object: `.name` or `["name"]`.
fn member(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix('.') {
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        return (end > 0).then(|| rest[..end].to_owned());
    }
    let rest = rest.strip_prefix('[')?.trim_start();
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
    rest[1..].split_once(quote).map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_found_in_both_grammars_and_every_writing() {
        for (text, expected) in [
            ("/{{ references.tracker.ticket }}/{{references [ 'a-b' ] .x}}", vec!["tracker", "a-b"]),
            ("$this->references->jira->issue$ %24this->references->a-b->x%24", vec!["jira", "a-b"]),
            ("{% if references.x.y %}{% endif %}", vec!["x"]),
            (
                "{{ labels.references.z }} references.plain {# references.c.d #} {{ 'references.s.t' }}",
                vec![],
            ),
            ("{{ references[labels.x].y }} {{ references }}", vec![]),
            ("{{ broken", vec![]),
        ] {
            assert_eq!(referred(text), expected, "{text}");
        }
        assert_eq!(referred_in("references.a.b != '' and \"references.c.d\" in title"), ["a"]);
    }
}
