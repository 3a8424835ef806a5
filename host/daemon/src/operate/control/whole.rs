//! Reads the whole request before anything is done, and then does it even if the client goes.

use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::runtime::request::{current, within};
use crate::runtime::server::{Activity, Doing};
use crate::shared::problem::HttpProblem;

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Hands a request on when its body, of so many bytes at most, has come.
///
/// # Errors
/// 400 for a body that breaks off, 408 for a slow one, 413 for a large one.
pub(super) async fn whole(
    State(limit): State<usize>,
    activity: Option<Extension<Activity>>,
    request: Request,
    next: Next,
) -> Result<Response, HttpProblem> {
    let changes = matches!(*request.method(), Method::POST | Method::PUT | Method::DELETE);
    if !changes {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIME, to_bytes(body, limit)).await.map_err(|_| {
        let detail = format!("The body did not come within {} s.", BODY_TIME.as_secs());
        HttpProblem::new(StatusCode::REQUEST_TIMEOUT, "Too slow", detail)
    })?;
    let body = read.map_err(|error| {
        use std::error::Error;
        if error.source().is_some_and(<dyn Error>::is::<http_body_util::LengthLimitError>) {
            let detail = format!("The body has more than {limit} bytes.");
            return HttpProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail);
        }
        HttpProblem::bad_request(format!("The body cannot be read: {error}."))
    })?;
    // Its connection is not closed for another now.
    if let Some(Extension(activity)) = activity {
        activity.is(Doing::Working);
    }
    let handled = next.run(Request::from_parts(parts, Body::from(body)));
    let request = current();
    let handled = async move {
        match request {
            Some(request) => within(request, handled).await,
            None => handled.await,
        }
    };
    tokio::spawn(handled.in_current_span()).await.map_err(|_| {
        HttpProblem::unavailable("Not answered", "The relay could not answer; the log says why.")
    })
}
