//! What an answer of the Web API means: `ok` in the body, or one word.
//!
//! Never a success by the status: Slack answers 200 to what it refuses.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::error_codes::{self, Meaning};

/// Characters of a word that are repeated.
const WORD_CHARS: usize = 60;

/// An answer, read.
pub(super) enum Answer {
    /// `ok` is true.
    Ok(Value),
    /// `ok` is false: the word, and the scopes that are needed.
    Refused(String, Option<String>),
    /// Not Slack's JSON.
    Other,
}

impl Answer {
    pub(super) fn of(response: &Response) -> Self {
        let Some(document) = response.json().filter(Value::is_object) else { return Self::Other };
        if response.status == 200 && document.get("ok") == Some(&true.into()) {
            return Self::Ok(document);
        }
        let text =
            |name: &str| json::text(&document, name).map(|t| text::truncate(&text::one_line(&t), WORD_CHARS));
        match text("error") {
            Some(word) => Self::Refused(word, text("needed")),
            None => Self::Other,
        }
    }
}

/// The verdict on an answer that is no success. A wrong token pauses the connection; a wrong channel is the
/// action's mistake and rejects the delivery.
pub(super) fn failure(context: &Context, answer: &Answer, response: &Response, channel: &str) -> Failure {
    if response.status == 429 {
        return verdict::retry(context, response);
    }
    let Answer::Refused(word, needed) = answer else { return no_answer(context, response) };
    match error_codes::web(word) {
        Some(Meaning::Later) => verdict::retry(context, response),
        Some(Meaning::Connection(mend)) => {
            let scope = needed.as_deref().map(|needed| format!(" ({needed} is needed)")).unwrap_or_default();
            Failure::misconfigured(format!("Slack answered {word}{scope}; {mend}"))
        }
        Some(Meaning::Action(mend)) => {
            Failure::rejected(format!("Slack answered {word} for the channel `{channel}`; {mend}"))
        }
        Some(Meaning::Message) => Failure::rejected(format!("Slack {}", verdict::answer(response))),
        None => no_answer(context, response),
    }
}

/// By the status: something stands in Slack's place, or Slack has a word that nobody knows.
fn no_answer(context: &Context, response: &Response) -> Failure {
    let said = verdict::answer(response);
    match response.status {
        408 | 425 | 500..=599 => verdict::retry(context, response),
        300..=399 | 401 | 403 | 404 | 410 => Failure::misconfigured(format!(
            "{said}; the address in the connection is not the Web API: use https://slack.com/api"
        )),
        _ => Failure::rejected(format!("not posted: Slack {said} instead of `\"ok\":true`")),
    }
}
