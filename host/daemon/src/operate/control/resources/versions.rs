//! `If-Match` and `If-None-Match` of a request that changes something
//! ([RFC 9110, 13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)).

use axum::http::header::{IF_MATCH, IF_NONE_MATCH, ToStrError};
use axum::http::{HeaderMap, HeaderName};

use crate::config::Expected;
use crate::shared::problem::HttpProblem;

/// What the client expects to be in force.
///
/// # Errors
/// A header has another form.
pub(super) fn expected(headers: &HeaderMap) -> Result<Expected, HttpProblem> {
    let mut expected = Expected::default();
    match text(headers, &IF_MATCH)?.as_deref() {
        None => {}
        Some("*") => expected.any = true,
        Some(list) => expected.versions = Some(versions(list)?),
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

/// A header's value; those of several headers of the name as one list.
fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, HttpProblem> {
    let wrong = |_: ToStrError| HttpProblem::bad_request(format!("`{name}` is not printable."));
    let all = headers.get_all(name).iter().map(|value| value.to_str().map(str::trim).map_err(wrong));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok((!all.is_empty()).then(|| all.join(", ")))
}

/// Versions in quotation marks with commas between them. A weak one, `W/"…"`, matches nothing.
fn versions(list: &str) -> Result<Vec<String>, HttpProblem> {
    let version = |item: &str| -> Result<Option<String>, HttpProblem> {
        let item = item.trim();
        let quoted = item.strip_prefix("W/").unwrap_or(item);
        let version = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let version = version.ok_or_else(|| {
            HttpProblem::bad_request("`If-Match` is not a list of versions as in `ETag`, in quotation marks.")
        })?;
        Ok(item.starts_with('"').then(|| version.to_owned()))
    };
    Ok(list.split(',').map(version).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
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
