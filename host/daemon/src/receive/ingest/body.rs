//! Reads a request's body, within its source's limit and time and the budget of all bodies.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

use crate::shared::budget::Portion;
use crate::shared::problem::HttpProblem;

/// Bytes of a body for which room is taken at once, as it is declared. Beyond, room is taken as it comes: a sender
/// that declares much and sends nothing takes nothing.
const AT_ONCE: usize = 64 * 1024;

/// The body as it was sent.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: usize,
    time: Duration,
    portion: &Portion,
) -> Result<Vec<u8>, HttpProblem> {
    tokio::time::timeout(time, within(body, headers, limit, portion)).await.map_err(|_| too_slow(time))?
}

async fn within(
    mut body: Body,
    headers: &HeaderMap,
    limit: usize,
    portion: &Portion,
) -> Result<Vec<u8>, HttpProblem> {
    let declared = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(HttpProblem::body_too_large(limit, ""));
    }
    let most = declared.unwrap_or(limit);
    let mut bytes = Vec::new();
    let mut room = 0;
    if let Some(declared) = declared.filter(|declared| *declared <= AT_ONCE) {
        portion.grow(declared).map_err(|_| HttpProblem::no_memory())?;
        room = declared;
        bytes.reserve_exact(declared);
    }
    loop {
        let frame = tokio::select! {
            biased;
            () = portion.given_up() => return Err(HttpProblem::no_memory()),
            frame = body.frame() => frame,
        };
        let data = match frame {
            None => break,
            Some(Err(_)) => return Err(HttpProblem::bad_request("The body ended before it was complete.")),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                // Trailers say nothing that a source reads.
                Err(_) => continue,
            },
        };
        let length = bytes.len() + data.len();
        if length > limit {
            return Err(HttpProblem::body_too_large(limit, ""));
        }
        if length > room {
            // Half as much again: few copies, and little that is taken for nothing.
            let next = (length + (length / 2).max(AT_ONCE)).min(most).max(length);
            portion.grow(next - room).map_err(|_| HttpProblem::no_memory())?;
            room = next;
            bytes.reserve_exact(room - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    portion.whole();
    Ok(bytes)
}

fn too_slow(time: Duration) -> HttpProblem {
    let detail = format!(
        "The body did not come whole within {time:?}, which `limits.body_time` allows; nothing was kept."
    );
    HttpProblem::new(StatusCode::REQUEST_TIMEOUT, "Request timeout", detail)
}
