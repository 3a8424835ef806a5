//! The action: one request for each change, and a verdict by the settings.
//!
//! Never lets text of an alert leave its place: a header's value stays one line, the path stays a path.

use serde_json::Value;
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Choice, Context, Response};

use crate::payload;
use crate::statuses::Statuses;

/// Whom a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Authentication {
    /// None.
    None,
    /// Bearer token.
    Bearer,
    /// User and password (Basic).
    Basic,
}

/// As whom it is sent.
#[derive(Settings)]
pub struct Connection {
    /// How the service knows who is calling: `bearer` sends `token`, `basic` sends `user` and `password`.
    #[setting(default = "none")]
    authentication: Authentication,
    /// The token, for `authentication = "bearer"`.
    #[setting(optional)]
    token: Secret,
    /// The user's name, for `authentication = "basic"`.
    user: Option<String>,
    /// The password, for `authentication = "basic"`.
    #[setting(optional)]
    password: Secret,
    /// Whether each request is signed as standardwebhooks.com says, with `signing_key`. The receiver can then
    /// be sure that it comes from here and is not replayed.
    #[setting(default = "false")]
    sign: bool,
    /// The key for `sign`, as the receiver shows it: `whsec_` and base 64.
    #[setting(optional)]
    signing_key: Secret,
}

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
    const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }
}

/// What is sent, and what counts as success.
#[derive(Settings)]
pub struct Out {
    /// The HTTP method.
    #[setting(default = "POST")]
    method: Method,
    /// Appended to the path of the connection's address, with placeholders, for example
    /// `/tickets/{{ incident.number }}`. Characters that a path cannot hold are encoded, `?` and `#` too:
    /// query parameters belong into the connection's address.
    #[setting(kind = "template")]
    path: Option<String>,
    /// Further headers, one `Name: value` on each line, taken as they are.
    headers: Vec<String>,
    /// Further headers with placeholders: a JSON object of names and values, for example
    /// `{"X-Incident": "{{ incident.number }}"}`.
    #[setting(kind = "json-template")]
    header_template: Option<String>,
    /// The JSON document to send, with placeholders in its strings. Leave it empty to send the whole incident,
    /// the change and the addresses in Tocsin. GET, DELETE and HEAD then send no body.
    #[setting(kind = "json-template")]
    payload: Option<String>,
    /// Where in the document the record is put: names with `/` between. `root/result` sends
    /// `{"root": {"result": …}}`. Empty sends the record itself.
    data_location: Option<String>,
    /// The statuses that are a success: numbers and ranges with commas between.
    #[setting(default = "200-299")]
    success: String,
    /// The statuses after which it is tried again, `Retry-After` is kept to. Any other status rejects the
    /// delivery.
    #[setting(default = "408, 425, 429, 500, 502, 503, 504")]
    retry: String,
    /// Where the answer says how it went, for services that answer 200 to failures: a path of names with dots
    /// between, for example `result.code`. Empty looks at the status only.
    answer_field: Option<String>,
    /// What must stand there for a success, for example `0` or `true`.
    answer_value: Option<String>,
}

/// Headers that are the host's or the protocol's own.
const RESERVED: [&str; 11] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "idempotency-key",
    "authorization",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
];

pub(crate) fn encode(context: &Context, connection: &Connection, settings: &Out) -> Result<Step, Failure> {
    // Read now, so that a mistake shows before anything is sent.
    Statuses::parse(&settings.success).map_err(|why| Failure::misconfigured(format!("success: {why}")))?;
    Statuses::parse(&settings.retry).map_err(|why| Failure::misconfigured(format!("retry: {why}")))?;

    let mut request = HttpRequest::new(settings.method.as_str())
        .path(path(settings.path.as_deref().unwrap_or(""))?)
        .header("idempotency-key", &context.delivery_id);
    for (name, value) in headers(settings)? {
        request = request.header(&name, &value);
    }
    request = match connection.authentication {
        Authentication::None => request,
        Authentication::Bearer => request.bearer(&connection.token),
        Authentication::Basic => match connection.user.as_deref().filter(|user| !user.is_empty()) {
            // RFC 7617: the first colon ends the name.
            Some(user) if !user.contains(':') => request.basic(user, &connection.password),
            Some(_) => return Err(Failure::misconfigured("`user` must not hold a colon")),
            None => return Err(Failure::misconfigured("`authentication` is basic and `user` is not given")),
        },
    };
    if let Some(document) = body(context, settings)? {
        request = request.json(&document);
    }
    if connection.sign {
        request = request.signed(&connection.signing_key, Signature::StandardWebhooks);
    }
    Ok(request.into())
}

pub(crate) fn resume(context: &Context, settings: &Out, response: &Response) -> Result<Step, Failure> {
    let in_set = |set: &str| Statuses::parse(set).is_ok_and(|statuses| statuses.contains(response.status));
    if in_set(&settings.success) {
        return expected(settings, response);
    }
    if in_set(&settings.retry) {
        return Err(verdict::retry(context, response));
    }
    Err(Failure::Rejected(verdict::answer(response)))
}

/// Whether the answer says what it must.
fn expected(settings: &Out, response: &Response) -> Result<Step, Failure> {
    let delivered = Receipt::delivered(format!("answered {}", response.status));
    let Some(field) = settings.answer_field.as_deref().filter(|field| !field.is_empty()) else {
        return Ok(delivered.into());
    };
    let wanted = settings.answer_value.as_deref().unwrap_or("");
    let found = response.json().and_then(|document| json::text(&document, field)).unwrap_or_default();
    if found == wanted.trim() {
        return Ok(delivered.into());
    }
    let found = text::truncate(&found, 60);
    Err(Failure::Rejected(format!(
        "{}; `{field}` is `{found}` instead of `{wanted}`",
        verdict::answer(response)
    )))
}

fn path(template: &str) -> Result<String, Failure> {
    let path = template.trim();
    if path.is_empty() {
        return Ok(String::new());
    }
    let encoded = text::encode_path(&text::one_line(path));
    let climbs = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if encoded.split('/').any(climbs) {
        return Err(Failure::rejected(format!(
            "the path `{}` climbs with `.` or `..`",
            text::truncate(path, 100)
        )));
    }
    Ok(if encoded.starts_with('/') { encoded } else { format!("/{encoded}") })
}

fn headers(settings: &Out) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    for (index, line) in settings.headers.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // The line itself is not shown: somebody may have put a token there.
        let wrong =
            || Failure::misconfigured(format!("line {} of `headers` is not `Name: value`", index + 1));
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    if let Some(template) = settings.header_template.as_deref().filter(|template| !template.trim().is_empty())
    {
        let document = json::parse(template.as_bytes()).map_err(Failure::misconfigured)?;
        let Value::Object(members) = document else {
            return Err(Failure::misconfigured("`header_template` is not a JSON object"));
        };
        headers.extend(
            members.iter().map(|(name, value)| (name.clone(), json::scalar(value).unwrap_or_default())),
        );
    }
    for (name, _) in &headers {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(Failure::misconfigured(format!(
                "`{}` is not a header's name",
                text::truncate(name, 60)
            )));
        }
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            let why =
                format!("the header `{name}` is set by Tocsin; for `authorization` use `authentication`");
            return Err(Failure::misconfigured(why));
        }
    }
    Ok(headers)
}

fn body(context: &Context, settings: &Out) -> Result<Option<Value>, Failure> {
    let own = settings.payload.as_deref().filter(|payload| !payload.trim().is_empty());
    let record = match (own, settings.method) {
        (_, Method::Head) | (None, Method::Get | Method::Delete) => return Ok(None),
        (Some(document), _) => json::parse(document.as_bytes()).map_err(Failure::misconfigured)?,
        (None, Method::Post | Method::Put | Method::Patch) => payload::whole(context),
    };
    Ok(Some(payload::nested(record, settings.data_location.as_deref().unwrap_or(""))))
}
