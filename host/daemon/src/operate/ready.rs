//! `/readyz`: whether each part of the relay is ready, and why not.
//!
//! Names the problem, and leaves the details to the log, because anyone may ask. Changes nothing.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::deliver::dispatch;
use crate::plugins::Shelf;
use crate::runtime::pulse::Pulse;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::pulses::ROUND_MAX;
use crate::timers;

/// A part of the relay.
pub struct Part {
    /// Its name, as in the answer and in metrics.
    pub name: &'static str,
    /// Why the part is not ready; none if it is.
    pub problem: Option<String>,
}

/// Every part.
pub async fn parts(app: &Arc<App>, shelf: &Shelf) -> [Part; 5] {
    let part = |name, problem| Part { name, problem };
    [
        part("store", store(app).await),
        part("dispatcher", standing(dispatch::TROUBLE, &app.pulses.deliveries)),
        part("timers", standing(timers::TROUBLE, &app.pulses.timers)),
        part("plugins", plugins(app, shelf)),
        part("start_recorded", (!app.is_begun()).then(|| "the start is not recorded yet".to_owned())),
    ]
}

/// 200 when every part is ready, else 503.
pub async fn answer(app: &Arc<App>, shelf: &Shelf) -> Response {
    let parts = parts(app, shelf).await;
    let is_ready = parts.iter().all(|part| part.problem.is_none());
    let shown = parts.into_iter().map(|Part { name, problem }| {
        let shown = match problem {
            None => json!({ "ready": true }),
            Some(reason) => json!({ "ready": false, "reason": reason }),
        };
        (name.to_owned(), shown)
    });
    let parts: Map<String, Value> = shown.collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": is_ready, "parts": parts }))).into_response()
}

/// Why the store cannot be read or written.
async fn store(app: &Arc<App>) -> Option<String> {
    let read = app.reading(|app| Ok((app.store.trouble(), app.store.pauses()?))).await;
    match trouble::watched(trouble::NOT_READ, read) {
        Ok((trouble, _)) => Some(format!("nothing can be stored: {}", trouble?.cause())),
        Err(_) => Some(format!("{}; the log says why", trouble::NOT_READ)),
    }
}

/// Why an endless task makes no progress: each of its rounds meets this trouble, or a round does not end.
fn standing(name: &'static str, pulse: &Pulse) -> Option<String> {
    let age = pulse.age();
    match trouble::ongoing(name) {
        Some(_) => Some(format!("{name}; the log says why")),
        None => (age > ROUND_MAX).then(|| format!("the last round began {} s ago", age.as_secs())),
    }
}

/// The configured plugins that are not compiled or loaded yet.
fn plugins(app: &App, shelf: &Shelf) -> Option<String> {
    let named: Vec<String> =
        shelf.jobs(&app.config()).into_iter().filter(|job| job.is_named()).map(|job| job.name).collect();
    (!named.is_empty()).then(|| format!("still compiling: {}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_not_ready_while_its_rounds_meet_trouble() {
        const NAME: &str = "a task of a test makes no progress";
        let pulse = Pulse::default();
        assert_eq!(standing(NAME, &pulse), None);
        trouble::error(NAME, &"the disk");
        let why = standing(NAME, &pulse).unwrap();
        assert!(why.contains(NAME) && !why.contains("the disk"), "details are for the log: {why}");
        trouble::over(NAME);
        assert_eq!(standing(NAME, &pulse), None);
    }
}
