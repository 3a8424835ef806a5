//! What iTop's answer means: `code` and `objects` together, since nearly everything is a 200.
//!
//! Never believes a status alone, and never takes `code` 0 without an object for a success where there must be
//! one.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::plan::Object;

/// Characters of iTop's own words that are kept.
const WORDS_CHARS: usize = 300;
/// Bytes of a page in which its login form stands.
const LOGIN_BYTES: usize = 65_536;
/// Words of a failure that passes.
const PASSING: [&str; 9] = [
    "deadlock",
    "lock wait timeout",
    "mysql",
    "mariadb",
    "server has gone away",
    "too many connections",
    "maintenance",
    "read-only mode",
    "read only mode",
];
/// The same in a refusal by code 1, which is never about a single field that is read-only in a ticket's state.
const CLOSED: [&str; 3] = ["maintenance", "read-only", "read only"];
/// Words of a failure that does not pass, whatever else is said: what follows them may be text of an alert.
const LASTING: [&str; 8] = [
    "no item found",
    "several items found",
    "missing parameter",
    "missing mandatory",
    "invalid stimulus",
    "unknown class",
    "unknown attribute",
    "unexpected value",
];

/// Words about a field that a class lacks, or about a value that it lacks.
const FIELD: [&str; 4] = ["unexpected value", "unknown attribute", "invalid attribute", "wrong value"];

/// An object of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) class: String,
    /// Digits.
    pub(crate) id: String,
    pub(crate) fields: Object,
}

impl Found {
    /// A field as text, on one line.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(json::scalar).map(|value| text::one_line(&value))
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        self.field("friendlyname").unwrap_or_else(|| format!("{}::{}", self.class, self.id))
    }
}

/// An answer with code 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// By id: the oldest first.
    pub(crate) objects: Vec<Found>,
    pub(crate) message: String,
    pub(crate) document: Value,
}

/// A stimulus that iTop did not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// In iTop's words.
    pub(crate) why: String,
    /// Whether fields are missing, rather than the state being another.
    pub(crate) is_incomplete: bool,
}

/// The answer, if it is one to what was asked.
///
/// # Errors
/// Everything but code 0.
pub(crate) fn read(context: &Context, response: &Response) -> Result<Answer, Failure> {
    of(response).map_err(|failure| match failure {
        Failure::Retry { reason, .. } => {
            Failure::Retry { reason, after_ms: verdict::retry_after_ms(context, response) }
        }
        failure => failure,
    })
}

/// The same where there is no attempt.
///
/// # Errors
/// As [`read`].
pub(crate) fn of(response: &Response) -> Result<Answer, Failure> {
    document(response).and_then(answer)
}

/// The one object that was written.
///
/// # Errors
/// As [`read`]; an answer without an object, which is how iTop refuses without a word.
pub(crate) fn written(context: &Context, response: &Response) -> Result<Found, Failure> {
    let answer = read(context, response)?;
    answer.objects.into_iter().next().ok_or_else(|| {
        Failure::rejected("iTop answered code 0 without an object: it has refused without saying why")
    })
}

/// The object after a stimulus, or why it was not applied.
///
/// # Errors
/// As [`read`].
pub(crate) fn applied(context: &Context, response: &Response) -> Result<Result<Found, Refused>, Failure> {
    if let Some(document) = response.json().filter(|document| code(document) == Some(100)) {
        let message = message(&document);
        let lower = message.to_lowercase();
        let is_incomplete = lower.contains("missing mandatory attribute");
        if response.status == 200 && (is_incomplete || lower.contains("invalid stimulus")) {
            return Ok(Err(Refused { why: message, is_incomplete }));
        }
    }
    let answer = read(context, response)?;
    let silently = || Refused { why: "it was refused without a word".to_owned(), is_incomplete: false };
    Ok(answer.objects.into_iter().next().ok_or_else(silently))
}

/// Why iTop refused a field's value, or the field itself, if that is what it refused.
pub(crate) fn refused_field(response: &Response) -> Option<String> {
    let document = response.json().filter(|document| code(document) == Some(100))?;
    let message = message(&document);
    let lower = message.to_lowercase();
    let is_refused = response.status == 200 && FIELD.iter().any(|words| lower.contains(words));
    is_refused.then_some(message)
}

/// What iTop said, if it refused to write a class: in read-only mode it refuses every class in these words.
pub(crate) fn refused_write(response: &Response) -> Option<String> {
    let document = response.json().filter(|document| code(document) == Some(1))?;
    let message = message(&document);
    let lower = message.to_lowercase();
    let is_write = !["reading data", "exporting data"].iter().any(|words| lower.contains(words));
    (response.status == 200 && is_about_a_class(&lower) && is_write).then_some(message)
}

/// Whether iTop looked for an object and found none.
pub(crate) fn found_no_item(response: &Response) -> bool {
    let document = response.json().filter(|document| code(document) == Some(100));
    let is_none = |document: Value| message(&document).to_lowercase().contains("no item found");
    response.status == 200 && document.is_some_and(is_none)
}

/// Why iTop did not take an entry of a log, if the log may be the reason: a closed ticket takes entries of
/// `private_log` only. Without a word, or in any that name no other reason.
pub(crate) fn refused_entry(response: &Response) -> Option<String> {
    const OTHER: [&str; 4] = ["no item found", "invalid object", "unknown attribute", "invalid attribute"];
    let document = response.json().filter(|_| response.status == 200)?;
    let message = message(&document);
    let lower = message.to_lowercase();
    let names = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    match code(&document)? {
        0 => {
            let objects = document.get("objects").and_then(Value::as_object);
            objects.is_none_or(serde_json::Map::is_empty).then(|| "it was refused without a word".to_owned())
        }
        100 => (!names(&PASSING) && !names(&OTHER)).then_some(message),
        _ => None,
    }
}

/// The JSON document of an answer, whatever it says.
///
/// # Errors
/// A status or a body that iTop's REST/JSON does not answer with.
fn document(response: &Response) -> Result<Value, Failure> {
    let said = || verdict::answer(response);
    match response.status {
        200..=299 => {}
        408 | 425 | 429 | 501..=599 => return Err(Failure::retry(format!("iTop {}", said()))),
        500 => {
            return Err(Failure::retry(format!(
                "iTop {}; a class that is abstract and an empty external key are answered so as well",
                said()
            )));
        }
        300..=399 => return Err(Failure::misconfigured(said())),
        401 | 403 | 404 | 407 | 410 => {
            return Err(Failure::misconfigured(format!(
                "{}; the connection's address must end with /webservices/rest.php and be allowed to be called",
                said()
            )));
        }
        _ => return Err(Failure::rejected(said())),
    }
    match response.json() {
        Some(document) if code(&document).is_some() => Ok(document),
        Some(_) => Err(Failure::misconfigured(format!(
            "{}; this is JSON, but not of iTop's REST/JSON: the connection's address must end with \
             /webservices/rest.php",
            said()
        ))),
        None if is_login_page(&response.body) => Err(Failure::misconfigured(format!(
            "iTop answered {} with a login page in place of an answer: the login of the connection was not tried or not \
             taken; check that the address ends with /webservices/rest.php, that nothing before iTop asks for a login \
             (single sign-on), and `allowed_login_types` in iTop",
            response.status
        ))),
        None => Err(Failure::retry(format!("{}; this is not JSON, iTop has failed on the way", said()))),
    }
}

/// Whether this is HTML that asks for a password: iTop's own login form, or that of a portal before it.
fn is_login_page(body: &[u8]) -> bool {
    let page = String::from_utf8_lossy(body.get(..LOGIN_BYTES).unwrap_or(body)).to_lowercase();
    page.contains("<form")
        && ["auth_pwd", "type=\"password\"", "type='password'", "type=password"]
            .iter()
            .any(|sign| page.contains(sign))
}

fn code(document: &Value) -> Option<i64> {
    let code = document.get("code")?;
    code.as_i64().or_else(|| code.as_str()?.trim().parse().ok())
}

fn message(document: &Value) -> String {
    let message = document.get("message").and_then(Value::as_str).unwrap_or("");
    text::truncate(&text::one_line(message), WORDS_CHARS)
}

fn answer(document: Value) -> Result<Answer, Failure> {
    let message = message(&document);
    let code = code(&document).unwrap_or(100);
    if code != 0 {
        return Err(failed(code, &message));
    }
    let mut objects: Vec<Found> =
        document.get("objects").and_then(Value::as_object).into_iter().flatten().filter_map(found).collect();
    objects.sort_by_key(|object| (object.id.len(), object.id.clone()));
    Ok(Answer { objects, message, document })
}

/// An object under its name `Class::id`; the members `class` and `key` are there since version 1.1.
fn found((name, object): (&String, &Value)) -> Option<Found> {
    let (class, id) = name.rsplit_once("::").unwrap_or(("", ""));
    let class = json::text(object, "class").unwrap_or_else(|| class.to_owned());
    let id = json::text(object, "key").unwrap_or_else(|| id.to_owned());
    let fields = object.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_good = crate::guard::is_id(&id) && crate::guard::is_name(&class);
    is_good.then_some(Found { class, id, fields })
}

fn failed(code: i64, message: &str) -> Failure {
    let said = format!("iTop answered code {code}: {message}");
    let lower = message.to_lowercase();
    let is_passing = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match code {
        1 if is_passing(&CLOSED) => Failure::retry(said),
        1 if is_about_a_class(&lower) => Failure::rejected(format!(
            "{said}; give the user a profile with this right, then: tocsin deliveries retry"
        )),
        1 => Failure::misconfigured(format!("{said}; {}", mend(&lower))),
        5 | 6 => Failure::misconfigured(format!(
            "{said}; the login of the connection is incomplete, or iTop does not allow this way to log in \
             (`allowed_login_types`)"
        )),
        10 => Failure::misconfigured(format!("{said}; choose another `version` in the connection")),
        100 if is_passing(&PASSING) && !LASTING.iter().any(|words| lower.contains(words)) => {
            Failure::retry(said)
        }
        _ => Failure::rejected(said),
    }
}

/// Whether this is about a right on one class, and not about the login: other deliveries go on.
fn is_about_a_class(message: &str) -> bool {
    message.contains("permission") && message.contains("of class")
}

/// What an operator does about code 1.
fn mend(message: &str) -> &'static str {
    if message.contains("permission") {
        return "give the user a profile with this right, or end iTop's read-only mode";
    }
    if message.contains("portal") {
        return "use a login that is no portal user";
    }
    if message.contains("profile") {
        return "give the user the profile `REST Services User`, an administrator too";
    }
    "check user and password or token of the connection (missing and wrong ones look alike; of a Basic password \
     with a colon iTop reads only what stands before it), and that the user has the profile `REST Services User`"
}
