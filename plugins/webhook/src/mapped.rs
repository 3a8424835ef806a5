//! What a program gave, as events.
//!
//! Never lets a misspelt member pass: the author would not see that it is missing.

mod reply;

use serde_json::{Map, Value, json};
use tocsin_plugin::notes::{Draft, Notes};
use tocsin_plugin::prelude::*;

use crate::In;
use crate::jq::{Failed, Program};

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
    let program = Program::of_events(code, VARIABLES).map_err(refused)?;
    let results = program.results(document, &[about(request)]).map_err(refused)?;
    let elements: Vec<_> = results.iter().flat_map(elements).collect();
    let mut mapped = Mapped { name, settings, decoded: Decoded::default(), notes: settings.notes() };
    let outcomes: Vec<_> = elements.iter().map(|element| mapped.element(*element)).collect();
    let is_list = outcomes.len() > 1;
    let first_failed = outcomes.iter().position(Result::is_err).unwrap_or_default();
    let place = |index| format!("result {}", index + 1);
    let decoded = Decoded::of_elements(outcomes, place).map_err(|refusal| match refusal {
        Refusal::Invalid { field, problem } if is_list => {
            Refusal::Invalid { field, problem: format!("{}: {problem}", place(first_failed)) }
        }
        other => other,
    })?;
    let Mapped { decoded: Decoded { ignored, delivery_id, reply, confirm, remarks, .. }, notes, .. } = mapped;
    let explained = ignored.is_some() || reply.is_some() || confirm.is_some();
    if decoded.events.is_empty() && !explained {
        let why = "gave no event for this request; if it means nothing, give {ignored: \"why\"}";
        return Err(Refusal::invalid(name, why));
    }
    let ignored = ignored.filter(|_| decoded.events.is_empty());
    let remarks = remarks.into_iter().chain(notes.into_remarks()).collect();
    Ok(Decoded { ignored, delivery_id, reply, confirm, remarks, ..decoded })
}

/// The elements of a result: a list's own, or the result itself; null is none.
fn elements(result: &Result<Value, Failed>) -> Vec<Result<&Value, &Failed>> {
    match result {
        Ok(Value::Null) => Vec::new(),
        Ok(Value::Array(items)) => items.iter().map(Ok).collect(),
        Ok(single) => vec![Ok(single)],
        Err(failed) => vec![Err(failed)],
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
    notes: Notes,
}

impl Mapped<'_> {
    fn wrong(&self, problem: impl Into<String>) -> Refusal {
        Refusal::invalid(self.name, problem)
    }

    /// The events of one element; what is about the whole request is kept aside.
    fn element(&mut self, element: Result<&Value, &Failed>) -> Result<Vec<Event>, Refusal> {
        match element {
            Err(failed) => Err(self.wrong(format!("could not be applied: {failed}"))),
            Ok(Value::Null) => Ok(Vec::new()),
            Ok(Value::Object(members)) => self.object(members),
            Ok(Value::Array(_)) => Err(self.wrong("gave a list within a list; events were expected in it")),
            Ok(other) => {
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
        let event = Event::new(Change::Trigger, &key, &title)
            .message(text(&["message"]).unwrap_or_default())
            .actor(&text::truncate(&text(&["actor"]).unwrap_or_default(), 200));
        let mut draft = Draft::new(event, &mut self.notes);
        draft.time("occurred_at", text(&["occurred_at"]).as_deref());
        draft.severity(text(&["severity"]).as_deref(), &self.settings.severities());
        let labels = members.get("labels").map(|labels| json::flatten("", labels));
        for (name, value) in labels.into_iter().flatten() {
            draft.label(&name, &value);
        }
        links(&mut draft, members.get("links").or_else(|| members.get("link")));
        let mut event = draft.finish();
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
            decoded.delivery_id = Some(id);
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
            decoded.reply = Some(reply::read(answer).map_err(|why| Refusal::invalid(self.name, why))?);
        }
        let has_event = ["title", "key", "id"].iter().any(|name| members.contains_key(*name));
        Ok(is_ignored || (answer.is_some() && !has_event))
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

/// Addresses: an object of titles and addresses, or a list of addresses or of objects with `title` and `url`. A null
/// is no address, and is passed over without a note: a program writes `{"Panel": .url}` for alerts without one too.
fn links(draft: &mut Draft<'_>, links: Option<&Value>) {
    if let Some(Value::Object(members)) = links
        && !members.contains_key("url")
    {
        for (title, url) in members.iter().filter(|(_, url)| !is_nothing(url)) {
            draft.link(title, &json::scalar(url).unwrap_or_default());
        }
        return;
    }
    for link in
        list(links).iter().filter(|link| !is_nothing(link) && !link.get("url").is_some_and(is_nothing))
    {
        let url = json::scalar(link).or_else(|| json::text(link, "url")).unwrap_or_default();
        let title = json::text(link, "title").unwrap_or_else(|| "Link".to_owned());
        draft.link(&title, &url);
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
