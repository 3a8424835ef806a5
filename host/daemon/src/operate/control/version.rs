//! `ETag` and `If-Match` of an incident, against lost updates: a change that expects another version is refused.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, HeaderName, HeaderValue, IF_MATCH};
use axum::http::request::Parts;
use tocsin_core::command::Command;
use tocsin_core::id::IncidentId;
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;

use crate::shared::problem::HttpProblem;

/// The header with the version of an incident, which each change replaces.
pub(super) fn etag(incident: &Incident) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{}\"", incident.updated_at.micros()));
    [(ETAG, value.unwrap_or(HeaderValue::from_static("\"\"")))]
}

/// The version that a request expects, if it expects one.
pub(super) struct Expected(Option<Timestamp>);

impl Expected {
    /// `command` for `incident`, only if it still has the expected version.
    pub(super) fn only(&self, incident: IncidentId, command: Command) -> Command {
        match self.0 {
            Some(updated_at) => Command::Expecting { incident, updated_at, command: Box::new(command) },
            None => command,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Expected {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        // Any version will do.
        if text == "*" {
            return Ok(Self(None));
        }
        let micros = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::parse);
        let Some(Ok(micros)) = micros else {
            return Err(HttpProblem::bad_request(
                "`If-Match` is not an `ETag` of this incident: send one as an answer gave it, with its quotation marks.",
            ));
        };
        Ok(Self(Some(Timestamp::from_micros(micros))))
    }
}
