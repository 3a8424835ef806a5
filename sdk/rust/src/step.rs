//! The answer of a service, and what an action makes of it.
//!
//! Never a plain yes or no: a failure says whether to wait, to give up, or to call an operator.

use crate::{Header, HttpRequest, Label, Reference};

/// The service's answer. The host cuts bodies at 1 MiB and never follows a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Header>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, or nothing.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// How sure it is that a person will see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The service said that it is there.
    Delivered,
    /// The service took it and will not say more.
    Accepted,
}

/// What came of a delivery that worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How sure it is.
    pub certainty: Certainty,
    /// One line for the delivery log.
    pub summary: String,
    /// Kept for the incident and this connection, given to every later call.
    pub references: Vec<Reference>,
    /// Written to the incident's labels.
    pub updates: Vec<Label>,
}

impl Outcome {
    /// The service said that it is there.
    pub fn delivered(summary: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Delivered,
            summary: summary.into(),
            references: Vec::new(),
            updates: Vec::new(),
        }
    }

    /// The service took it and will not say more.
    pub fn accepted(summary: impl Into<String>) -> Self {
        Self { certainty: Certainty::Accepted, ..Self::delivered(summary) }
    }

    /// The same with something to remember for later calls.
    #[must_use]
    pub fn reference(mut self, key: &str, value: &str, url: Option<&str>) -> Self {
        let (key, value, url) = (key.to_owned(), value.to_owned(), url.map(str::to_owned));
        self.references.push(Reference { key, value, url });
        self
    }

    /// The same with a label to write to the incident.
    #[must_use]
    pub fn update(mut self, key: &str, value: &str) -> Self {
        self.updates.push(Label { key: key.to_owned(), value: value.to_owned() });
        self
    }
}

/// What to do next. A request or an outcome converts into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this; the answer comes to [`crate::Action::resume`] with the bytes, which are the plugin's own. At most 8
    /// requests in one attempt.
    Send(Box<HttpRequest>, Vec<u8>),
    /// Done.
    Delivered(Outcome),
    /// There is nothing to send for this change; why.
    Skipped(String),
}

impl From<HttpRequest> for Step {
    fn from(request: HttpRequest) -> Self {
        Self::Send(Box::new(request), Vec::new())
    }
}

impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Self {
        Self::Delivered(outcome)
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may work later; the host decides when.
    Retry {
        /// Why.
        reason: String,
        /// What the service asked for, in milliseconds; the host keeps to it.
        after_ms: Option<u64>,
    },
    /// This delivery will never work; the reason names what to change.
    Rejected(String),
    /// No delivery on this connection will work until an operator mends it.
    Misconfigured(String),
}

impl Failure {
    /// It may work later.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after_ms: None }
    }

    /// This delivery will never work.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected(reason.into())
    }

    /// The connection needs an operator.
    pub fn misconfigured(reason: impl Into<String>) -> Self {
        Self::Misconfigured(reason.into())
    }
}
