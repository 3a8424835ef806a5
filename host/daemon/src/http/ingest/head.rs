//! What a request says before its body: where it goes, its method, query and headers.
//!
//! Reads text as its sender wrote it, see [`crate::charset`]. Never looks at the body.

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use tocsin_core::plugin::{Pair, SourceRequest};

use crate::problem::Problem;
use crate::{charset, clock};

/// Headers of a request; more is no sender that anybody knows.
pub(super) const HEADERS_MAX: usize = 100;
/// Bytes of a query, token included.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// The source's name, and what follows it in the path, with its slash.
pub(super) fn target(uri: &Uri) -> (String, String) {
    let below = uri.path().strip_prefix("/in").unwrap_or_default();
    let below = below.strip_prefix('/').unwrap_or_default();
    let (name, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    (charset::unescaped(name), charset::unescaped(rest))
}

/// The request so far.
pub(super) fn read(parts: &Parts, path: String) -> Result<SourceRequest, Problem> {
    Ok(SourceRequest {
        method: parts.method.as_str().to_ascii_uppercase(),
        path,
        query: query(&parts.uri)?,
        headers: headers(&parts.headers)?,
        body: Vec::new(),
        received_at: clock::now(),
    })
}

fn query(uri: &Uri) -> Result<Vec<Pair>, Problem> {
    let query = uri.query().unwrap_or_default();
    if query.len() > QUERY_BYTES_MAX {
        let detail = format!("The query has {} bytes, the limit is {QUERY_BYTES_MAX}.", query.len());
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "Query too long", detail));
    }
    Ok(charset::query(query))
}

fn headers(headers: &HeaderMap) -> Result<Vec<Pair>, Problem> {
    if headers.len() > HEADERS_MAX {
        let detail = format!("The request has {} headers, the limit is {HEADERS_MAX}.", headers.len());
        return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many headers", detail));
    }
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        Pair::new(name.as_str(), charset::text(value.as_bytes()))
    };
    Ok(headers.iter().map(pair).collect())
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
