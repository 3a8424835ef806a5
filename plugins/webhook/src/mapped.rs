//! What a program gave, as events.
//!
//! Never lets a misspelt member pass: the author would not see that it is missing.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::{Header, Reply};

use crate::In;
use crate::jq::Program;

/// Members of an event.
const MEMBERS: [&str; 19] = [
    "change",
    "status",
    "key",
    "id",
    "title",
    "message",
    "severity",
    "labels",
    "links",
    "link",
    "aliases",
    "actor",
    "occurred_at",
    "ignored",
    "refused",
    "delivery_id",
    "reply",
    "confirm",
    "remarks",
];
/// What a program sees besides the body.
pub(crate) const VARIABLES: &[&str] = &["$request"];
/// Aliases that the host keeps.
const ALIASES: usize = 8;
/// Characters of a reason or a remark.
const WHY_CHARS: usize = 3_000;

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
    let elements: Vec<&Value> = results.iter().flat_map(elements).collect();
    let outcomes: Vec<_> = elements.iter().map(|element| mapped.element(element)).collect();
    let Decoded { ignored, delivery_id, reply, confirm, remarks, .. } = mapped.decoded;
    let decoded = Decoded::of_elements(outcomes, |index| format!("result {}", index + 1))?;
    let explained = ignored.is_some() || reply.is_some() || confirm.is_some();
    if decoded.events.is_empty() && !explained {
        let why = "gave no event for this request; if it means nothing, give {ignored: \"why\"}";
        return Err(Refusal::invalid(name, why));
    }
    let ignored = ignored.filter(|_| decoded.events.is_empty());
    Ok(Decoded { ignored, delivery_id, reply, confirm, remarks, ..decoded })
}

/// The elements of a result: a list's own, or the result itself; null is none.
fn elements(result: &Value) -> &[Value] {
    match result {
        Value::Null => &[],
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
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

    /// The events of one element; what is about the whole request is kept aside.
    fn element(&mut self, element: &Value) -> Result<Vec<Event>, Refusal> {
        match element {
            Value::Null => Ok(Vec::new()),
            Value::Object(members) => self.object(members),
            Value::Array(_) => Err(self.wrong("gave a list within a list; events were expected in it")),
            other => {
                let shown = text::truncate(&other.to_string(), 60);
                Err(self.wrong(format!("gave {shown}; an event, a list of events or null was expected")))
            }
        }
    }

    fn object(&mut self, members: &Map<String, Value>) -> Result<Vec<Event>, Refusal> {
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let unknown = text::truncate(&text::one_line(unknown), 60);
            return Err(self.wrong(format!(
                "gave an event with the member `{unknown}`, which none has; known are {}",
                MEMBERS.join(", ")
            )));
        }
        let text = |names: &[&str]| names.iter().find_map(|name| members.get(*name).and_then(json::scalar));
        if let Some(why) = text(&["refused"]) {
            return Err(self.wrong(text::truncate(&text::one_line(&why), WHY_CHARS)));
        }
        if self.whole_request(members)? {
            return Ok(Vec::new());
        }
        let changes: &[Change] = match text(&["change", "status"]) {
            Some(word) => self.settings.changes(&word, self.name)?,
            None => &[Change::Trigger],
        };
        let title = text(&["title"]).map(|title| text::one_line(&title)).filter(|title| !title.is_empty());
        let key = text(&["key", "id"]);
        let (key, title) = match (key, title) {
            (Some(key), Some(title)) => (key, title),
            (Some(key), None) => (key.clone(), text::one_line(&key)),
            (None, Some(title)) => (title.clone(), title),
            (None, None) => return Err(self.wrong("gave an event with neither a title nor a key")),
        };
        let mut event = Event::new(Change::Trigger, &key, &title)
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
        Ok(event.for_each(changes))
    }

    /// Takes what is about the whole request. Returns whether the element is about nothing else.
    fn whole_request(&mut self, members: &Map<String, Value>) -> Result<bool, Refusal> {
        let text = |name: &str| members.get(name).and_then(json::scalar);
        let decoded = &mut self.decoded;
        if let Some(id) = text("delivery_id") {
            decoded.delivery_id = Some(text::truncate(&id, 200));
        }
        for remark in list(members.get("remarks")).iter().filter_map(json::scalar) {
            decoded.remarks.push(text::truncate(&text::one_line(&remark), WHY_CHARS));
        }
        decoded.confirm = text("confirm").or(decoded.confirm.take());
        let ignored = text("ignored").map(|why| text::truncate(&text::one_line(&why), WHY_CHARS));
        let is_ignored = ignored.is_some();
        decoded.ignored = ignored.or(decoded.ignored.take());
        let answer = members.get("reply").filter(|answer| !answer.is_null());
        if let Some(answer) = answer {
            decoded.reply = Some(reply(answer).map_err(|why| Refusal::invalid(self.name, why))?);
        }
        let has_event = ["title", "key", "id"].iter().any(|name| members.contains_key(*name));
        Ok(is_ignored || (answer.is_some() && !has_event))
    }
}

/// The answer that the sender gets: `{status, headers, body}`. A body that is no text is sent as JSON.
fn reply(answer: &Value) -> Result<Reply, String> {
    let Value::Object(members) = answer else {
        return Err("gave a reply that is no object; {status: 200, body: …} was expected".to_owned());
    };
    if let Some(unknown) = members.keys().find(|name| !["status", "headers", "body"].contains(&name.as_str())) {
        let unknown = text::truncate(&text::one_line(unknown), 60);
        return Err(format!("gave a reply with the member `{unknown}`; known are status, headers, body"));
    }
    let status = match members.get("status") {
        None | Some(Value::Null) => 200,
        Some(status) => status
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (200..=599).contains(status))
            .ok_or_else(|| format!("gave a reply with the status {status}, which is not 200 to 599"))?,
    };
    let lines = members.get("headers").and_then(Value::as_object).into_iter().flatten();
    let line = |(name, value): (&String, &Value)| {
        Some(Header { name: name.to_ascii_lowercase(), value: json::scalar(value)? })
    };
    let mut headers: Vec<Header> = lines.filter_map(line).collect();
    let body = match members.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(document) => {
            if !headers.iter().any(|header| header.name == "content-type") {
                let value = "application/json".to_owned();
                headers.push(Header { name: "content-type".to_owned(), value });
            }
            document.to_string().into_bytes()
        }
    };
    Ok(Reply { status, headers, body })
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
