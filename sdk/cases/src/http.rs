//! Requests and answers as they are on the wire, from files, and an action's requests for a reader.
//!
//! Never lenient: a test that was mistyped fails with the reason.

use crate::body::{self, Coding};
use crate::file::{Kind, Section};

/// When a case's request came: 2026-01-02T03:04:05Z, in microseconds since the Unix epoch.
pub const RECEIVED_AT: i64 = 1_767_323_045_000_000;

/// A name with a value: a header or a query parameter.
pub type Pair = (String, String);

/// What a source receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Upper-case.
    pub method: String,
    /// Without a slash at its end.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<Pair>,
    /// In order, names in lower case.
    pub headers: Vec<Pair>,
    /// As it came.
    pub body: Vec<u8>,
}

/// What a peer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// In order, names in lower case.
    pub headers: Vec<Pair>,
    /// As it came.
    pub body: Vec<u8>,
}

/// What an action wants sent. Secrets stand in it by name, as [`secret`] and [`basic`] write them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Upper-case.
    pub method: String,
    /// Appended to the path of the connection's URL.
    pub path: String,
    /// Appended to its query.
    pub query: Vec<Pair>,
    /// In order.
    pub headers: Vec<Pair>,
    /// Empty for none.
    pub content_type: String,
    /// With the names of secrets in their places.
    pub body: Vec<u8>,
    /// How the host signs it, and the key of the secret that it signs with.
    pub signing: Vec<Pair>,
}

/// The name of the signature that standardwebhooks.com describes.
pub const STANDARD_WEBHOOKS: &str = "standard-webhooks";

/// The place of a secret, by the key of its field. `encoding` is `json`, `form`, or empty for none.
pub fn secret(key: &str, encoding: &str) -> String {
    let mark = if encoding.is_empty() { "" } else { ":" };
    format!("{{{{secret:{key}{mark}{encoding}}}}}")
}

/// The place of Basic credentials, by the user's name and the key of the password's field.
pub fn basic(user: &str, password: &str) -> String {
    format!("{{{{basic:{user}:{password}}}}}")
}

/// `POST /path?a=b`, headers, an empty line and the body. One line break at the very end is the file's, not
/// the body's.
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
pub fn read_request(text: &str, coding: Coding) -> Result<Request, String> {
    let Parts { first, parameters, headers, body } = split(text, coding)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(format!("`{first}` is no request line; expected for example `POST /`"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut query: Vec<Pair> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    query.extend(parameters);
    Ok(Request {
        method: method.to_ascii_uppercase(),
        path: path.trim_end_matches('/').to_owned(),
        query,
        headers,
        body,
    })
}

/// The section of a request, as a runner writes one that is not in a file yet.
pub fn show_received(request: &Request) -> Section {
    let path = if request.path.is_empty() { "/" } else { &request.path };
    let mut lines = vec![format!("{} {path}", request.method)];
    lines.extend(query(&request.query));
    lines.extend(request.headers.iter().map(header));
    let media_type = request.headers.iter().find(|(name, _)| name == "content-type");
    let (coding, body) = body::write(&request.body, media_type.is_some_and(|(_, value)| is_form(value)));
    if !body.is_empty() {
        lines.extend([String::new(), body]);
    }
    Section { kind: Kind::Request, coding, text: lines.join("\n") }
}

/// `200 OK`, headers, an empty line and the body.
///
/// # Errors
/// What is wrong with the section.
pub fn read_answer(text: &str, coding: Coding) -> Result<Answer, String> {
    let Parts { first, parameters, headers, body } = split(text, coding)?;
    let status = first.split_whitespace().next().and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("`{first}` is no status; expected for example `200 OK`"))?;
    if let Some((name, _)) = parameters.first() {
        return Err(format!("`{name}`: an answer has no query"));
    }
    Ok(Answer { status, headers, body })
}

/// The section of an answer, as a runner writes one that is not in a file yet.
pub fn show_answer(answer: &Answer) -> Section {
    let mut lines = vec![answer.status.to_string()];
    lines.extend(answer.headers.iter().map(header));
    let (coding, body) = body::write(&answer.body, false);
    if !body.is_empty() {
        lines.extend([String::new(), body]);
    }
    Section { kind: Kind::Answer, coding, text: lines.join("\n") }
}

struct Parts {
    first: String,
    parameters: Vec<Pair>,
    headers: Vec<Pair>,
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
            parameters.push((name.to_owned(), value.to_owned()));
            continue;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("`{line}` is no header; expected `name: value`"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Parts { first, parameters, headers, body: coding.read(body)? })
}

/// A request that an action wants sent: method and path, a line for each parameter of the query and for each header,
/// an empty line and the body.
pub fn show_request(request: &Sent) -> Section {
    let mut lines = vec![format!("{} {}", request.method, request.path).trim_end().to_owned()];
    lines.extend(query(&request.query));
    lines.extend(request.headers.iter().map(header));
    if !request.content_type.is_empty() {
        lines.push(format!("content-type: {}", request.content_type));
    }
    lines.extend(request.signing.iter().map(|(how, secret)| format!("signed: {how} with {secret}")));
    let (coding, body) = show_body(request);
    if !body.is_empty() {
        lines.extend([String::new(), body]);
    }
    Section { kind: Kind::ExpectedRequest, coding, text: lines.join("\n") }
}

fn show_body(request: &Sent) -> (Coding, String) {
    let document = std::str::from_utf8(&request.body).ok().and_then(body::document);
    if let Some(document) = document {
        return (Coding::Plain, format!("{document:#}"));
    }
    body::write(&request.body, is_form(&request.content_type))
}

fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The parameters of a query, decoded, each on its line.
fn query(parameters: &[Pair]) -> impl Iterator<Item = String> {
    parameters.iter().enumerate().map(|(index, (name, value))| {
        let mark = if index == 0 { '?' } else { '&' };
        format!("  {mark}{}", on_one_line(&format!("{name}={value}")))
    })
}

fn header((name, value): &Pair) -> String {
    format!("{name}: {}", on_one_line(value))
}

/// A text of a line, with what would end the line as an escape.
fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_file_is_read_with_query_headers_and_body() {
        let request = parse_request(b"POST /a?x=1+2 HTTP/1.1\nContent-Type: text/plain\n\nbody\n\n").unwrap();
        assert_eq!((request.path.as_str(), request.query[0].1.as_str()), ("/a", "1 2"));
        assert_eq!(request.headers, [("content-type".to_owned(), "text/plain".to_owned())]);
        assert_eq!(request.body, b"body\n");
    }

    #[test]
    fn a_query_below_the_first_line_is_decoded_already() {
        let request = read_request("GET /a\n  ?q=a+b = %\n  &n=\nAccept: */*", Coding::Plain).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(request.query, [pair("q", "a+b = %"), pair("n", "")]);
        assert_eq!(request.headers.len(), 1);
    }

    #[test]
    fn a_request_that_a_runner_writes_is_read_as_the_same() {
        for text in ["GET /", "POST /a\n  ?q=a+b\n  &n=\naccept: */*\n\n{\"a\": 1}"] {
            let request = read_request(text, Coding::Plain).unwrap();
            let shown = show_received(&request);
            assert_eq!((shown.coding, shown.text.as_str()), (Coding::Plain, text));
        }
        let binary = Request { body: vec![0xff], ..read_request("POST /", Coding::Plain).unwrap() };
        let shown = show_received(&binary);
        assert_eq!(read_request(&shown.text, shown.coding), Ok(binary));
        let answer = read_answer("201\nretry-after: 1\n\nno", Coding::Plain).unwrap();
        assert_eq!(show_answer(&answer).text, "201\nretry-after: 1\n\nno");
    }

    #[test]
    fn a_mistyped_file_says_what_is_wrong() {
        assert!(parse_request(b"POST").unwrap_err().contains("request line"));
        assert!(parse_request(b"POST /\nnonsense\n\n").unwrap_err().contains("no header"));
        assert!(read_answer("OK", Coding::Plain).unwrap_err().contains("`OK` is no status"));
    }

    #[test]
    fn a_request_is_shown_line_by_line_and_its_body_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = Sent {
            method: "POST".to_owned(),
            path: "/x".to_owned(),
            query: vec![pair("q", "a b\nc"), pair("n", "1")],
            content_type: "application/json; charset=utf-8".to_owned(),
            body: br#"{"b":[1],"a":"x"}"#.to_vec(),
            ..Sent::default()
        };
        let shown = show_request(&request);
        let text = "POST /x\n  ?q=a b\\nc\n  &n=1\ncontent-type: application/json; charset=utf-8\n\n\
                    {\n  \"a\": \"x\",\n  \"b\": [\n    1\n  ]\n}";
        assert_eq!((shown.coding, shown.text.as_str()), (Coding::Plain, text));
        let bare = show_request(&Sent { method: "GET".to_owned(), ..Sent::default() });
        assert_eq!(bare.text, "GET");
    }
}
