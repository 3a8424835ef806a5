//! iTop's placeholders, `$this->title$`, turned into Jinja's before the template is parsed.
//!
//! Grammar as measured on iTop 3.2: the arrow may be `->`, `-&gt;` or, in pasted documentation, `→`; the
//! dollar signs may be `%24`. Never looks at values.

use super::TemplateError;

/// How a placeholder may begin, with what then ends it.
const OPENINGS: [(&str, &str); 6] = [
    ("$this->", "$"),
    ("$this-&gt;", "$"),
    ("$this→", "$"),
    ("%24this->", "%24"),
    ("%24this-&gt;", "%24"),
    ("%24this→", "%24"),
];
/// The arrows inside a path.
const ARROWS: [&str; 3] = ["-&gt;", "→", "->"];

/// `text` with every `$this->path$` as `{{ incident.path }}`.
pub(super) fn to_jinja(text: &str) -> Result<String, TemplateError> {
    let mut jinja = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, opening, closing)) = next_opening(rest) {
        let path_from = at + opening.len();
        let Some(length) = rest[path_from..].find(closing) else { break };
        let path = &rest[path_from..path_from + length];
        jinja.push_str(&rest[..at]);
        jinja.push_str(&placeholder(path, opening)?);
        rest = &rest[path_from + length + closing.len()..];
    }
    jinja.push_str(rest);
    Ok(jinja)
}

fn next_opening(text: &str) -> Option<(usize, &'static str, &'static str)> {
    OPENINGS
        .into_iter()
        .filter_map(|(opening, closing)| text.find(opening).map(|at| (at, opening, closing)))
        .min_by_key(|(at, _, _)| *at)
}

fn placeholder(path: &str, opening: &str) -> Result<String, TemplateError> {
    let dotted = ARROWS.iter().fold(path.to_owned(), |path, arrow| path.replace(arrow, "."));
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !dotted.split('.').all(plain) {
        let name = format!("{opening}{path}$");
        let known = "`$this->field$` and `$this->labels->name$`, without spaces or calls".to_owned();
        return Err(TemplateError::Unknown { name, known });
    }
    Ok(format!("{{{{ incident.{dotted} }}}}"))
}
