//! StatusCake: its web hook says Down or Up of a test, as a form, as query placeholders or as JSON.
//!
//! Never puts the `Token` into an event: it is a constant of the account and opens its API.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

/// The plugin.
pub struct StatusCake;

/// How severities are read.
#[derive(Settings)]
pub struct Fields {
    /// Severities for your own words in a tag such as `severity:page`, one `word = severity` on each line, for
    /// example `page = critical`. They come before the usual words.
    severities: Vec<String>,
    /// The severity of a test without such a tag, or with a word that is not known. Left out, the source's default
    /// counts.
    default_severity: Option<Severity>,
}

impl Fields {
    fn severity(&self, word: &str) -> Option<Severity> {
        vocabulary::severity_with(&self.severities, word)
    }
}

/// What a field may be called, in any case. The first is StatusCake's own name in the form; the others are
/// what people write into the web hook's address beside a placeholder.
const STATUS: &[&str] = &["Status", "s", "State"];
const CODE: &[&str] = &["StatusCode", "Code", "c", "Status_Code"];
const URL: &[&str] = &["URL", "u", "WebsiteURL"];
const NAME: &[&str] = &["Name", "n", "TestName"];
const TAGS: &[&str] = &["Tags", "Tag"];
const TEST_ID: &[&str] = &["TestID", "Test_ID", "ID"];
const IP: &[&str] = &["IP"];
const CHECK_RATE: &[&str] = &["CheckRate", "r", "Check_Rate"];
const METHOD: &[&str] = &["Method"];

/// What to do when the request is another.
const NO_STATUS: &str =
    "Status (this is no web hook of StatusCake; with GET its address needs `Status=|STATUS|`)";

impl Plugin for StatusCake {
    const ABOUT: About = About::new(
        "statuscake",
        "StatusCake",
        "Takes the web hooks of StatusCake's contact groups.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/");
}

impl Source for StatusCake {
    type Settings = Fields;

    fn source_info() -> SourceInfo {
        // Two outages of a test have the same body: there is no time in it. So no replay is told by its body.
        SourceInfo::default().methods(["POST", "GET"]).replays(Replays::ByDeliveryId).example(Example::post_form(
            "Status=Down&StatusCode=500&URL=https%3A%2F%2Fwww.example.com%2Fhealth&IP=203.0.113.10&Tags=prod%2Cweb&Name=Shop&CheckRate=300",
        ))
    }

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        let fields = read(request)?;
        let status = get(&fields, STATUS).ok_or_else(|| Refusal::missing(NO_STATUS))?;
        let changes = vocabulary::changes(&status).ok_or_else(|| {
            let status = text::truncate(&text::one_line(&status), 60);
            Refusal::invalid("Status", format!("`{status}` is neither Up nor Down"))
        })?;
        Ok(event(&status, changes, &fields, settings)?.for_each(changes).into())
    }

    fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        match vocabulary::severity_problems("severities", &settings.severities) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(problems),
        }
    }
}

tocsin_plugin::export!(StatusCake: source);

/// The body's fields, completed from the query: the web hook's address may hold placeholders with both methods.
fn read(request: &Request) -> Result<Map<String, Value>, Refusal> {
    let query = request.query.iter().map(|p| (p.name.clone(), Value::String(p.value.clone())));
    let mut fields: Map<String, Value> = query.collect();
    match request.payload().map_err(without_a_quote)? {
        Payload::Empty => {}
        Payload::Json(Value::Object(object)) => fields.extend(object),
        Payload::Json(_) => return Err(Refusal::Malformed("the JSON document is not an object".to_owned())),
        form @ Payload::Form(_) => fields.extend(form.into_object().unwrap_or_default()),
    }
    Ok(fields)
}

/// A refusal that quotes nothing of the body: the token may stand where it breaks.
fn without_a_quote(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Malformed(why) => {
            Refusal::Malformed(why.split_once(", near `").map_or(why.as_str(), |(why, _)| why).to_owned())
        }
        other => other,
    }
}

/// The first of these fields that says something. A placeholder that was not replaced says nothing.
fn get(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let values = names.iter().filter_map(|name| json::get(fields, name).and_then(json::scalar));
    values.into_iter().find(|value| !is_placeholder(value))
}

fn is_placeholder(value: &str) -> bool {
    value.len() > 2
        && value.starts_with('|')
        && value.ends_with('|')
        && value[1..value.len() - 1].chars().all(|c| c.is_ascii_uppercase())
}

/// The event of a test with this status; the caller makes it one for each change.
fn event(
    status: &str,
    changes: &[Change],
    fields: &Map<String, Value>,
    settings: &Fields,
) -> Result<Event, Refusal> {
    let (id, name, url) = (get(fields, TEST_ID), get(fields, NAME), get(fields, URL));
    let what = match (&name, &url, &id) {
        (Some(name), ..) => text::one_line(name),
        (None, Some(url), _) => text::one_line(url),
        (None, None, Some(id)) => format!("Test {id}"),
        (None, None, None) => return Err(Refusal::missing("Name or URL (what was tested)")),
    };
    // The name and address together are how an Up without a TestID finds its Down, and the other way round.
    let by_name = keys::compose(&[name.as_deref().unwrap_or(""), url.as_deref().unwrap_or("")]);
    let has_name = name.is_some() || url.is_some();
    let state = State::of(status, changes);
    let title = match state {
        State::Down => format!("{what} is down"),
        State::Up => format!("{what} is up"),
        State::Other(status) => format!("{what}: {}", text::truncate(&text::one_line(status), 60)),
    };
    let change = changes.first().copied().unwrap_or(Change::Trigger);
    let mut event = match &id {
        Some(id) => Event::new(change, &format!("test:{id}"), &title),
        None => Event::new(change, &by_name, &title),
    };
    if has_name {
        event = event.alias(&by_name);
    }
    event = event.message(message(state, fields, &what, url.as_deref())).severity(settings.default_severity);
    for (label, names) in [
        ("url", URL),
        ("ip", IP),
        ("status_code", CODE),
        ("check_rate_seconds", CHECK_RATE),
        ("test_id", TEST_ID),
    ] {
        event = event.label(label, &get(fields, names).unwrap_or_default());
    }
    if let Some(method) = get(fields, METHOD).filter(|method| !method.eq_ignore_ascii_case("website")) {
        event = event.label("method", &method);
    }
    if let Some(url) = &url {
        event = event.link(&what, url);
    }
    Ok(tags(event, &get(fields, TAGS).unwrap_or_default(), settings))
}

/// Tags like `Device:web01` become labels of their own, `severity:high` sets the severity, the others are
/// listed in the label `tags`.
fn tags(mut event: Event, tags: &str, settings: &Fields) -> Event {
    let mut plain = Vec::new();
    for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        match tag.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some((key, value))
                if key.eq_ignore_ascii_case("severity") && settings.severity(value).is_some() =>
            {
                event = event.severity(settings.severity(value));
            }
            // `https://…` is an address, not a key with a value.
            Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.starts_with("//") => {
                event = event.label(&text::truncate(key, 60), &text::truncate(value, 500));
            }
            _ => plain.push(tag),
        }
    }
    event.label("tags", &text::truncate(&plain.join(", "), 1000))
}

fn message(state: State<'_>, fields: &Map<String, Value>, what: &str, url: Option<&str>) -> String {
    let place = url.filter(|url| *url != what).map_or(String::new(), |url| format!(" ({url})"));
    let code = get(fields, CODE);
    match (state, code.as_deref()) {
        (State::Down, Some("0")) => format!("{what}{place} did not answer in time (status code 0)."),
        (State::Down, Some(code)) => format!("{what}{place} answered with status code {code}."),
        (State::Down, None) => format!("{what}{place} is down."),
        (State::Up, Some(code)) => format!("{what}{place} is up again (status code {code})."),
        (State::Up, None) => format!("{what}{place} is up again."),
        (State::Other(status), _) => format!("The status of {what}{place} is `{}`.", text::one_line(status)),
    }
}

/// What a status says, for people.
#[derive(Clone, Copy, Debug)]
enum State<'a> {
    Down,
    Up,
    /// StatusCake's documentation has no other word; this one is of the common vocabulary.
    Other(&'a str),
}

impl<'a> State<'a> {
    fn of(status: &'a str, changes: &[Change]) -> Self {
        match changes {
            [Change::Trigger] if vocabulary::same(status, "down") => Self::Down,
            [Change::Resolve] => Self::Up,
            _ => Self::Other(status),
        }
    }
}

#[cfg(test)]
mod tests;
