//! Errors as HTTP answers: problem documents (RFC 9457).
//!
//! Says what is wrong and what to do; never shows a secret or an internal detail that is not the caller's.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tocsin_core::decide::Rejection;
use tocsin_store::ReadError;

use crate::runtime::request::answered;
use crate::runtime::trouble;
use crate::shared::app::CommitError;

/// Seconds after which a sender that was turned away may come again: the queue empties in less.
const RETRY_AFTER_SECONDS: &str = "5";

/// An error on its way to the caller.
#[derive(Debug)]
pub struct HttpProblem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What the operator is told in place of the detail.
    cause: Option<&'static str>,
}

impl HttpProblem {
    /// An error of this status. `title` is the same for every error of its kind, `detail` is about this one.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), more: Map::new(), headers: Vec::new(), cause: None }
    }

    /// With one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a cause that the caller is not told.
    #[must_use]
    pub fn caused_by(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the operator is told.
    pub fn cause(&self) -> &str {
        self.cause.unwrap_or(&self.detail)
    }

    /// The receipt under which the request was kept all the same.
    pub fn receipt(&self) -> Option<&str> {
        self.more.get("receipt").and_then(Value::as_str)
    }

    /// What is wrong with this one.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", detail)
    }

    /// 401 for a request that lacks a valid `Authorization: Bearer …`.
    pub fn no_bearer(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tocsin\""))
    }

    /// 413 for a body over a source's limit; `when` says when it is too large, if not as it was sent.
    pub fn body_too_large(limit: usize, when: &str) -> Self {
        let detail =
            format!("The body is larger than {limit} bytes{when}, which this source's `body_limit` allows.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Body too large", detail)
    }

    /// 503, with the time after which to come again.
    pub fn unavailable(title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title, detail)
            .header(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS))
    }
}

impl HttpProblem {
    /// 503 for a body that there is no room for.
    pub fn no_memory() -> Self {
        Self::unavailable(
            "No room",
            "More comes in at once than there is memory for, which is a quarter of `limits.memory`; nothing of this \
             request was kept.",
        )
    }

    /// 429 for a source over its rate; it may come again after so many seconds.
    pub fn too_many(rate: usize, seconds: u64) -> Self {
        let detail = format!("This source takes {rate} requests a minute (its `rate`); nothing was kept.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", detail)
            .header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }
}

impl From<CommitError> for HttpProblem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Busy => Self::unavailable(
                "Queue full",
                "More comes in than can be stored; nothing of this request was kept.",
            ),
            CommitError::Rejected(rejection @ Rejection::Changed { .. }) => {
                Self::new(StatusCode::PRECONDITION_FAILED, "Changed meanwhile", format!("{rejection}."))
            }
            CommitError::Rejected(rejection) => {
                Self::new(StatusCode::CONFLICT, "Not possible now", rejection.to_string())
            }
            CommitError::Storage(cause) => Self::unavailable(
                "Not stored",
                format!("Nothing of this request was kept, since nothing can be stored: {cause}."),
            ),
            CommitError::Stopping => {
                Self::unavailable("Stopping", "The relay is being stopped; nothing of this request was kept.")
            }
        }
    }
}

impl From<ReadError> for HttpProblem {
    fn from(error: ReadError) -> Self {
        trouble::error(trouble::NOT_READ, &error);
        let cause = match error {
            ReadError::Storage(fault) => fault.cause(),
            ReadError::Closed => error.to_string(),
        };
        let detail = format!("The store cannot be read: {cause}.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Not readable", detail)
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let mut document = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(members) = document.as_object_mut() {
            members.extend(self.more);
            if let Some(request) = answered() {
                members.insert("request_id".to_owned(), json!(request.trace().to_string()));
            }
        }
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.headers);
        response
    }
}
