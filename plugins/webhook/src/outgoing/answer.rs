//! What the service's answer means, by the operator's own rules.
//!
//! Never takes a status that nobody named for a success.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;

use super::Out;
use super::kept::{self, Answer};
use crate::jq::Program;
use crate::statuses::Statuses;

/// Characters of a value of the answer in a verdict.
const SHOWN_CHARS: usize = 60;
/// Characters of what a program says.
const REASON_CHARS: usize = 300;

/// The three sets of statuses; any other status rejects the delivery.
pub(super) struct Verdicts {
    success: Statuses,
    retry: Statuses,
    pause: Statuses,
}

impl Verdicts {
    /// # Errors
    /// A set that cannot be read, is of no use or contradicts another.
    pub(super) fn of(settings: &Out) -> Result<Self, SettingProblem> {
        let read =
            |field: &str, set: &str| Statuses::parse(set).map_err(|why| SettingProblem::new(field, why));
        let verdicts = Self {
            success: read("success", &settings.success)?,
            retry: read("retry", &settings.retry)?,
            pause: read("pause", &settings.pause)?,
        };
        if verdicts.success.first().is_none() {
            return Err(SettingProblem::new(
                "success",
                "is empty, so that no request could succeed; the default is `200-299`",
            ));
        }
        for (field, a, b, other) in [
            ("retry", &verdicts.retry, &verdicts.success, "success"),
            ("pause", &verdicts.pause, &verdicts.success, "success"),
            ("pause", &verdicts.pause, &verdicts.retry, "retry"),
        ] {
            if let Some(status) = a.first_shared(b) {
                return Err(SettingProblem::new(field, format!("holds {status}, and so does `{other}`")));
            }
        }
        Ok(verdicts)
    }
}

/// What is wrong with the settings of this file.
pub(super) fn problems(settings: &Out) -> Vec<SettingProblem> {
    let mut problems: Vec<SettingProblem> = Verdicts::of(settings).err().into_iter().collect();
    if settings.answer_value.is_some() && settings.field().is_none() {
        problems.push(SettingProblem::new(
            "answer_value",
            "is given without `answer_field`, which says where it must stand",
        ));
    }
    problems
}

/// The verdict on an answer.
pub(super) fn verdict(context: &Context, settings: &Out, response: &Response) -> Result<Step, Failure> {
    let verdicts = Verdicts::of(settings).map_err(|problem| super::misconfigured(&problem))?;
    let status = response.status;
    if verdicts.success.contains(status) {
        let answer = Answer::new(response);
        expected(settings, response, &answer)?;
        judged(settings, response, &answer)?;
        return Ok(kept::keep(Outcome::delivered(format!("answered {status}")), settings, &answer).into());
    }
    Err(if verdicts.retry.contains(status) {
        verdict::retry(context, response)
    } else if verdict::is_firewalled(response) {
        Failure::rejected(format!("{}; {}", verdict::answer(response), verdict::FIREWALLED))
    } else if verdicts.pause.contains(status) {
        let hint = match status {
            401 | 403 | 407 => "; put credentials into the connection that the service takes",
            _ => "",
        };
        Failure::misconfigured(format!("{}{hint}", verdict::answer(response)))
    } else {
        Failure::rejected(verdict::answer(response))
    })
}

/// Whether the answer says what it must.
fn expected(settings: &Out, response: &Response, answer: &Answer<'_>) -> Result<(), Failure> {
    let Some(field) = settings.field() else { return Ok(()) };
    let found = answer.text(field);
    let shown = |found: &str| text::truncate(&text::one_line(found), SHOWN_CHARS);
    let wrong = match (settings.answer_value.as_deref().map(str::trim), found.as_deref()) {
        (Some(wanted), Some(found)) if found == wanted => return Ok(()),
        (Some(wanted), Some(found)) => format!("is `{}` instead of `{wanted}`", shown(found)),
        (Some(wanted), None) => format!("is not there; it should be `{wanted}`"),
        (None, Some(found)) if found != "false" => return Ok(()),
        (None, Some(found)) => format!("is `{found}`"),
        (None, None) => "is not there".to_owned(),
    };
    Err(Failure::rejected(format!("{}; `{field}` {wrong}", verdict::answer(response))))
}

/// Whether the operator's program takes the answer for a success.
fn judged(settings: &Out, response: &Response, answer: &Answer<'_>) -> Result<(), Failure> {
    let Some(code) = settings.answer_program() else { return Ok(()) };
    let rejected = |why: String| {
        Failure::rejected(format!(
            "{}; {}",
            verdict::answer(response),
            text::truncate(&text::one_line(&why), REASON_CHARS)
        ))
    };
    let body = || if response.body.is_empty() { Value::Null } else { Value::String(response.text()) };
    let input = answer.document.clone().unwrap_or_else(body);
    let headers =
        response.headers.iter().map(|header| (header.name.to_ascii_lowercase(), json!(header.value)));
    let about = json!({"status": response.status, "headers": headers.collect::<Map<String, Value>>()});
    let results = Program::compile(code, &["$response"])
        .and_then(|program| program.run(&input, &[about]))
        .map_err(|why| rejected(format!("`answer_jq` could not be applied: {why}")))?;
    let said = |value: &Value, name: &str| json::text(value, name);
    match results.as_slice() {
        [Value::Bool(true)] => Ok(()),
        [Value::String(why)] => Err(rejected(why.clone())),
        [result @ Value::Object(_)] => Err(if let Some(why) = said(result, "retry") {
            let after_ms = said(result, "after").and_then(|after| after.parse::<u32>().ok());
            let reason = text::truncate(&text::one_line(&why), REASON_CHARS);
            Failure::Retry { reason, after_ms: after_ms.map(|seconds| u64::from(seconds) * 1_000) }
        } else if let Some(why) = said(result, "pause") {
            Failure::misconfigured(text::truncate(&text::one_line(&why), REASON_CHARS))
        } else {
            rejected(format!("`answer_jq` gave {}", text::truncate(&result.to_string(), SHOWN_CHARS)))
        }),
        [other] => Err(rejected(format!(
            "`answer_jq` gave {} instead of true",
            text::truncate(&other.to_string(), SHOWN_CHARS)
        ))),
        [] => Err(rejected("`answer_jq` gave nothing instead of true".to_owned())),
        [..] => Err(rejected("`answer_jq` gave more than one result".to_owned())),
    }
}
