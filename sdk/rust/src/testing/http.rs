//! Requests and responses as they are on the wire, from files.
//!
//! Never lenient: a test that was mistyped fails with the reason.

use crate::{Header, Parameter, Request, Response, Timestamp};

/// `POST /path?a=b`, headers, an empty line and the body. One line break at the very end is the file's, not
/// the body's. The request came at 2026-01-02T03:04:05Z.
///
/// # Errors
/// What is wrong with the file.
pub fn parse_request(file: &[u8]) -> Result<Request, String> {
    let (first, headers, body) = split(file)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(format!("`{first}` is no request line; expected for example `POST /`"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |(name, value): (_, _)| Parameter { name, value };
    Ok(Request {
        method: method.to_ascii_uppercase(),
        path: path.trim_end_matches('/').to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().map(parameter).collect(),
        headers,
        body,
        received_at: Timestamp::from_seconds(1_767_323_045),
    })
}

/// `HTTP/1.1 200 OK`, headers, an empty line and the body.
///
/// # Errors
/// What is wrong with the file.
pub fn parse_response(file: &[u8]) -> Result<Response, String> {
    let (first, headers, body) = split(file)?;
    let status = first.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("`{first}` is no status line; expected `HTTP/1.1 200 OK`"))?;
    Ok(Response { status, headers, body })
}

fn split(file: &[u8]) -> Result<(String, Vec<Header>, Vec<u8>), String> {
    let (head, body) = match file.windows(2).position(|two| two == b"\n\n") {
        Some(end) => (&file[..end], &file[end + 2..]),
        None => match file.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => (&file[..end], &file[end + 4..]),
            None => (file, &[][..]),
        },
    };
    let head = std::str::from_utf8(head).map_err(|error| format!("the head is not UTF-8: {error}"))?;
    let mut lines = head.lines();
    let first = lines.next().unwrap_or("").to_owned();
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("`{line}` is no header; expected `name: value`"))?;
        headers.push(Header { name: name.trim().to_ascii_lowercase(), value: value.trim().to_owned() });
    }
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    Ok((first, headers, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_file_is_read_with_query_headers_and_body() {
        let request = parse_request(b"POST /a?x=1+2 HTTP/1.1\nContent-Type: text/plain\n\nbody\n\n").unwrap();
        assert_eq!((request.path.as_str(), request.parameter("X")), ("/a", Some("1 2")));
        assert_eq!(request.header("Content-Type"), Some("text/plain"));
        assert_eq!(request.body, b"body\n");
    }

    #[test]
    fn a_mistyped_file_says_what_is_wrong() {
        assert!(parse_request(b"POST").unwrap_err().contains("request line"));
        assert!(parse_request(b"POST /\nnonsense\n\n").unwrap_err().contains("no header"));
        assert!(parse_response(b"200 OK\n\n").is_err());
    }
}
