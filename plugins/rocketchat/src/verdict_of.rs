//! What Rocket.Chat's answer means: the status and the body together.
//!
//! Never takes 200 for a success: one channel of several can have failed inside it. Where the words come from:
//! `apps/meteor/app/integrations/server/api/api.ts` and `processWebhookMessage.ts` of the server.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::message::{CHANNEL, MESSAGE, thread};
use crate::{Fields, given};

/// The longest wait that the server may ask for: a day, in milliseconds.
const WAIT_MAX_MS: u64 = 86_400_000;

/// What the server's word for a failure means.
enum Meaning {
    /// The connection is wrong; what to do.
    Connection(&'static str),
    /// This action is wrong; what to do.
    Action(&'static str),
    /// Too much at once.
    Later,
}

const NEW_ADDRESS: &str =
    "copy the Webhook URL from the integration (Administration, Integrations) into the connection";

/// The verdict on an answer.
pub(crate) fn answer(context: &Context, settings: &Fields, response: &Response) -> Result<Step, Failure> {
    let document = response.json();
    let body = document.as_ref().filter(|document| document.is_object());
    match (response.status, body) {
        (200..=299, Some(body)) if body["success"] == true => posted(context, settings, body),
        (200..=299, None) => not_its_own(response),
        // Exactly this is what the server says of a disabled integration, and only an administrator ends that.
        // Trying again for days would end in a dead letter; a pause loses nothing.
        (503, Some(body)) if body["success"] == false && body["error"] == "Service Unavailable" => {
            Err(Failure::misconfigured(
                "Rocket.Chat has the integration disabled (503 Service Unavailable): enable it in Administration, \
                 Integrations",
            ))
        }
        (503, _) => Err(Failure::Retry {
            reason: format!(
                "{}; an administrator may have disabled the integration",
                verdict::answer(response)
            ),
            after_ms: verdict::retry_after_ms(context, response),
        }),
        _ => Err(failed(context, settings, response, body.and_then(word))),
    }
}

/// What the answer to `/hooks/info/…` means.
pub(crate) fn probed(response: &Response) -> Result<String, Failure> {
    let said = verdict::answer(response);
    match (response.status, response.json()) {
        (200, Some(body)) if body["success"] == true => {
            Ok("Rocket.Chat knows the integration and its token; nothing was posted".to_owned())
        }
        (408 | 425 | 429 | 500..=599, _) => Err(Failure::retry(said)),
        (200..=299, _) => {
            Err(Failure::misconfigured(format!("{said}; this is not Rocket.Chat: {NEW_ADDRESS}")))
        }
        _ => Err(Failure::misconfigured(format!("Rocket.Chat {said}; {NEW_ADDRESS}"))),
    }
}

/// `{"success": true}`, with an entry for each channel when there was asked for them.
fn posted(context: &Context, settings: &Fields, body: &Value) -> Result<Step, Failure> {
    let entries = body["responses"].as_array().map_or(&[][..], Vec::as_slice);
    let channel = |entry: &Value| json::text(entry, "channel").unwrap_or_else(|| "a channel".to_owned());
    let failures: Vec<String> = entries
        .iter()
        .filter_map(|entry| Some(format!("{}: {}", channel(entry), error_of(entry)?)))
        .map(|failure| text::truncate(&text::one_line(&failure), 200))
        .collect();
    if !failures.is_empty() {
        let count = entries.len() - failures.len();
        return Err(Failure::rejected(format!(
            "posted to {count} of {} channels, not to {}; correct the integration's channels",
            entries.len(),
            failures.join(", ")
        )));
    }
    let note = given::left_out(settings);
    let mut ids = entries.iter().filter_map(|entry| json::text(entry, "message._id"));
    // An integration with several channels posts to each, and a thread is in one: there is none then.
    let id = ids.next().filter(|_| entries.len() == 1);
    if body["responses"].as_array().is_some_and(Vec::is_empty) {
        return Ok(
            Outcome::accepted(format!("taken, and no channel is named that it was posted to{note}")).into()
        );
    }
    if entries.len() == 1 && id.is_none() {
        return Ok(Outcome::accepted(format!("taken, without the id of a message{note}")).into());
    }
    let chosen = given::channel(settings).ok().flatten();
    let mut outcome = Outcome::delivered(format!("posted to Rocket.Chat{note}"));
    if let Some(id) = id.filter(|_| thread(context, chosen).is_none()) {
        outcome = outcome.reference(MESSAGE, &id, None);
        if let Some(channel) = chosen {
            outcome = outcome.reference(CHANNEL, channel, None);
        }
    }
    Ok(outcome.into())
}

/// 2xx with a body that is no JSON object: the integration's own script can answer anything.
fn not_its_own(response: &Response) -> Result<Step, Failure> {
    if verdict::is_web_page(response) {
        return Err(Failure::misconfigured(format!(
            "a web page answered in Rocket.Chat's place ({}); {NEW_ADDRESS}",
            response.status
        )));
    }
    let said = verdict::answer(response);
    Ok(Outcome::accepted(format!("{said} (the integration's script answers in its own words)")).into())
}

/// Whether a refusal may be about what the message holds: nothing was posted, and its word names no channel,
/// permission or script.
pub(crate) fn is_about_content(response: &Response) -> bool {
    let body = response.json().filter(Value::is_object);
    let word = body.as_ref().and_then(word).unwrap_or_default();
    let has_responses = body.is_some_and(|body| body.get("responses").is_some());
    matches!(response.status, 400 | 413 | 422) && !has_responses && meaning(&word, true).is_none()
}

fn failed(context: &Context, settings: &Fields, response: &Response, word: Option<String>) -> Failure {
    let said = match &word {
        Some(word) => {
            format!(
                "answered {}: {}",
                response.status,
                text::truncate(text::one_line(word).trim_end_matches('.'), 200)
            )
        }
        None => verdict::answer(response),
    };
    let word = word.unwrap_or_else(|| response.text());
    let has_channel = text::filled(settings.channel.as_deref()).is_some();
    match (response.status, meaning(&word, has_channel)) {
        (429, _) | (_, Some(Meaning::Later)) => {
            Failure::Retry { reason: said, after_ms: wait_ms(context, response, &word) }
        }
        (_, Some(Meaning::Connection(mend))) => Failure::misconfigured(format!("Rocket.Chat {said}; {mend}")),
        (_, Some(Meaning::Action(mend))) => Failure::rejected(format!("Rocket.Chat {said}; {mend}")),
        (408 | 425 | 500..=599, None) => verdict::retry(context, response),
        (300..=399, None) => Failure::misconfigured(format!("{said}; {NEW_ADDRESS}")),
        (401 | 403 | 404, None) => Failure::misconfigured(format!("Rocket.Chat {said}; {NEW_ADDRESS}")),
        (200..=299, None) => Failure::rejected(format!("not posted: Rocket.Chat {said} without success")),
        (_, None) => Failure::rejected(format!("Rocket.Chat {said}")),
    }
}

/// The server's word for what failed: of the whole, or of the first channel.
fn word(body: &Value) -> Option<String> {
    let entries = body["responses"].as_array().map_or(&[][..], Vec::as_slice);
    error_of(body).or_else(|| entries.iter().find_map(error_of))
}

/// An `error` that is a text, or that holds one.
fn error_of(entry: &Value) -> Option<String> {
    let names = ["error", "error.error", "error.message", "message"];
    let is_failure = entry.get("error").is_some_and(|error| !error.is_null() && *error != false);
    let found = names.iter().find_map(|name| json::text(entry, name));
    is_failure.then(|| found.unwrap_or_else(|| "an error without a name".to_owned()))
}

fn meaning(word: &str, has_channel: bool) -> Option<Meaning> {
    let word = word.to_ascii_lowercase();
    let has = |part: &str| word.contains(part);
    Some(match () {
        () if has("too-many-requests") || has("too many requests") => Meaning::Later,
        () if has("overriding destination channel") => Meaning::Action(
            "allow it in the integration (\"Allow to overwrite destination channel\"), or leave the action's `channel` empty",
        ),
        () if has("invalid-channel") && has_channel => {
            Meaning::Action("the action's `channel` is not there, or its user is not in it")
        }
        () if has("invalid-channel") => Meaning::Connection(
            "the integration's channel is gone, or its user is not in it: correct \"Post to Channel\" in the integration",
        ),
        () if has("error-running-script") => {
            Meaning::Connection("the integration's script fails: correct or disable it in the integration")
        }
        () if has("invalid integration id or token") => Meaning::Connection(NEW_ADDRESS),
        () if has("not enough permission") => Meaning::Connection(
            "give the integration's user the permission `message-impersonate` (the role `bot` has it), or leave alias and \
             avatar empty in action and integration",
        ),
        () if has("error-action-not-allowed") => Meaning::Action(
            "give the integration's user the permissions `mention-all` and `mention-here`, or leave the action's `mention` empty",
        ),
        () => return None,
    })
}

/// How long the server wants to be left alone: `X-RateLimit-Reset` (when it will hear again, in milliseconds
/// since 1970), or "You must wait 28 seconds", or `Retry-After`.
fn wait_ms(context: &Context, response: &Response, word: &str) -> Option<u64> {
    let now_ms = u64::try_from(context.now.as_micros() / 1000).unwrap_or(0);
    let reset = response.header("x-ratelimit-reset").and_then(|value| value.trim().parse::<u64>().ok());
    // In the past, it says nothing.
    let until_reset = reset.and_then(|reset| reset.checked_sub(now_ms)).filter(|wait| *wait > 0);
    let in_words = || {
        let after = word.to_ascii_lowercase().split_once("wait ")?.1.trim_start().to_owned();
        let (seconds, unit) = after.split_once(' ')?;
        let seconds = seconds.parse::<u64>().ok()?;
        unit.starts_with("second").then(|| seconds.saturating_mul(1000))
    };
    let wait = until_reset.or_else(in_words).or_else(|| verdict::retry_after_ms(context, response));
    wait.map(|wait| wait.min(WAIT_MAX_MS))
}
