//! The incoming webhook: one request, and an answer whose status and body are judged together.
//!
//! Never takes 200 for a success: Slack says `ok`, or it says why not in one word.

use serde_json::Value;
use tocsin_plugin::chat::View;
use tocsin_plugin::prelude::*;

use crate::error_codes::{self, Meaning};
use crate::message::compose;
use crate::{Fields, mention};

const NEW_WEBHOOK: &str = "create a new webhook in the Slack app and put its address into the connection";

/// The request for a change.
pub(crate) fn post(context: &Context, settings: &Fields) -> Result<Step, Failure> {
    let body = compose(context, settings, View::Change)?.posted();
    Ok(HttpRequest::post().json(&Value::Object(body)).into())
}

/// The verdict on an answer. A refused layout is tried once more as plain text; `state` is then the refusal.
pub(crate) fn answer(
    context: &Context,
    settings: &Fields,
    state: &[u8],
    response: &Response,
) -> Result<Step, Failure> {
    let word = word(response);
    if response.status == 200 && word == "ok" {
        return Ok(Outcome::delivered(posted(context, settings, state)).into());
    }
    if state.is_empty() && error_codes::is_layout(&word) {
        let body = compose(context, settings, View::Change)?.plain().posted();
        return Ok(Step::Send(Box::new(HttpRequest::post().json(&Value::Object(body))), word.into_bytes()));
    }
    let said = verdict::answer(response);
    match (response.status, error_codes::webhook(&word)) {
        (429, _) | (_, Some(Meaning::Later)) => Err(verdict::retry(context, response)),
        (_, Some(Meaning::Connection(mend))) => Err(Failure::misconfigured(format!("Slack {said}; {mend}"))),
        (_, Some(Meaning::Message | Meaning::Action(_))) => Err(Failure::rejected(format!("Slack {said}"))),
        (408 | 425 | 500..=599, None) => Err(verdict::retry(context, response)),
        (_, None) if verdict::is_firewalled(response) => {
            Err(Failure::rejected(format!("Slack {said}; {}", verdict::FIREWALLED)))
        }
        (300..=399, None) => Err(Failure::misconfigured(format!(
            "{said}; the address in the connection is not a Slack webhook"
        ))),
        (401 | 403 | 404 | 410, None) => Err(Failure::misconfigured(format!("Slack {said}; {NEW_WEBHOOK}"))),
        (200..=299, None) => Err(Failure::rejected(format!("not posted: Slack {said} instead of `ok`"))),
        (_, None) => Err(Failure::rejected(format!("Slack {said}"))),
    }
}

fn posted(context: &Context, settings: &Fields, state: &[u8]) -> String {
    let mut said = "posted to Slack".to_owned();
    if !state.is_empty() {
        let word = String::from_utf8_lossy(state);
        said.push_str(&format!(" as plain text, since Slack refused the layout ({word})"));
    }
    let left_out = mention::left_out(context.change.kind, &settings.mention);
    left_out.map_or(said.clone(), |left_out| format!("{said}; {left_out}"))
}

/// The one word of the answer. Slack's other interfaces wrap it in JSON.
fn word(response: &Response) -> String {
    if let Some(document) = response.json().filter(Value::is_object) {
        if document.get("ok") == Some(&true.into()) {
            return "ok".to_owned();
        }
        return json::text(&document, "error").unwrap_or_default();
    }
    response.text().trim().to_owned()
}
