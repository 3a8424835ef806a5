//! Reads a request's body, within its source's limit and time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode};

use crate::problem::Problem;

/// The body as it was sent.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: usize,
    time: Duration,
) -> Result<Vec<u8>, Problem> {
    tokio::time::timeout(time, within(body, headers, limit)).await.map_err(|_| too_slow(time))?
}

async fn within(body: Body, headers: &HeaderMap, limit: usize) -> Result<Vec<u8>, Problem> {
    let declared = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(Problem::body_too_large(limit, ""));
    }
    match to_bytes(body, limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let over = cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
            Err(if over {
                Problem::body_too_large(limit, "")
            } else {
                Problem::bad_request("The body ended before it was complete.")
            })
        }
    }
}

fn too_slow(time: Duration) -> Problem {
    let detail = format!(
        "The body did not come whole within {time:?}, which `limits.body_time` allows; nothing was kept."
    );
    Problem::new(StatusCode::REQUEST_TIMEOUT, "Request timeout", detail)
}
