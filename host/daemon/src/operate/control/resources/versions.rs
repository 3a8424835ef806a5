//! What a request to change a source, connection or action expects to be in force.

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;

use crate::config::Expected;
use crate::operate::control::version::{Match, if_match, text};
use crate::shared::problem::HttpProblem;

/// What the headers `If-Match` and `If-None-Match` expect.
///
/// # Errors
/// A header has another form.
pub(super) fn expected(headers: &HeaderMap) -> Result<Expected, HttpProblem> {
    let mut expected = Expected::default();
    match if_match(headers)? {
        None => {}
        Some(Match::Any) => expected.any = true,
        Some(Match::OneOf(versions)) => expected.versions = Some(versions),
    }
    match text(headers, &IF_NONE_MATCH)?.as_deref() {
        None => {}
        Some("*") => expected.none = true,
        Some(_) => {
            return Err(HttpProblem::bad_request("`If-None-Match` can only be `*` here, to only create."));
        }
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use axum::http::header::IF_MATCH;

    use super::*;

    fn of(headers: &[(HeaderName, &'static str)]) -> Result<Expected, HttpProblem> {
        let value = |value| axum::http::HeaderValue::from_static(value);
        let mut map = HeaderMap::new();
        for (name, text) in headers {
            map.append(name.clone(), value(text));
        }
        expected(&map)
    }

    #[test]
    fn preconditions_are_read_as_http_writes_them() {
        let versions = |list: &[&str]| Expected {
            versions: Some(list.iter().map(|version| (*version).to_owned()).collect()),
            ..Expected::default()
        };
        assert_eq!(of(&[]).unwrap(), Expected::default());
        assert_eq!(of(&[(IF_MATCH, "*")]).unwrap(), Expected { any: true, ..Expected::default() });
        assert_eq!(of(&[(IF_NONE_MATCH, "*")]).unwrap(), Expected { none: true, ..Expected::default() });
        assert_eq!(
            of(&[(IF_MATCH, "\"a\", \"b\""), (IF_MATCH, "\"c\"")]).unwrap(),
            versions(&["a", "b", "c"])
        );
        assert_eq!(of(&[(IF_MATCH, "W/\"a\"")]).unwrap(), versions(&[]));
        for wrong in [(IF_MATCH, "a"), (IF_MATCH, "\"a"), (IF_MATCH, ""), (IF_NONE_MATCH, "\"a\"")] {
            assert_eq!(of(&[wrong]).unwrap_err().status(), 400);
        }
    }
}
