//! `/interactions`: answers 200 with nothing, whatever comes in. Slack calls an app's interactivity URL for every
//! button, also for one that only opens a link, and shows a warning where it does not answer 200.
//!
//! Never changes, keeps or counts anything, and asks for no authentication: what is in a request is not looked at.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;

/// Bytes that are read, so that a usual sender is not cut off while it sends; Slack sends a few thousand.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(5);

/// Answers a request.
pub async fn answer(request: Request) {
    // What is longer or later is left unread: the answer is the same.
    let read = tokio::time::timeout(BODY_TIME, to_bytes(request.into_body(), BODY_BYTES_MAX));
    drop(read.await);
}
