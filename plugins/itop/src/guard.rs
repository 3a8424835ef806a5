//! Where a JSON value finds another object, text could become a query: this is where that is prevented.
//!
//! Never lets OQL through into which a placeholder could put text. iTop reads a string in the place of an external key
//! as a number or as OQL, and what a placeholder put there may come from an alert.

use serde_json::{Map, Value};
use tocsin_plugin::{Document, text};

/// What stands before the name of a query.
const NAMED: &str = "query:";

/// Queries that the operator wrote, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queries(Vec<(String, String)>);

impl Queries {
    /// From lines `name = SELECT …`.
    pub(crate) fn read(lines: &[String]) -> Result<Self, String> {
        let mut queries = Vec::new();
        for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
            let (name, oql) = line
                .split_once('=')
                .map(|(name, oql)| (name.trim(), oql.trim()))
                .filter(|(name, oql)| is_name(name) && is_oql(oql))
                .ok_or_else(|| format!("`{}` is not `name = SELECT …`", text::truncate(line, 60)))?;
            fixed(oql)?;
            queries.push((name.to_owned(), oql.to_owned()));
        }
        Ok(Self(queries))
    }

    /// What a string means in a place that finds an object: itself, or the query that it names. A `fixed` one is as
    /// the operator wrote it.
    ///
    /// # Errors
    /// OQL with text that an alert may have written, and a query that is not there; in words that name `place`.
    pub(crate) fn place(&self, place: &str, given: &str, fixed: bool) -> Result<String, String> {
        if let Some(name) = given.trim().strip_prefix(NAMED).map(str::trim) {
            let found = self.0.iter().find(|(known, _)| known == name).map(|(_, oql)| oql.clone());
            return found.ok_or_else(|| {
                format!("`{place}` names the query `{}`, which `queries` lacks", text::truncate(name, 60))
            });
        }
        if is_oql(given) && !fixed {
            return Err(format!(
                "`{place}` holds OQL with a placeholder, through which text of an alert could become part of the \
                 query: write criteria such as {{\"name\": \"…\"}}, or a query without placeholders"
            ));
        }
        Ok(given.to_owned())
    }

    /// The object of a document, with named queries put in. Places that find an object are members whose name ends
    /// with `_id`, as iTop names its external keys, at any depth, and those that `is_place` adds by the names on the way.
    ///
    /// # Errors
    /// It is no object; as [`Queries::place`].
    pub(crate) fn object(
        &self,
        document: &Document,
        is_place: fn(&[String]) -> bool,
    ) -> Result<Map<String, Value>, String> {
        let read = document.read(|string| {
            if let Some(name) = string.names.last()
                && (name.trim().ends_with("_id") || is_place(string.names))
            {
                *string.text = self.place(name, string.text, string.is_fixed)?;
            }
            Ok(())
        })?;
        match read {
            Value::Object(object) => Ok(object),
            _ => Err("is not a JSON object, for example `{\"name\": \"…\"}`".to_owned()),
        }
    }
}

/// Whether iTop would read this as OQL.
pub(crate) fn is_oql(given: &str) -> bool {
    let start = given.trim_start_matches(|c: char| !c.is_alphanumeric());
    start.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
        && !start[6..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Refuses OQL with placeholders: the setting is not a template, so they would stay as they are.
pub(crate) fn fixed(oql: &str) -> Result<(), String> {
    if ["{{", "{%", "$this", "%24this"].iter().any(|opening| oql.contains(opening)) {
        return Err(
            "placeholders are not replaced in OQL, so that text of an alert cannot become part of a query: \
                    use criteria instead"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether this is a name as iTop's classes, fields and stimuli have them.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 255
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether this is an id: the only string that never is a query.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 20 && id.chars().all(|c| c.is_ascii_digit())
}
