//! What a request over the API says, read into its type.
//!
//! Never ignores a field or a parameter that the type does not have: it is refused by its name.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::shared::problem::HttpProblem;

/// The body of a request.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = HttpProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpProblem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes =
            bytes.map_err(|rejection| HttpProblem::bad_request(format!("{}.", rejection.body_text())))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            HttpProblem::bad_request(format!("The request's body is not what belongs there: {error}."))
        })
    }
}

/// The parameters in the path of a request.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|axum::extract::Path(found)| Self(found)).map_err(|rejection| {
            HttpProblem::bad_request(format!(
                "The request's path is not what belongs there: {}.",
                rejection.body_text()
            ))
        })
    }
}

/// The query of a request.
pub(super) struct Narrowed<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Narrowed<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).map(Self).map_err(|error| {
            HttpProblem::bad_request(format!("The request's query is not what belongs there: {error}."))
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::operate::api::incidents::{IncidentList, Modify};
    use crate::operate::api::{Actor, Nothing};

    async fn refusal<T: DeserializeOwned>(body: &'static str) -> Option<String> {
        let request = Request::new(Body::from(body));
        let asked = Asked::<T>::from_request(request, &()).await;
        asked.err().map(|problem| problem.detail().to_owned())
    }

    #[tokio::test]
    async fn a_field_that_a_request_does_not_have_is_refused_by_its_name() {
        let said = refusal::<Actor>(r#"{"actor": "ada", "force": true}"#).await.unwrap();
        assert_eq!(
            said,
            "The request's body is not what belongs there: unknown field `force`, expected `actor` at line 1 column 24."
        );
        let said = refusal::<Modify>(r#"{"actor": "ada", "titel": "x"}"#).await.unwrap();
        assert!(
            said.contains("unknown field `titel`, expected one of `actor`, `text`, `title`, `severity`"),
            "{said}"
        );
        let said = refusal::<Nothing>(r#"{"now": 1}"#).await.unwrap();
        assert!(said.contains("unknown field `now`"), "{said}");
        assert_eq!(refusal::<Actor>(r#"{"actor": "ada"}"#).await, None);
    }

    #[tokio::test]
    async fn a_parameter_that_means_nothing_to_a_list_is_refused_by_its_name() {
        let (mut parts, ()) = axum::http::Request::builder()
            .uri("/incidents?state=open&connection=slack")
            .body(())
            .unwrap()
            .into_parts();
        let narrowed = Narrowed::<IncidentList>::from_request_parts(&mut parts, &()).await;
        let said = narrowed.err().map(|problem| problem.detail().to_owned()).unwrap();
        assert_eq!(
            said,
            "The request's query is not what belongs there: unknown field `connection`, expected one of `state`, `source`, \
             `severity`, `since`, `until`, `text`, `after`, `limit`."
        );
    }
}
