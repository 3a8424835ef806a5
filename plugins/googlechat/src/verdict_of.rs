//! What Google Chat's answer means: the status and the body together.
//!
//! Never takes 200 for a success without the name of a message, and never repeats a key that Google repeats.

use tocsin_plugin::prelude::*;

const NEW_WEBHOOK: &str = "copy the webhook's address again (the space's name, Apps & integrations, Webhooks) into the connection, or make a new webhook there";

/// The verdict on an answer.
pub(crate) fn answer(context: &Context, response: &Response) -> Result<Step, Failure> {
    let said = said(response);
    match response.status {
        200..=299 => posted(response),
        408 | 425 | 429 | 500..=599 => {
            Err(Failure::Retry { reason: said, after_ms: verdict::retry_after_ms(context, response) })
        }
        // Google answers 400 to a key that is none.
        400 if said.contains("API key") => Err(Failure::misconfigured(format!("{said}; {NEW_WEBHOOK}"))),
        401 => Err(Failure::misconfigured(format!("{said}: key or token are wrong; {NEW_WEBHOOK}"))),
        _ if verdict::is_firewalled(response) => {
            Err(Failure::rejected(format!("{said}; {}", verdict::FIREWALLED)))
        }
        403 => Err(Failure::misconfigured(format!(
            "{said}: the webhook may not post here; ask an administrator whether webhooks are allowed, and {NEW_WEBHOOK}"
        ))),
        404 => {
            Err(Failure::misconfigured(format!("{said}: the webhook or its space is gone; {NEW_WEBHOOK}")))
        }
        300..=399 => Err(Failure::misconfigured(format!("{said}; {NEW_WEBHOOK}"))),
        _ => Err(Failure::rejected(said)),
    }
}

/// Posted when the answer names the message: `spaces/…/messages/…`.
fn posted(response: &Response) -> Result<Step, Failure> {
    let document = response.json().unwrap_or_default();
    let Some(name) = json::text(&document, "name").filter(|name| name.contains("/messages/")) else {
        let said = verdict::answer(response);
        return Err(Failure::rejected(format!("not posted: {said} without the name of a message")));
    };
    let mut outcome = Outcome::delivered("posted to Google Chat").reference("message", &name, None);
    if let Some(thread) = json::text(&document, "thread.name") {
        outcome = outcome.reference("thread", &thread, None);
    }
    Ok(outcome.into())
}

/// `Google Chat answered 400 INVALID_ARGUMENT: why`, or the start of a body that is not Google's.
fn said(response: &Response) -> String {
    let document = response.json().unwrap_or_default();
    let said = match json::text(&document, "error.message") {
        Some(message) => {
            let status = json::text(&document, "error.status").unwrap_or_default();
            let message = text::truncate(text::one_line(&message).trim_end_matches('.'), 300);
            format!("answered {} {status}: {message}", response.status)
        }
        None => verdict::answer(response),
    };
    // "Consumer 'api_key:AIza…' has been suspended."
    let words = said.split(' ').map(|word| if word.contains("AIza") { "(the key)" } else { word });
    format!("Google Chat {}", words.collect::<Vec<_>>().join(" "))
}
