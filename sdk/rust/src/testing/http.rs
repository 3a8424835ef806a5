//! Requests and answers from files, as a plugin gets them.
//!
//! Never lenient: a test that was mistyped fails with the reason.

use tocsin_cases::Section;
use tocsin_cases::http::{self, Pair, RECEIVED_AT};

use crate::{Header, Parameter, Request, Response, Timestamp};

/// `POST /path?a=b`, headers, an empty line and the body. One line break at the very end is the file's, not
/// the body's. The request came at 2026-01-02T03:04:05Z.
///
/// # Errors
/// What is wrong with the file.
pub fn parse_request(file: &[u8]) -> Result<Request, String> {
    http::parse_request(file).map(request)
}

/// The request of a section.
///
/// # Errors
/// What is wrong with the section.
pub(super) fn read_request(section: &Section) -> Result<Request, String> {
    http::read_request(&section.text, section.coding).map(request)
}

/// The answer of a section.
///
/// # Errors
/// What is wrong with the section.
pub(super) fn read_answer(section: &Section) -> Result<Response, String> {
    let http::Answer { status, headers, body } = http::read_answer(&section.text, section.coding)?;
    Ok(Response { status, headers: headers.into_iter().map(header).collect(), body })
}

fn request(request: http::Request) -> Request {
    let parameter = |(name, value): Pair| Parameter { name, value };
    Request {
        method: request.method,
        path: request.path,
        query: request.query.into_iter().map(parameter).collect(),
        headers: request.headers.into_iter().map(header).collect(),
        body: request.body,
        received_at: Timestamp::from_micros(RECEIVED_AT),
    }
}

fn header((name, value): Pair) -> Header {
    Header { name, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_file_is_read_with_query_headers_and_body() {
        let request = parse_request(b"POST /a?x=1+2 HTTP/1.1\nContent-Type: text/plain\n\nbody\n\n").unwrap();
        assert_eq!((request.path.as_str(), request.parameter("X")), ("/a", Some("1 2")));
        assert_eq!(request.header("Content-Type"), Some("text/plain"));
        assert_eq!(
            (request.body.as_slice(), request.received_at.as_seconds()),
            (&b"body\n"[..], 1_767_323_045)
        );
    }
}
