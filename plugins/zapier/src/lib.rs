//! Webhooks by Zapier: whatever a Zap sends, as JSON or as a form, becomes incidents.
//!
//! Never asks a Zap's author for more than a title and a status, or an id where there is nothing to open, and never answers with words that only a
//! programmer understands.

use serde_json::{Map, Value};
use tocsin_plugin::notes::{Draft, Notes};
use tocsin_plugin::prelude::*;

/// The plugin.
pub struct Zapier;

/// Keys that have a meaning; every other key becomes a label.
const KNOWN: [&str; 7] = ["title", "status", "message", "id", "severity", "url", "link"];

const MISSING_TITLE: &str = "is missing; add the key `title` to the Data of the Webhooks by Zapier step; Zapier \
                             leaves a key out when the value mapped to it is empty";
const MISSING_KEY: &str = "is missing; add the key `id` or `title` to the Data of the Webhooks by Zapier step, with the \
                           value that the alert was opened with";
const MISSING_STATUS: &str = "is missing; add the key `status` with the value `trigger` or `resolve` to the Data of \
                              the Webhooks by Zapier step; Zapier leaves a key out when the value mapped to it is \
                              empty";
const XML: &str = "XML is not read here: in the Webhooks by Zapier step set Payload Type to Json";
const FILES: &str = "files are not read here: in the Webhooks by Zapier step leave File empty and set Payload Type \
                     to Json";

/// How alerts are read.
#[derive(Settings)]
pub struct Fields {
    /// Severities for words of your own, one `word = severity` on each line, for example `page = critical`. They
    /// come before the usual words.
    severities: Vec<String>,
}

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
    type Settings = Fields;

    fn source_info() -> SourceInfo {
        SourceInfo::default()
            .methods(["POST", "PUT", "PATCH", "DELETE", "GET"])
            // Autoreplay repeats the same body up to 10 h 35 m later and sends no delivery id.
            .replays(Replays::ByBody)
            .example(Example::post_json(
                r#"{"title":"CPU high on db-1","status":"trigger","message":"CPU at 97 % for 5 minutes","id":"db-1-cpu","severity":"critical"}"#,
            ))
    }

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        let mut alerts = Alerts { settings, notes: Notes::default() };
        let decoded = match read(request)? {
            Value::Object(alert) if is_probe(&alert) => {
                Decoded::ignored("Zapier tried out its connection (type: auth)")
            }
            Value::Object(alert) => alerts.events(&alert, "")?.into(),
            Value::Array(list) if list.is_empty() => Decoded::ignored("the list is empty"),
            Value::Array(list) => {
                // One by one: of a long list the outcomes would not fit into memory.
                let elements = list.iter().enumerate().map(|(index, alert)| alerts.element(index, alert));
                Decoded::of_elements(elements, |index| format!("[{index}]"))?
            }
            _ => {
                let why = "the body is a single value; in the Webhooks by Zapier step set Payload Type to Json and \
                           fill Data";
                return Err(Refusal::Malformed(why.to_owned()));
            }
        };
        Ok(Decoded { remarks: alerts.notes.into_remarks(), ..decoded })
    }

    fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        match vocabulary::severity_problems("severities", &settings.severities) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(problems),
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
        Refusal::Unsupported(_) if media_type.is_multipart() => {
            Refusal::Unsupported(FILES.to_owned())
        }
        Refusal::Malformed(why) if !media_type.is_multipart() => Refusal::Malformed(format!(
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

/// The alerts of a request, as they are read.
struct Alerts<'a> {
    settings: &'a Fields,
    notes: Notes,
}

impl Alerts<'_> {
    fn element(&mut self, index: usize, alert: &Value) -> Result<Vec<Event>, Refusal> {
        let place = format!("[{index}].");
        match alert {
            Value::Object(alert) => self.events(alert, &place),
            _ => Err(Refusal::invalid(
                format!("[{index}]"),
                "is not an object; each entry of a list needs its own title and status",
            )),
        }
    }

    /// The events of one alert. `place` stands before the names of fields in refusals.
    fn events(&mut self, alert: &Map<String, Value>, place: &str) -> Result<Vec<Event>, Refusal> {
        let title = field(alert, "title", place)?.map(|title| text::one_line(&title));
        let title = title.filter(|title| !title.is_empty());
        let id = field(alert, "id", place)?;
        let changes = match status(alert, place) {
            // What has neither is told of its title first.
            Err(_) if title.is_none() && id.is_none() => {
                return Err(Refusal::invalid(format!("{place}title"), MISSING_TITLE));
            }
            known => known?,
        };
        if title.is_none() && changes.contains(&Change::Trigger) {
            return Err(Refusal::invalid(format!("{place}title"), MISSING_TITLE));
        }
        let key = id.or_else(|| title.clone());
        let key = key.ok_or_else(|| Refusal::invalid(format!("{place}id"), MISSING_KEY))?;
        let event = Event::new(Change::Trigger, &key, &title.unwrap_or_default())
            .message(field(alert, "message", place)?.unwrap_or_default());
        let word = field(alert, "severity", place)?;
        let mut draft = Draft::new(event, &mut self.notes);
        // An unknown word is not worth losing an alert for.
        let known =
            vocabulary::Severities { own: &self.settings.severities, ..vocabulary::Severities::default() };
        draft.severity(word.as_deref(), &known);
        for name in ["url", "link"] {
            let Some(url) = json::get(alert, name).and_then(json::scalar) else { continue };
            draft.link("Link", &url);
            if !text::is_web_address(&url) {
                draft.label(name, &url);
            }
        }
        for (name, value) in alert.iter().filter(|(name, _)| !is_known(name)) {
            // With Unflatten at No, Zapier sends `host__name` for what is `{"host": {"name": …}}` otherwise.
            for (label, text) in json::flatten(&name.trim().replace("__", "."), value) {
                draft.label(&label, &text);
            }
        }
        Ok(draft.finish().for_each(changes))
    }
}

fn status(alert: &Map<String, Value>, place: &str) -> Result<&'static [Change], Refusal> {
    let status = field(alert, "status", place)?
        .ok_or_else(|| Refusal::invalid(format!("{place}status"), MISSING_STATUS))?;
    vocabulary::changes(&status).ok_or_else(|| {
        let status = text::truncate(&text::one_line(&status), 60);
        let problem =
            format!("`{status}` is not known; send `trigger` for a new alert and `resolve` for its end");
        Refusal::invalid(format!("{place}status"), problem)
    })
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
