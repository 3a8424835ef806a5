//! Requests and answers as they are on the wire, from files, and an action's requests for a reader.
//!
//! Never lenient: a test that was mistyped fails with the reason.

use super::body::{self, Coding};
use super::file::{Kind, Section};
use super::render;
use crate::{Header, HttpRequest, Parameter, Request, Response, Signature, Timestamp};

/// `POST /path?a=b`, headers, an empty line and the body. One line break at the very end is the file's, not
/// the body's. The request came at 2026-01-02T03:04:05Z.
///
/// # Errors
/// What is wrong with the file.
pub fn parse_request(file: &[u8]) -> Result<Request, String> {
    let text = std::str::from_utf8(file).map_err(|error| format!("the request is not UTF-8: {error}"))?;
    read_request(text.strip_suffix('\n').unwrap_or(text), Coding::Plain)
}

/// The request of a section, with its body decoded from `coding`. Its query is in the first line, or decoded below it:
/// a line for each parameter, as `  ?name=value` and `  &name=value`.
///
/// # Errors
/// What is wrong with the section.
pub(super) fn read_request(text: &str, coding: Coding) -> Result<Request, String> {
    let Parts { first, parameters, headers, body } = split(text, coding)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(format!("`{first}` is no request line; expected for example `POST /`"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |(name, value): (_, _)| Parameter { name, value };
    let mut query: Vec<Parameter> =
        form_urlencoded::parse(query.as_bytes()).into_owned().map(parameter).collect();
    query.extend(parameters);
    Ok(Request {
        method: method.to_ascii_uppercase(),
        path: path.trim_end_matches('/').to_owned(),
        query,
        headers,
        body,
        received_at: Timestamp::from_seconds(1_767_323_045),
    })
}

/// `200 OK`, headers, an empty line and the body.
///
/// # Errors
/// What is wrong with the section.
pub(super) fn read_answer(text: &str, coding: Coding) -> Result<Response, String> {
    let Parts { first, parameters, headers, body } = split(text, coding)?;
    let status = first.split_whitespace().next().and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("`{first}` is no status; expected for example `200 OK`"))?;
    if let Some(Parameter { name, .. }) = parameters.first() {
        return Err(format!("`{name}`: an answer has no query"));
    }
    Ok(Response { status, headers, body })
}

struct Parts {
    first: String,
    parameters: Vec<Parameter>,
    headers: Vec<Header>,
    body: Vec<u8>,
}

fn split(text: &str, coding: Coding) -> Result<Parts, String> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or("").to_owned();
    let (mut parameters, mut headers) = (Vec::new(), Vec::new());
    for line in lines {
        if let Some(parameter) = line.strip_prefix("  ?").or_else(|| line.strip_prefix("  &")) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            parameters.push(Parameter { name: name.to_owned(), value: value.to_owned() });
            continue;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("`{line}` is no header; expected `name: value`"))?;
        headers.push(Header { name: name.trim().to_ascii_lowercase(), value: value.trim().to_owned() });
    }
    Ok(Parts { first, parameters, headers, body: coding.read(body)? })
}

/// A request that an action wants sent: method and path, a line for each parameter of the query and for each header,
/// an empty line and the body. Secrets show as `{{secret:name}}`.
pub(super) fn show_request(request: &HttpRequest) -> Section {
    let mut lines = vec![format!("{} {}", request.method, request.path).trim_end().to_owned()];
    for (index, Parameter { name, value }) in request.query.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        lines.push(format!("  {mark}{}", on_one_line(&format!("{name}={value}"))));
    }
    for line in &request.headers {
        lines.push(format!("{}: {}", line.name, on_one_line(&render::text_of(&line.value))));
    }
    if !request.content_type.is_empty() {
        lines.push(format!("content-type: {}", request.content_type));
    }
    for signing in &request.signing {
        let how = match &signing.signature {
            Signature::StandardWebhooks => "standard-webhooks",
            Signature::BodyHmac(hmac) => hmac.header.as_str(),
        };
        lines.push(format!("signed: {how} with {}", signing.secret));
    }
    let (coding, body) = show_body(request);
    if !body.is_empty() {
        lines.extend([String::new(), body]);
    }
    Section { kind: Kind::ExpectedRequest, coding, text: lines.join("\n") }
}

fn show_body(request: &HttpRequest) -> (Coding, String) {
    let bytes = render::bytes_of(&request.body);
    let document = std::str::from_utf8(&bytes).ok().and_then(body::document);
    if let Some(document) = document {
        return (Coding::Plain, format!("{document:#}"));
    }
    let media_type = request.content_type.split(';').next().unwrap_or_default().trim();
    body::write(&bytes, media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// A text of a line, with what would end the line as an escape.
fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_file_is_read_with_query_headers_and_body() {
        let request = parse_request(b"POST /a?x=1+2 HTTP/1.1\nContent-Type: text/plain\n\nbody\n\n").unwrap();
        assert_eq!((request.path.as_str(), request.parameter("X")), ("/a", Some("1 2")));
        assert_eq!(request.header("Content-Type"), Some("text/plain"));
        assert_eq!(request.body, b"body\n");
    }

    #[test]
    fn a_query_below_the_first_line_is_decoded_already() {
        let request = read_request("GET /a\n  ?q=a+b = %\n  &n=\nAccept: */*", Coding::Plain).unwrap();
        assert_eq!((request.parameter("q"), request.parameter("n")), (Some("a+b = %"), Some("")));
        assert_eq!(request.headers.len(), 1);
    }

    #[test]
    fn a_mistyped_file_says_what_is_wrong() {
        assert!(parse_request(b"POST").unwrap_err().contains("request line"));
        assert!(parse_request(b"POST /\nnonsense\n\n").unwrap_err().contains("no header"));
        assert!(read_answer("OK", Coding::Plain).unwrap_err().contains("`OK` is no status"));
    }

    #[test]
    fn a_request_is_shown_line_by_line_and_its_body_decoded() {
        let request = HttpRequest::post().path("/x").query("q", "a b\nc").query("n", "1");
        let shown = show_request(&request.clone().json(&json!({"b": [1], "a": "x"})));
        let text = "POST /x\n  ?q=a b\\nc\n  &n=1\ncontent-type: application/json; charset=utf-8\n\n\
                    {\n  \"a\": \"x\",\n  \"b\": [\n    1\n  ]\n}";
        assert_eq!((shown.coding, shown.text.as_str()), (Coding::Plain, text));
        let bare = show_request(&HttpRequest::get());
        assert_eq!(bare.text, "GET");
    }
}
