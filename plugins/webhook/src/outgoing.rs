//! The action: one request for each change, and a verdict by the settings.
//!
//! Never lets text of an alert leave its place: a header's value stays one line, the path stays a path.

use serde_json::Value;
use tocsin_plugin::Choice;
use tocsin_plugin::prelude::*;

use crate::jq::Program;

mod answer;
mod body;
mod connection;
mod headers;
mod kept;
mod media;
mod path;

pub use connection::{Authentication, Connection, Digits, Hash, Scheme, TestMethod};

/// The HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Method {
    /// POST.
    #[choice(value = "POST")]
    Post,
    /// PUT.
    #[choice(value = "PUT")]
    Put,
    /// PATCH.
    #[choice(value = "PATCH")]
    Patch,
    /// GET.
    #[choice(value = "GET")]
    Get,
    /// DELETE.
    #[choice(value = "DELETE")]
    Delete,
    /// HEAD.
    #[choice(value = "HEAD")]
    Head,
}

impl Method {
    /// Whether it changes or deletes what its path names.
    const fn is_about_one(self) -> bool {
        matches!(self, Self::Put | Self::Patch | Self::Delete)
    }
}

/// What is sent, and what counts as success.
#[derive(Settings)]
pub struct Out {
    /// The HTTP method.
    #[setting(default = "POST")]
    method: Method,
    /// Appended to the path of the connection's address, with placeholders, for example
    /// `/tickets/{{ references.tracker.ticket }}`. A value fills one segment: everything in it is encoded, `/` too.
    /// Characters that a path cannot hold are encoded, `?` and `#` too: for query parameters see `query`.
    #[setting(kind = "path")]
    path: Option<String>,
    /// Whether `path` itself ends in a slash, for PUT, PATCH and DELETE. Without it a path that ends so is taken for
    /// one whose placeholder is empty, and the request is not sent: it would be about all tickets and not one.
    #[setting(default = "false")]
    trailing_slash: bool,
    /// Query parameters with placeholders: a JSON object of names and values, for example
    /// `{"host": "{{ labels.host }}"}`. They come after those of the connection's address.
    #[setting(kind = "json-template")]
    query: Option<String>,
    /// Further headers, one `Name: value` on each line, sent as they are.
    headers: Vec<String>,
    /// Further headers with placeholders: a JSON object of names and values, for example
    /// `{"X-Incident": "{{ incident.number }}"}`, or a list of texts `Name: value`. Each value stands in a
    /// string of its own, so that no line break in an alert can begin another header; an empty one makes none.
    #[setting(label = "Headers with placeholders", kind = "json-template")]
    header_template: Option<String>,
    /// The JSON document to send, with placeholders in its strings. Leave all payloads empty to send the whole
    /// incident, the change and the addresses in Tocsin. GET and HEAD send no body, DELETE only one that is
    /// given here.
    #[setting(kind = "json-template")]
    payload: Option<String>,
    /// A jq program that makes the document: its input is the document that is sent by default, with
    /// `incident`, `change`, `urls`, `references`, `delivery` and `test`. It gives exactly one value.
    #[setting(label = "Payload by jq", kind = "expression")]
    payload_jq: Option<String>,
    /// A body that is neither JSON nor a form, with placeholders: plain text, or XML with
    /// `{{ incident.title | escape }}`.
    #[setting(label = "Payload as text", kind = "template")]
    payload_text: Option<String>,
    /// The media type of the body. Left out, it is `application/json; charset=utf-8`, for `payload_text`
    /// `text/plain; charset=utf-8`. With `application/x-www-form-urlencoded` an object is sent as a form.
    content_type: Option<String>,
    /// Where in the document the record is put: names with `/` between, without placeholders. `root/result` sends
    /// `{"root": {"result": …}}`. Empty sends the record itself.
    data_location: Option<String>,
    /// The statuses that are a success: numbers and ranges with commas between.
    #[setting(default = "200-299")]
    success: String,
    /// The statuses after which it is tried again, `Retry-After` is kept to.
    #[setting(default = "408, 425, 429, 500, 502, 503, 504")]
    retry: String,
    /// The statuses that pause the connection until an operator mends it. Any other status rejects the
    /// delivery.
    #[setting(default = "401, 407")]
    pause: String,
    /// Where the answer says how it went, for services that answer 200 to failures: a path of names with dots
    /// between, for example `result.code`, or `header:X-Status`. Empty looks at the status only.
    answer_field: Option<String>,
    /// What must stand there for a success, for example `0` or `true`. Left out, anything but nothing and
    /// `false` will do.
    answer_value: Option<String>,
    /// A jq program that says whether the answer is a success. Its input is the answer's document, or its text;
    /// `$response` has `status` and `headers`. It gives `true`; or a text, why the delivery is rejected; or
    /// `{retry: "why", after: 30}`, or `{pause: "why"}`.
    #[setting(label = "Answer by jq", kind = "expression")]
    answer_jq: Option<String>,
    /// Labels that are written to the incident from the answer, one `label = path.in.the.answer` on each line;
    /// `header:Location` takes a header.
    write_back: Vec<String>,
    /// What the service calls the incident, one `name = path.in.the.answer` on each line. With `ticket = id`,
    /// later templates read it as `{{ references.<connection>.ticket }}`.
    reference: Vec<String>,
    /// Where a person finds it, one `name = path.in.the.answer` or `name = https://tracker.example/{}` on each
    /// line, for names of `reference`; `{}` stands for the reference.
    #[setting(label = "Reference's address")]
    reference_url: Vec<String>,
    /// Sent only when there is this reference: `ticket` for an update of what an earlier delivery created.
    #[setting(label = "Only with reference")]
    if_reference: Option<String>,
    /// Sent only when there is not yet this reference: `ticket` for what creates it.
    #[setting(label = "Only without reference")]
    unless_reference: Option<String>,
}

impl Out {
    /// The names of the data location.
    fn location(&self) -> impl Iterator<Item = &str> {
        let location = self.data_location.as_deref().unwrap_or("");
        location.split('/').map(str::trim).filter(|name| !name.is_empty())
    }

    fn field(&self) -> Option<&str> {
        self.answer_field.as_deref().map(str::trim).filter(|field| !field.is_empty())
    }

    fn answer_program(&self) -> Option<&str> {
        self.answer_jq.as_deref().filter(|code| !code.trim().is_empty())
    }
}

/// A setting that is wrong whatever the incident is: an operator has to mend it.
fn misconfigured(problem: &SettingProblem) -> Failure {
    Failure::misconfigured(format!("`{}` {}", problem.field, problem.problem))
}

/// A setting that is wrong for this incident: others on the connection are not held up by it.
fn rejected(problem: &SettingProblem) -> Failure {
    Failure::rejected(format!("`{}` {}", problem.field, problem.problem))
}

pub(crate) fn encode(context: &Context, connection: &Connection, settings: &Out) -> Result<Step, Failure> {
    // Read now, so that a mistake shows before anything is sent.
    if let Some(problem) = fixed_problems(settings).into_iter().next() {
        return Err(misconfigured(&problem));
    }
    if let Some(why) = skipped(context, settings) {
        return Ok(Step::Skipped(why));
    }
    let headers = headers::read(connection, settings).map_err(|problem| rejected(&problem))?;
    let path = path(settings).map_err(|problem| rejected(&problem))?;
    let mut request = HttpRequest::new(settings.method.as_str()).path(path);
    for (name, value) in query(settings).map_err(|problem| rejected(&problem))? {
        request = request.query(&name, &value);
    }
    if let Some(name) = connection.idempotency_header() {
        request = request.header(name, &context.delivery_id);
    }
    for (name, value) in &headers.lines {
        request = request.header(name, value);
    }
    let content = body::content(settings).map_err(|problem| misconfigured(&problem))?;
    let media = body::media(settings, content, headers.content_type).map_err(|problem| rejected(&problem))?;
    let request = body::put(request, context, settings, content, &media)?;
    Ok(connection.dress(request)?.into())
}

/// Why there is nothing to send for this incident.
fn skipped(context: &Context, settings: &Out) -> Option<String> {
    let wanted = |name: &Option<String>| {
        name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
    };
    if let Some(name) = wanted(&settings.if_reference)
        && context.reference(&name).is_none()
    {
        return Some(format!("there is no reference `{name}` yet: nothing was created for this incident"));
    }
    let name = wanted(&settings.unless_reference)?;
    let reference = context.reference(&name)?;
    let value = text::truncate(&text::one_line(&reference.value), 100);
    Some(format!("there already is the reference `{name}`: `{value}`"))
}

fn path(settings: &Out) -> Result<String, SettingProblem> {
    let wrong = |why| SettingProblem::new("path", why);
    let Some(text) = settings.path.as_deref() else { return Ok(String::new()) };
    if settings.method.is_about_one() {
        path::names_one(text, settings.method.as_str(), settings.trailing_slash).map_err(wrong)?;
    }
    path::of(text).map_err(wrong)
}

fn query(settings: &Out) -> Result<Vec<(String, String)>, SettingProblem> {
    let Some(template) = settings.query.as_deref().filter(|template| !template.trim().is_empty()) else {
        return Ok(Vec::new());
    };
    match json::parse(template.as_bytes()) {
        Ok(Value::Object(members)) => {
            let pair =
                |(name, value): (&String, &Value)| (name.clone(), json::scalar(value).unwrap_or_default());
            Ok(members.iter().map(pair).collect())
        }
        Ok(_) => Err(SettingProblem::new("query", "is not a JSON object of names and values")),
        Err(why) => Err(SettingProblem::new("query", why)),
    }
}

/// What is wrong with the settings that hold no placeholders.
fn fixed_problems(settings: &Out) -> Vec<SettingProblem> {
    let mut problems: Vec<SettingProblem> = body::content(settings).err().into_iter().collect();
    problems.extend(body::location_problem(settings));
    problems.extend(answer::problems(settings));
    problems.extend(kept::problems(settings));
    if let (Some(a), Some(b)) = (&settings.if_reference, &settings.unless_reference)
        && a.trim() == b.trim()
        && !a.trim().is_empty()
    {
        problems.push(SettingProblem::new(
            "unless_reference",
            "is the same as `if_reference`, so that nothing would ever be sent",
        ));
    }
    problems
}

/// All that is wrong with an action's settings, rendered for a sample.
pub(crate) fn check(connection: &Connection, settings: &Out) -> Result<(), Vec<SettingProblem>> {
    let mut problems = fixed_problems(settings);
    match headers::read(connection, settings) {
        Err(problem) => problems.push(problem),
        Ok(headers) => {
            let media =
                body::content(settings).map(|content| body::media(settings, content, headers.content_type));
            problems.extend(media.ok().and_then(Result::err));
        }
    }
    problems.extend(path(settings).err());
    problems.extend(query(settings).err());
    let payload = settings.payload_jq.as_deref().filter(|code| !code.trim().is_empty());
    for (field, code, variables) in
        [("payload_jq", payload, &[][..]), ("answer_jq", settings.answer_program(), &["$response"][..])]
    {
        if let Some(why) = code.and_then(|code| Program::compile(code, variables).err()) {
            problems.push(SettingProblem::new(field, format!("is not a program that jq can run: {why}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

pub(crate) fn resume(context: &Context, settings: &Out, response: &Response) -> Result<Step, Failure> {
    answer::verdict(context, settings, response)
}
