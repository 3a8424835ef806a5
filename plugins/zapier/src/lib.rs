//! Webhooks by Zapier: whatever a Zap sends, as JSON or as a form, becomes incidents.
//!
//! Never asks a Zap's author for more than a title and a status, and never answers with words that only a
//! programmer understands.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

/// The plugin.
pub struct Zapier;

/// Keys that have a meaning; every other key becomes a label.
const KNOWN: [&str; 7] = ["title", "status", "message", "id", "severity", "url", "link"];

const MISSING_TITLE: &str = "is missing; add the key `title` to the Data of the Webhooks by Zapier step; Zapier \
                             leaves a key out when the value mapped to it is empty";
const MISSING_STATUS: &str = "is missing; add the key `status` with the value `trigger` or `resolve` to the Data of \
                              the Webhooks by Zapier step; Zapier leaves a key out when the value mapped to it is \
                              empty";
const XML: &str = "XML is not read here: in the Webhooks by Zapier step set Payload Type to Json";
const FILES: &str = "files are not read here: in the Webhooks by Zapier step leave File empty and set Payload Type \
                     to Json";

impl Plugin for Zapier {
    const ABOUT: About = About::new(
        "zapier",
        "Zapier",
        "Takes what a Zap sends with Webhooks by Zapier.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://help.zapier.com/hc/en-us/articles/8496326446989");
}

impl Source for Zapier {
    type Settings = ();

    fn source_info() -> SourceInfo {
        SourceInfo::default()
            .methods(["POST", "PUT", "PATCH", "DELETE", "GET"])
            // Autoreplay repeats the same body up to 10 h 35 m later and sends no delivery id.
            .replays(Replays::ByBody)
            .example(Example::post_json(
                r#"{"title":"CPU high on db-1","status":"trigger","message":"CPU at 97 % for 5 minutes","id":"db-1-cpu","severity":"critical"}"#,
            ))
    }

    fn decode(request: &Request, (): &()) -> Result<Decoded, Refusal> {
        match read(request)? {
            Value::Object(alert) if is_probe(&alert) => {
                Ok(Decoded::ignored("Zapier tried out its connection (type: auth)"))
            }
            Value::Object(alert) => Ok(event(&alert, "")?.into()),
            Value::Array(alerts) if alerts.is_empty() => Ok(Decoded::ignored("the list is empty")),
            Value::Array(alerts) => {
                let events: Result<Vec<Event>, Refusal> =
                    alerts.iter().enumerate().map(|(index, alert)| element(index, alert)).collect();
                Ok(events?.into())
            }
            _ => Err(Refusal::Malformed(
                "the body is a single value; in the Webhooks by Zapier step set Payload Type to Json and fill Data"
                    .to_owned(),
            )),
        }
    }
}

tocsin_plugin::export!(Zapier: source);

/// The body, or the query of a GET, as one JSON value.
fn read(request: &Request) -> Result<Value, Refusal> {
    let media_type = request.media_type();
    let payload = request.payload().map_err(|refusal| match refusal {
        Refusal::Unsupported(_) if media_type.is_xml() || request.body.trim_ascii().starts_with(b"<") => {
            Refusal::Unsupported(XML.to_owned())
        }
        Refusal::Unsupported(_) if media_type.essence().starts_with("multipart/") => {
            Refusal::Unsupported(FILES.to_owned())
        }
        Refusal::Malformed(why) => Refusal::Malformed(format!(
            "{why} (in a Custom Request a value with quotes or line breaks must be escaped; the POST action with \
             Payload Type Json does that by itself)"
        )),
        other => other,
    })?;
    match payload {
        Payload::Json(value) => Ok(value),
        Payload::Empty => {
            let fields = request.query.iter().map(|p| (p.name.clone(), Value::String(p.value.clone())));
            Ok(Value::Object(fields.collect()))
        }
        form @ Payload::Form(_) => Ok(Value::Object(form.into_object().unwrap_or_default())),
    }
}

/// Integrations that are built as a Zapier app try out their connection like this.
fn is_probe(alert: &Map<String, Value>) -> bool {
    let is_auth = json::get(alert, "type").and_then(Value::as_str) == Some("auth");
    is_auth && json::get(alert, "title").is_none() && json::get(alert, "status").is_none()
}

fn element(index: usize, alert: &Value) -> Result<Event, Refusal> {
    let place = format!("[{index}].");
    match alert {
        Value::Object(alert) => event(alert, &place),
        _ => Err(Refusal::invalid(
            format!("[{index}]"),
            "is not an object; each entry of a list needs its own title and status",
        )),
    }
}

/// One alert. `place` stands before the names of fields in refusals.
fn event(alert: &Map<String, Value>, place: &str) -> Result<Event, Refusal> {
    let title = field(alert, "title", place)?
        .map(|title| text::one_line(&title))
        .filter(|title| !title.is_empty())
        .ok_or_else(|| Refusal::invalid(format!("{place}title"), MISSING_TITLE))?;
    let status = field(alert, "status", place)?
        .ok_or_else(|| Refusal::invalid(format!("{place}status"), MISSING_STATUS))?;
    let change = words::change(&status).ok_or_else(|| {
        Refusal::invalid(
            format!("{place}status"),
            format!(
                "`{}` is not known; send `trigger` for a new alert and `resolve` for its end",
                text::truncate(&text::one_line(&status), 60)
            ),
        )
    })?;
    let key = field(alert, "id", place)?.unwrap_or_else(|| title.clone());
    let mut event =
        Event::new(change, &key, &title).message(field(alert, "message", place)?.unwrap_or_default());
    if let Some(word) = field(alert, "severity", place)? {
        event = event.severity(words::severity(&word));
        if event.severity.is_none() {
            // Not worth losing an alert for: the source's default counts, and the word stays visible.
            event = event.label("severity", &text::truncate(&text::one_line(&word), 100));
        }
    }
    for name in ["url", "link"] {
        if let Some(url) = json::get(alert, name).and_then(json::scalar) {
            event =
                if text::is_web_address(&url) { event.link("Link", &url) } else { event.label(name, &url) };
        }
    }
    for (name, value) in alert.iter().filter(|(name, _)| !is_known(name)) {
        // With Unflatten at No, Zapier sends `host__name` for what is `{"host": {"name": …}}` otherwise.
        for (label, text) in json::flatten(&name.trim().replace("__", "."), value) {
            event = event.label(&label, &text);
        }
    }
    Ok(event)
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// A field's text. Zapier makes a list of one when a line item is mapped; of several it cannot be told which
/// one is meant.
fn field(alert: &Map<String, Value>, name: &str, place: &str) -> Result<Option<String>, Refusal> {
    let wrong = |what: &str| {
        let problem = format!("is {what}; map a single value, or use Looping by Zapier for line items");
        Refusal::invalid(format!("{place}{name}"), problem)
    };
    match json::get(alert, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => match items.as_slice() {
            [] => Ok(None),
            [Value::Object(_) | Value::Array(_)] => Err(wrong("nested")),
            [single] => Ok(json::scalar(single)),
            _ => Err(wrong("a list")),
        },
        Some(Value::Object(_)) => Err(wrong("nested")),
        Some(scalar) => Ok(json::scalar(scalar)),
    }
}

#[cfg(test)]
mod tests;
