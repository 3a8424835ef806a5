//! What PagerDuty's answer means (Events API v2, "Response Codes & Retry Logic").
//!
//! Never takes a status alone for a success, and never says that somebody was woken: the API queues.

use tocsin_plugin::prelude::*;

use crate::event::REFERENCE;

/// The shortest wait after 429, in milliseconds: "preferably with a backoff of a few minutes".
const THROTTLED_MS: u64 = 60_000;
/// Characters of what PagerDuty says is wrong.
const SAID_CHARS: usize = 300;
/// What to do about an integration key.
const NEW_KEY: &str =
    "copy the integration key of an Events API v2 integration into the connection's `routing_key`";
/// What to do about an address.
const ADDRESS: &str = "the connection's address is `https://events.pagerduty.com`, or `https://events.eu.pagerduty.com`, \
                       and nothing behind it but perhaps `/v2/enqueue`";

/// The verdict on an answer to an event with this deduplication key.
pub(crate) fn answer(context: &Context, key: &str, response: &Response) -> Result<Step, Failure> {
    let document = response.json().unwrap_or_default();
    let status = json::text(&document, "status").unwrap_or_default();
    let said = said(&document).unwrap_or_else(|| verdict::answer(response));
    match response.status {
        200..=299 if status == "success" => {
            let key = json::text(&document, "dedup_key").unwrap_or_else(|| key.to_owned());
            let summary =
                format!("PagerDuty queued it: {}", json::text(&document, "message").unwrap_or_default());
            let summary = text::truncate(summary.trim_end_matches([' ', ':']), SAID_CHARS);
            Ok(Outcome::accepted(summary).reference(REFERENCE, &key, None).into())
        }
        200..=299 if !document.is_object() => Err(Failure::misconfigured(format!(
            "{}; that is not PagerDuty: {ADDRESS}",
            verdict::answer(response)
        ))),
        429 => {
            let after = verdict::retry_after_ms(context, response).unwrap_or(0).max(THROTTLED_MS);
            Err(Failure::Retry {
                reason: format!("PagerDuty is told too much at once: {said}"),
                after_ms: Some(after),
            })
        }
        408 | 425 | 500..=599 => Err(verdict::retry(context, response)),
        400 | 403 if is_about_the_key(&said) => {
            Err(Failure::misconfigured(format!("PagerDuty does not know the key: {said}; {NEW_KEY}")))
        }
        _ if verdict::is_firewalled(response) => Err(Failure::rejected(format!(
            "PagerDuty {}; {}",
            verdict::answer(response),
            verdict::FIREWALLED
        ))),
        401 | 403 => {
            Err(Failure::misconfigured(format!("PagerDuty refuses the connection: {said}; {NEW_KEY}")))
        }
        300..=399 | 404 | 405 | 410 => {
            Err(Failure::misconfigured(format!("{}; {ADDRESS}", verdict::answer(response))))
        }
        _ => Err(Failure::rejected(format!("PagerDuty refuses the event: {said}"))),
    }
}

/// `Event object is invalid: 'summary' is too long`, from the message and the errors.
fn said(document: &serde_json::Value) -> Option<String> {
    let message = json::text(document, "message").or_else(|| json::text(document, "status"))?;
    let errors = match json::at(document, "errors") {
        Some(serde_json::Value::Array(errors)) => {
            errors.iter().filter_map(json::scalar).collect::<Vec<_>>().join(", ")
        }
        other => other.and_then(json::scalar).unwrap_or_default(),
    };
    let said = if errors.is_empty() { message } else { format!("{message}: {errors}") };
    Some(text::truncate(&text::one_line(&said), SAID_CHARS))
}

/// Whether what is wrong is the integration key: `Length of 'routing_key' is incorrect`, `Invalid routing key`.
fn is_about_the_key(said: &str) -> bool {
    said.to_ascii_lowercase().replace('_', " ").contains("routing key")
}
