//! What Jira's answers mean.
//!
//! Never takes an answer for a success because of its status alone: a page for signing in comes with 200, and
//! Cloud answers whom it does not know as it answers anybody.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

/// Characters of Jira's own words in a verdict.
const SAID_CHARS: usize = 400;
/// What to do about an address that is not Jira's.
pub(crate) const ROOT: &str = "the connection's url must be the root of a Jira site, such as \
                               https://example.atlassian.net";

/// Whose interface was asked, by the setting `api` or by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Cloud,
    Server,
}

impl Spoken {
    pub(crate) const fn of(is_cloud: bool) -> Self {
        if is_cloud { Self::Cloud } else { Self::Server }
    }
}

/// Why an answer is no success.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The issue is not there, or the account may not see it. With Jira's words.
    Gone(String),
    /// Anything else.
    Failure(Failure),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The document of an answer that is a success; null when it has none.
pub(crate) fn of(context: &Context, response: &Response, spoken: Spoken) -> Result<Value, Fault> {
    signed_in(response)?;
    match response.status {
        200..=299 => Ok(document(response)?),
        408 | 409 | 425 | 429 | 500..=599 => {
            let after_ms = verdict::retry_after_ms(context, response);
            Err(Failure::Retry { reason: format!("Jira {}", said(response)), after_ms }.into())
        }
        404 if complaints(response).is_some() => Err(Fault::Gone(said(response))),
        _ => Err(refused(response, spoken).into()),
    }
}

/// As [`of`], for a request that tries the connection.
pub(crate) fn of_probe(response: &Response, spoken: Spoken) -> Result<Value, Failure> {
    signed_in(response)?;
    match response.status {
        200..=299 => document(response),
        408 | 425 | 429 | 500..=599 => Err(Failure::retry(format!("Jira {}", said(response)))),
        _ => Err(Failure::misconfigured(match refused(response, spoken) {
            Failure::Retry { reason: why, .. } | Failure::Rejected(why) | Failure::Misconfigured(why) => why,
        })),
    }
}

/// The headers in which Jira says that it knows nobody of that name, also with a status that says nothing: Data
/// Center's `X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=…` and `X-Seraph-LoginReason:
/// AUTHENTICATED_FAILED`, which Cloud sends with 200 too.
fn signed_in(response: &Response) -> Result<(), Failure> {
    // What was written was written by somebody who may.
    if matches!(response.status, 201 | 204) {
        return Ok(());
    }
    let holds = |name: &str, words: &[&str]| {
        let named = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        let mut values = named.map(|header| header.value.to_ascii_uppercase());
        values.any(|value| words.iter().any(|word| value.contains(word)))
    };
    if holds("x-authentication-denied-reason", &["CAPTCHA"])
        || holds("x-seraph-loginreason", &["AUTHENTICATION_DENIED"])
    {
        return Err(Failure::misconfigured(
            "Jira asks for a CAPTCHA after failed logins: sign in once as this user in a browser, then mend `token`",
        ));
    }
    if holds("x-seraph-loginreason", &["AUTHENTICATED_FAILED"]) {
        return Err(Failure::misconfigured(format!(
            "Jira does not know this user and token (it {}); make a new token and check `user`",
            verdict::answer(response)
        )));
    }
    Ok(())
}

fn document(response: &Response) -> Result<Value, Failure> {
    if response.status == 204 || response.body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    response.json().ok_or_else(|| {
        let said = verdict::answer(response);
        Failure::misconfigured(format!("{said}, which is not JSON but perhaps a page for signing in; {ROOT}"))
    })
}

/// The verdict on a status that is neither a success nor worth another try.
fn refused(response: &Response, spoken: Spoken) -> Failure {
    let said = said(response);
    let wrong = |what: &str| Failure::misconfigured(format!("Jira {said}; {what}"));
    match response.status {
        300..=399 => Failure::misconfigured(verdict::answer(response)),
        401 => wrong("make a new token; Cloud wants `basic` with the account's e-mail address as `user`"),
        403 => wrong("give the account the permission, or check `authentication`"),
        404 | 405 => wrong(ROOT),
        410 => wrong(match spoken {
            Spoken::Server => "this is Jira Cloud: set `api = \"cloud\"` in the connection",
            Spoken::Cloud => {
                "Jira Cloud has removed this interface, which is spoken to as Cloud already: update the plugin, or \
                 set `api = \"server\"` if it is Data Center behind a Cloud name"
            }
        }),
        400 => Failure::rejected(format!("Jira {said}{}", hint(response))),
        _ => Failure::rejected(format!("Jira {said}")),
    }
}

/// What to do about fields that Jira refuses.
fn hint(response: &Response) -> &'static str {
    let document = response.json().unwrap_or_default();
    let names = |field: &str| document.get("errors").is_some_and(|errors| errors.get(field).is_some());
    if names("labels") {
        "; put the field Labels on the project's screen for creating issues, or set `mark = false` and `labels = []`"
    } else if names("issuetype") {
        "; `issue_type` must be one of the project's, in the language of the account"
    } else if names("project") {
        "; check `project` and whether the account may create issues there"
    } else if names("resolution") {
        "; set it with `resolve_fields`, for example {\"resolution\": {\"name\": \"Done\"}}, if it is on the transition's \
         screen"
    } else if names("priority") {
        "; `priorities` must name priorities of the project, and the field must be on its screen"
    } else {
        ""
    }
}

/// `answered 400: summary: it is too long`: the status and Jira's own words, for a person.
fn said(response: &Response) -> String {
    match complaints(response) {
        Some(words) => format!("answered {}: {}", response.status, text::truncate(&words, SAID_CHARS)),
        None => verdict::answer(response),
    }
}

/// `errorMessages`, and `errors` with the names of the fields.
fn complaints(response: &Response) -> Option<String> {
    let document = response.json()?;
    let messages = document.get("errorMessages").and_then(Value::as_array).into_iter().flatten();
    let mut words: Vec<String> = messages.filter_map(json::scalar).collect();
    if let Some(Value::Object(errors)) = document.get("errors") {
        let named =
            errors.iter().map(|(field, why)| format!("{field}: {}", json::scalar(why).unwrap_or_default()));
        words.extend(named);
    }
    words.extend(["message", "error"].iter().filter_map(|name| json::text(&document, name)));
    let words = words.iter().map(|line| text::one_line(line).trim_end_matches('.').to_owned());
    let words = words.collect::<Vec<_>>().join("; ");
    (!words.is_empty()).then_some(words)
}
