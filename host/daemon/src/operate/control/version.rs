//! `ETag` and `If-Match`, against lost updates: a change that expects another version is refused
//! ([RFC 9110, 13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, ToStrError};
use axum::http::request::Parts;
use tocsin_core::command::Command;
use tocsin_core::id::IncidentId;
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;

use crate::shared::problem::HttpProblem;

/// A header of an answer.
pub(super) type Header = [(HeaderName, HeaderValue); 1];

/// The header with the version of what an answer shows, in visible ASCII characters without quotation marks.
pub(super) fn etag(version: &str) -> Header {
    let value = HeaderValue::try_from(format!("\"{version}\""));
    [(ETAG, value.unwrap_or(HeaderValue::from_static("\"\"")))]
}

/// As [`etag`], of an incident. Its version is the time of its last change.
pub(super) fn etag_of(incident: &Incident) -> Header {
    etag(&incident.updated_at.micros().to_string())
}

/// What `If-Match` asks for.
pub(super) enum Match {
    /// Any version.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

/// What the header `If-Match` asks for, if it is there.
///
/// # Errors
/// It has another form.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Match>, HttpProblem> {
    match text(headers, &IF_MATCH)?.as_deref() {
        None => Ok(None),
        Some("*") => Ok(Some(Match::Any)),
        Some(list) => Ok(Some(Match::OneOf(versions(list)?))),
    }
}

/// A header's value; those of several headers of the name as one list.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, HttpProblem> {
    let wrong = |_: ToStrError| HttpProblem::bad_request(format!("`{name}` is not printable."));
    let all = headers.get_all(name).iter().map(|value| value.to_str().map(str::trim).map_err(wrong));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok((!all.is_empty()).then(|| all.join(", ")))
}

/// Versions in quotation marks with commas between them. A weak one, `W/"…"`, matches nothing.
fn versions(list: &str) -> Result<Vec<String>, HttpProblem> {
    let version = |item: &str| -> Result<Option<String>, HttpProblem> {
        let item = item.trim();
        let quoted = item.strip_prefix("W/").unwrap_or(item);
        let version = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let version = version.ok_or_else(|| {
            HttpProblem::bad_request("`If-Match` is not a list of versions as in `ETag`, in quotation marks.")
        })?;
        Ok(item.starts_with('"').then(|| version.to_owned()))
    };
    Ok(list.split(',').map(version).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The versions of an incident that a request expects, if it expects any.
pub(super) struct Expected(Option<Vec<Timestamp>>);

impl Expected {
    /// `command` for `incident`, only if it still has an expected version.
    pub(super) fn only(&self, incident: IncidentId, command: Command) -> Command {
        match self.0.clone() {
            Some(versions) => Command::Expecting { incident, versions, command: Box::new(command) },
            None => command,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Expected {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        Ok(Self(match if_match(&parts.headers)? {
            None | Some(Match::Any) => None,
            // A version that no incident can have matches nothing.
            Some(Match::OneOf(versions)) => Some(
                versions
                    .iter()
                    .filter_map(|version| version.parse().ok())
                    .map(Timestamp::from_micros)
                    .collect(),
            ),
        }))
    }
}
