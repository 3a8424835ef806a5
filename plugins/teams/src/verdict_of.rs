//! What an answer means, for each of the two.
//!
//! Never calls a card delivered because a flow took it, nor because a connector answered 200.

use tocsin_plugin::prelude::*;
use tocsin_plugin::{Context, Response};

/// How long to wait when Teams throttles and does not say: one sender that went on was locked out for three
/// hours (msteams-docs#4155).
const PAUSE_MS: u64 = 30_000;
/// Beginnings of the codes of a flow that cannot be reached until somebody mends it, in lower case.
const FLOW_GONE: [&str; 4] =
    ["workflownotfound", "workflowtriggernotfound", "flownotfound", "environmentnotfound"];

const COPY_AGAIN: &str = "let anyone trigger the flow and copy the address from its trigger again, with all that \
                          follows the `?`; it must hold `&sig=` and not `&amp;sig=`";
const CREATE_AGAIN: &str = "the flow is gone or its address has changed: copy the address from its trigger, or create \
                            the flow again";
const CREATE_FLOW: &str = "connectors are being retired: create a Workflow that posts to the channel when a webhook \
                           request is received, and put its address into the connection";

/// The verdict on a flow's answer: 202 as a rule, and then nobody tells what became of it.
pub(crate) fn workflow(context: &Context, response: &Response) -> Result<Step, Failure> {
    let said = verdict::answer(response);
    let code = response.json().and_then(|body| json::text(&body, "error.code")).unwrap_or_default();
    let code = code.to_ascii_lowercase();
    let mend = |what: &str| Err(Failure::misconfigured(format!("the flow {said}; {what}")));
    match response.status {
        200..=299 if verdict::is_web_page(response) => mend("a web page answered in the flow's place"),
        200..=299 if is_a_connectors(&response.text()) => {
            mend("so answers a connector: set the connection's `target` to `connector`")
        }
        200..=299 => Ok(Outcome::accepted(format!(
            "taken by the flow; it answered {} and does not say whether the card was posted",
            response.status
        ))
        .into()),
        429 => Err(throttled(context, response)),
        408 | 425 | 500..=599 => Err(verdict::retry(context, response)),
        300..=399 => mend("the address in the connection is not a flow's"),
        _ if verdict::is_firewalled(response) => {
            Err(Failure::rejected(format!("the flow {said}; {}", verdict::FIREWALLED)))
        }
        _ if code.contains("disabled") || code.contains("notenabled") || code.contains("suspended") => {
            mend("turn the flow on in Power Automate")
        }
        _ if code.contains("authorization") || code.contains("authentication") => mend(COPY_AGAIN),
        401 | 403 => mend(COPY_AGAIN),
        _ if FLOW_GONE.iter().any(|gone| code.starts_with(gone)) => mend(CREATE_AGAIN),
        404 | 410 => mend(CREATE_AGAIN),
        _ => Err(Failure::rejected(format!("the flow {said}"))),
    }
}

/// Whether a 2xx answer is of a connector's kind, which reads no Adaptive Card for a flow.
fn is_a_connectors(body: &str) -> bool {
    body.trim() == "1" || body.contains("Webhook message delivery failed")
}

/// The verdict on a connector's answer: 200 with the body `1`, or it has not posted. Other errors are text in
/// a 200, with the status that counts inside.
pub(crate) fn connector(context: &Context, response: &Response) -> Result<Step, Failure> {
    let body = response.text();
    let said = verdict::answer(response);
    match response.status {
        200..=299 if body.trim() == "1" => Ok(Outcome::delivered("posted to Teams").into()),
        200..=299 => hidden(context, response, &body),
        429 => Err(throttled(context, response)),
        408 | 425 | 500..=599 => Err(verdict::retry(context, response)),
        300..=399 => Err(Failure::misconfigured(format!(
            "the connector {said}; the address in the connection is not a connector's"
        ))),
        _ if verdict::is_firewalled(response) => {
            Err(Failure::rejected(format!("the connector {said}; {}", verdict::FIREWALLED)))
        }
        401 | 403 | 404 | 410 => Err(Failure::misconfigured(format!("the connector {said}; {CREATE_FLOW}"))),
        400 if body.contains("Invalid webhook URL") => {
            Err(Failure::misconfigured(format!("the connector {said}; {CREATE_FLOW}")))
        }
        _ => Err(Failure::rejected(format!("the connector {said}"))),
    }
}

/// What a 200 with another body than `1` hides.
fn hidden(context: &Context, response: &Response, body: &str) -> Result<Step, Failure> {
    let compact: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    // For some days in January 2023 connectors answered with the inner answer as JSON, and had posted
    // (msteams-docs#7830). It is not what Microsoft documents, so it counts as taken.
    if compact.contains("\"isSuccessStatusCode\":true") {
        return Ok(
            Outcome::accepted("taken by the connector, which reported a success instead of `1`").into()
        );
    }
    let hidden = number_after(body, "HTTP error ").or_else(|| number_after(&compact, "\"statusCode\":"));
    if let Some(status) = hidden {
        return Err(failed(context, response, status));
    }
    // Microsoft's own sign-in between two of its servers; it comes and goes (msteams-docs#9698).
    if number_after(body, "failed with status code ").is_some() {
        return Err(verdict::retry(context, response));
    }
    let said = verdict::answer(response);
    Err(Failure::rejected(format!("not posted: the connector {said} instead of `1`")))
}

/// The failure for a status that stood inside a 200.
fn failed(context: &Context, response: &Response, status: u16) -> Failure {
    match status {
        429 => throttled(context, response),
        408 | 425 | 500..=599 => verdict::retry(context, response),
        _ => Failure::rejected(format!("not posted: the connector {}", verdict::answer(response))),
    }
}

fn throttled(context: &Context, response: &Response) -> Failure {
    let after_ms = verdict::retry_after_ms(context, response).or(Some(PAUSE_MS));
    Failure::Retry { reason: verdict::answer(response), after_ms }
}

/// The number of three digits that stands right after `words`.
fn number_after(text: &str, words: &str) -> Option<u16> {
    let at = text.find(words)? + words.len();
    let digits: String = text.get(at..)?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|status| (100..600).contains(status))
}
