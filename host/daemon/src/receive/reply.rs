//! What a plugin may answer a sender: which headers, and with what a browser is kept from taking it for a page.
//!
//! The body may repeat what the sender wrote. So no header of it is about the connection, sets a cookie, leads
//! somewhere else or loosens what a browser may do.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use tocsin_core::event::single_line;
use tocsin_core::plugin::{Pair, Reply};

/// Headers that a reply may set: what the body is, when to come back, and how senders want to be answered: Asana
/// (`X-Hook-Secret`) and Smartsheet (`Smartsheet-Hook-Response`).
const ALLOWED: [&str; 6] =
    ["allow", "content-language", "content-type", "retry-after", "smartsheet-hook-response", "x-hook-secret"];
/// Beginnings of further ones: CloudEvents' `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`.
const ALLOWED_BEGINNINGS: [&str; 1] = ["webhook-"];
/// Ends of those that begin with `x-`, as vendors name their acknowledgements and challenges.
const ALLOWED_ENDS: [&str; 3] = ["-ack", "-challenge", "-challenge-response"];
/// Characters of a header's name in a remark.
const NAME_CHARS: usize = 60;
/// What a browser may do with a reply: show it as what it says it is, and nothing in it.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Takes out of `reply` the headers that no reply sets, and gives a remark for each.
pub(crate) fn admit(reply: &mut Reply) -> Vec<String> {
    let mut remarks = Vec::new();
    reply.headers.retain(|header| {
        let why = if !is_allowed(&header.name) {
            "is not one that a reply may set"
        } else if HeaderValue::from_str(&header.value).is_err() {
            "has a value that no header holds"
        } else {
            return true;
        };
        let remark =
            format!("the reply's header `{}` {why}; it was left out", single_line(&header.name, NAME_CHARS));
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
        false
    });
    remarks
}

fn is_allowed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_ack = name.starts_with("x-") && ALLOWED_ENDS.iter().any(|end| name.ends_with(end));
    let begins = ALLOWED_BEGINNINGS.iter().any(|begins| name.starts_with(begins));
    (ALLOWED.contains(&name.as_str()) || begins || is_ack) && HeaderName::from_bytes(name.as_bytes()).is_ok()
}

/// The answer that is sent for `reply`.
pub(crate) fn response(mut reply: Reply) -> Response {
    admit(&mut reply);
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    for Pair { name, value } in reply.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
        {
            headers.insert(name, value);
        }
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(names: &[&str]) -> Reply {
        Reply {
            status: 200,
            headers: names.iter().map(|name| Pair::new(*name, "x")).collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn a_reply_sets_the_headers_that_senders_want_to_see() {
        let names = [
            "content-type",
            "Retry-After",
            "allow",
            "X-Hook-Secret",
            "smartsheet-hook-response",
            "WebHook-Allowed-Origin",
            "webhook-allowed-rate",
            "x-vendor-ack",
            "x-vendor-challenge",
        ];
        let mut reply = reply(&names);
        assert_eq!(admit(&mut reply), Vec::<String>::new());
        assert_eq!(response(reply).headers().len(), names.len() + 2);
    }

    #[test]
    fn a_reply_sets_nothing_about_the_connection_the_browser_or_another_place() {
        for name in [
            "content-length",
            "Transfer-Encoding",
            "connection",
            "upgrade",
            "keep-alive",
            "trailer",
            "content-encoding",
            "set-cookie",
            "set-cookie2",
            "location",
            "refresh",
            "content-location",
            "link",
            "www-authenticate",
            "content-security-policy",
            "x-content-type-options",
            "access-control-allow-origin",
            "strict-transport-security",
            "clear-site-data",
            "service-worker-allowed",
            "content-disposition",
            "cache-control",
            "date",
            "server",
            "",
            "x y-ack",
        ] {
            let mut reply = reply(&[name, name]);
            let remarks = admit(&mut reply);
            assert_eq!(remarks.len(), 1, "{name}: {remarks:?}");
            assert!(remarks[0].contains(&format!("`{name}` is not one that a reply may set")), "{remarks:?}");
            assert!(reply.headers.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_value_that_begins_another_header_is_left_out() {
        let mut reply = Reply {
            status: 200,
            headers: vec![Pair::new("content-type", "text/html\r\nset-cookie: a=b")],
            body: Vec::new(),
        };
        assert!(admit(&mut reply)[0].contains("has a value that no header holds"));
        let response = response(reply);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["content-security-policy"], "default-src 'none'; sandbox");
        assert!(response.headers().get("set-cookie").is_none());
    }
}
