//! What a program gave, as events.
//!
//! Never lets a misspelt member pass: the author would not see that it is missing.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;

use crate::In;
use crate::jq::Program;

/// Members of an event.
const MEMBERS: [&str; 15] = [
    "change",
    "status",
    "key",
    "id",
    "title",
    "message",
    "severity",
    "labels",
    "links",
    "aliases",
    "actor",
    "occurred_at",
    "ignored",
    "delivery_id",
    "link",
];
/// What a program sees besides the body.
pub(crate) const VARIABLES: &[&str] = &["$request"];
/// Aliases that the host keeps.
const ALIASES: usize = 8;

/// Runs the program `code`, which is called `name` in refusals, over a request.
pub(crate) fn decode(
    request: &Request,
    document: &Value,
    name: &str,
    code: &str,
    settings: &In,
) -> Result<Decoded, Refusal> {
    let refused = |why: String| Refusal::invalid(name, format!("could not be applied: {why}"));
    let program = Program::compile(code, VARIABLES).map_err(refused)?;
    let results = program.run(document, &[about(request)]).map_err(refused)?;
    let mut mapped = Mapped { name, settings, decoded: Decoded::default() };
    for result in &results {
        mapped.take(result)?;
    }
    let Decoded { events, mut ignored, delivery_id, reply } = mapped.decoded;
    if events.is_empty() {
        ignored = ignored.or_else(|| Some(format!("{name} gave no event")));
    } else {
        ignored = None;
    }
    Ok(Decoded { events, ignored, reply, delivery_id })
}

/// `$request`: everything but the body. Of a name that comes twice, the last counts.
fn about(request: &Request) -> Value {
    let query = request.query.iter().map(|p| (p.name.clone(), json!(p.value)));
    let headers = request.headers.iter().map(|h| (h.name.to_ascii_lowercase(), json!(h.value)));
    json!({
        "method": request.method,
        "path": request.path,
        "query": query.collect::<Map<String, Value>>(),
        "headers": headers.collect::<Map<String, Value>>(),
        "received_at": request.received_at.to_string(),
    })
}

struct Mapped<'a> {
    name: &'a str,
    settings: &'a In,
    decoded: Decoded,
}

impl Mapped<'_> {
    fn wrong(&self, problem: impl Into<String>) -> Refusal {
        Refusal::invalid(self.name, problem)
    }

    fn take(&mut self, result: &Value) -> Result<(), Refusal> {
        match result {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter().try_for_each(|item| match item {
                Value::Array(_) => Err(self.wrong("gave a list within a list; events were expected in it")),
                item => self.take(item),
            }),
            Value::Object(members) => self.object(members),
            other => {
                let shown = text::truncate(&other.to_string(), 60);
                Err(self.wrong(format!("gave {shown}; an event, a list of events or null was expected")))
            }
        }
    }

    fn object(&mut self, members: &Map<String, Value>) -> Result<(), Refusal> {
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let unknown = text::truncate(&text::one_line(unknown), 60);
            return Err(self.wrong(format!(
                "gave an event with the member `{unknown}`, which none has; known are {}",
                MEMBERS.join(", ")
            )));
        }
        let text = |names: &[&str]| names.iter().find_map(|name| members.get(*name).and_then(json::scalar));
        if let Some(id) = text(&["delivery_id"]) {
            self.decoded.delivery_id = Some(text::truncate(&id, 200));
        }
        if let Some(why) = text(&["ignored"]) {
            self.decoded.ignored = Some(text::truncate(&text::one_line(&why), 3_000));
            return Ok(());
        }
        if self.decoded.events.len() == 1000 {
            return Err(self.wrong("gave more than 1000 events"));
        }
        let change = match text(&["change", "status"]) {
            Some(word) => self.settings.change(&word, self.name)?,
            None => Change::Trigger,
        };
        let title = text(&["title"]).map(|title| text::one_line(&title)).filter(|title| !title.is_empty());
        let key = text(&["key", "id"]);
        let (key, title) = match (key, title) {
            (Some(key), Some(title)) => (key, title),
            (Some(key), None) => (key.clone(), text::one_line(&key)),
            (None, Some(title)) => (title.clone(), title),
            (None, None) => return Err(self.wrong("gave an event with neither a title nor a key")),
        };
        let mut event = Event::new(change, &key, &title)
            .message(text(&["message"]).unwrap_or_default())
            .actor(&text::truncate(&text(&["actor"]).unwrap_or_default(), 200))
            .occurred_at(text(&["occurred_at"]).and_then(|at| Timestamp::parse(&at)));
        if let Some(word) = text(&["severity"]) {
            event = event.severity(words::severity(&word));
            if event.severity.is_none() {
                event = event.label("severity", &text::truncate(&text::one_line(&word), 100));
            }
        }
        for (name, value) in
            members.get("labels").map(|labels| json::flatten("", labels)).into_iter().flatten()
        {
            event = event.label(&name, &value);
        }
        event = links(event, members.get("links").or_else(|| members.get("link")));
        for alias in list(members.get("aliases")).iter().filter_map(json::scalar).take(ALIASES) {
            event = event.alias(&alias);
        }
        self.decoded.events.push(event);
        Ok(())
    }
}

/// A single value is a list of one.
fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(single) => vec![single.clone()],
    }
}

/// Addresses: an object of titles and addresses, or a list of addresses or of objects with `title` and `url`.
fn links(mut event: Event, links: Option<&Value>) -> Event {
    if let Some(Value::Object(members)) = links
        && !members.contains_key("url")
    {
        for (title, url) in members {
            event = event.link(title, &json::scalar(url).unwrap_or_default());
        }
        return event;
    }
    for link in list(links) {
        let url = json::scalar(&link).or_else(|| json::text(&link, "url")).unwrap_or_default();
        let title = json::text(&link, "title").unwrap_or_else(|| "Link".to_owned());
        event = event.link(&title, &url);
    }
    event
}
