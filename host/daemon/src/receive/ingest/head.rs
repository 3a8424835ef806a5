//! What a request says before its body: where it goes, its method, query and headers.
//!
//! Reads text as its sender wrote it, see [`crate::receive::charset`]. Never looks at the body.

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::time::Timestamp;

use crate::receive::charset;
use crate::shared::problem::HttpProblem;

/// Headers of a request; more is no sender that anybody knows.
pub(super) const HEADERS_MAX: usize = 100;
/// Bytes of a query, token included.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// The source's name, and what follows it in the path, with its slash.
pub(in crate::receive) fn target(uri: &Uri) -> (String, String) {
    let below = uri.path().strip_prefix("/in").unwrap_or_default();
    let below = below.strip_prefix('/').unwrap_or_default();
    let (name, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    (charset::unescaped(name), charset::unescaped(rest))
}

/// The request so far. How much of it there is, HTTP bounds; what a source takes is looked at by [`check`], once the
/// sender is known.
pub(super) fn read(parts: &Parts, path: String, received_at: Timestamp) -> SourceRequest {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        Pair::new(name.as_str(), charset::text(value.as_bytes()))
    };
    SourceRequest {
        method: parts.method.as_str().to_ascii_uppercase(),
        path,
        query: charset::query(parts.uri.query().unwrap_or_default()),
        headers: parts.headers.iter().map(pair).collect(),
        body: Vec::new(),
        received_at,
    }
}

/// Refuses a query or headers that are more than a source takes.
pub(super) fn check(parts: &Parts) -> Result<(), HttpProblem> {
    let (query, headers) = (parts.uri.query().map_or(0, str::len), parts.headers.len());
    if query > QUERY_BYTES_MAX {
        let detail = format!("The query has {query} bytes, the limit is {QUERY_BYTES_MAX}.");
        return Err(HttpProblem::new(StatusCode::URI_TOO_LONG, "Query too long", detail));
    }
    if headers > HEADERS_MAX {
        let detail = format!("The request has {headers} headers, the limit is {HEADERS_MAX}.");
        return Err(HttpProblem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Too many headers",
            detail,
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> (String, String) {
        target(&uri.parse().expect("an address"))
    }

    #[test]
    fn an_address_is_a_name_and_what_follows_it() {
        let text = |name: &str, rest: &str| (name.to_owned(), rest.to_owned());
        assert_eq!(of("/in/hook?a=b"), text("hook", ""));
        assert_eq!(of("/in/hook/"), text("hook", "/"));
        assert_eq!(of("http://tocsin.example.org/in/hook/a%2fb/c"), text("hook", "/a/b/c"));
        assert_eq!(of("/in/hook%2fa"), text("hook/a", ""));
        assert_eq!(of("/in/%ff"), text("\u{ff}", ""));
        assert_eq!(of("/in/"), text("", ""));
        assert_eq!(of("/in"), text("", ""));
    }
}
