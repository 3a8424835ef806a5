//! Requests that only ask whether the source is there: a method that its plugin does not use, and the handshake of
//! CloudEvents.
//!
//! Keeps nothing and fetches nothing: an address to call back, which the handshake may name, is left alone, since
//! the answer itself allows the sender.

use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tocsin_core::plugin::SourceRequest;

use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

/// Methods that change nothing: a sender that uses one only asks.
const ASKING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Who wants to send (CloudEvents, "HTTP 1.1 Web Hooks", 4.1).
const ORIGIN: &str = "webhook-request-origin";
/// How many requests a minute it wants to send.
const RATE: &str = "webhook-request-rate";
/// Who may send.
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
/// How many requests a minute it may send.
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// A request that is answered without being kept.
pub(super) struct Probe {
    /// The methods that the source takes.
    methods: String,
}

/// What a plugin says about methods decides: whether `request` only asks; nothing when it is to be decoded. Without
/// a plugin any method is kept.
///
/// # Errors
/// The plugin does not use the method, and it does not ask.
pub(super) fn find(app: &App, source: &str, request: &SourceRequest) -> Result<Option<Probe>, HttpProblem> {
    let bindings = app.bindings();
    let methods = match bindings.sources.get(source) {
        Some(Ok(binding)) => binding.info.methods.as_slice(),
        Some(Err(_)) | None => &[],
    };
    let known = if methods.is_empty() { "POST".to_owned() } else { methods.join(", ") };
    if request.method == "OPTIONS" && header(request, ORIGIN).is_some() {
        return Ok(Some(Probe { methods: known }));
    }
    if methods.is_empty() || methods.contains(&request.method) {
        return Ok(None);
    }
    if ASKING.contains(&request.method.as_str()) {
        return Ok(Some(Probe { methods: known }));
    }
    let problem = HttpProblem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed",
        format!("This source takes {known}."),
    );
    Err(match HeaderValue::from_str(&known) {
        Ok(value) => problem.header(ALLOW, value),
        Err(_) => problem,
    })
}

fn header<'a>(request: &'a SourceRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
}

impl Probe {
    /// 200 with a sentence. The server leaves the body of an answer to HEAD out.
    pub(super) fn answer(&self, source: &str, request: &SourceRequest) -> Response {
        let sentence = format!("This is the source `{source}` of Tocsin; it takes {}.\n", self.methods);
        let mut response = sentence.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if request.method == "OPTIONS" {
            insert(headers, ALLOW, &self.methods);
            self.allow(request, headers);
        }
        response
    }

    /// Lets a sender send that asks for it and has proven that it may.
    fn allow(&self, request: &SourceRequest, headers: &mut HeaderMap) {
        let Some(origin) = header(request, ORIGIN) else { return };
        insert(headers, ALLOWED_ORIGIN, origin);
        if header(request, RATE).is_some() {
            headers.insert(ALLOWED_RATE, HeaderValue::from_static("*"));
        }
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // What came as a header can be one.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
