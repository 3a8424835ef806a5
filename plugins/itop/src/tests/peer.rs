//! An iTop in memory: the life cycle of its tickets and its answers, as measured on 3.2.0.
//!
//! Never lenient where iTop is not: a missing comment, an empty key or a title of 300 characters fails here
//! as it does there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tocsin_plugin::testing::request_to_json;
use tocsin_plugin::{HttpRequest, Response};

/// Transitions of `Incident` and `UserRequest`: state, stimulus, state after it.
const LIFE: [(&str, &str, &str); 9] = [
    ("new", "ev_assign", "assigned"),
    ("new", "ev_autoresolve", "resolved"),
    ("assigned", "ev_pending", "pending"),
    ("assigned", "ev_resolve", "resolved"),
    ("assigned", "ev_autoresolve", "resolved"),
    ("pending", "ev_assign", "assigned"),
    ("pending", "ev_autoresolve", "resolved"),
    ("resolved", "ev_reopen", "assigned"),
    ("resolved", "ev_close", "closed"),
];

/// The peer.
#[derive(Default)]
pub(super) struct Peer {
    pub(super) tickets: BTreeMap<u64, Map<String, Value>>,
    /// The JSON data of every request.
    pub(super) requests: Vec<Value>,
    /// Stimuli that are refused without a word.
    pub(super) silent: Vec<&'static str>,
    /// Stimuli that the life cycle lacks.
    pub(super) lacking: Vec<&'static str>,
    /// Fields whose values are refused, in iTop's words.
    pub(super) refused: Vec<(&'static str, &'static str)>,
    /// Classes that the login may not write.
    pub(super) forbidden: Vec<&'static str>,
    /// Classes that are not installed.
    pub(super) unknown: Vec<&'static str>,
    /// Whether it is in read-only mode: no class may be written then.
    pub(super) is_read_only: bool,
    /// A field that may not be written.
    pub(super) forbidden_field: Option<&'static str>,
    /// Answered instead, once, without doing anything.
    pub(super) instead: Option<(u16, &'static str)>,
    /// Whether it is still at work on a create when its caller gives up.
    pub(super) is_slow: bool,
    working: Vec<Value>,
}

impl Peer {
    pub(super) fn answer(&mut self, request: &HttpRequest) -> Response {
        let data = json_data(request);
        self.requests.push(data.clone());
        if let Some((status, body)) = self.instead.take() {
            return response(status, body);
        }
        if data["fields"]["caller_id"] == "" {
            return response(500, "<html><body>Fatal error</body></html>");
        }
        if self.is_slow && data["operation"] == "core/create" {
            self.working.push(data);
            return response(504, "");
        }
        if let Some(words) = self.forbids(&data) {
            return response(200, &json!({"objects": null, "code": 1, "message": words}).to_string());
        }
        let answer = self
            .operate(&data)
            .unwrap_or_else(|message| json!({"code": 100, "message": format!("Error: {message}")}));
        response(200, &answer.to_string())
    }

    /// What it says to a write of a class that the login may not write, as it does before it looks for the object.
    fn forbids(&self, data: &Value) -> Option<String> {
        let does = match data["operation"].as_str()? {
            "core/create" => "creating",
            "core/update" | "core/apply_stimulus" => "modifying",
            "core/delete" => "deleting",
            _ => return None,
        };
        let class = data["class"].as_str().filter(|class| !self.unknown.contains(class))?;
        let is_forbidden = self.is_read_only || self.forbidden.contains(&class);
        let words =
            || format!("The current user does not have enough permissions for {does} data of class {class}");
        is_forbidden.then(words)
    }

    /// Is done with what it was at work on.
    pub(super) fn finish(&mut self) {
        for data in std::mem::take(&mut self.working) {
            self.operate(&data).expect("it can be made");
        }
    }

    pub(super) fn operations(&self) -> Vec<String> {
        let name = |data: &Value| match (data["stimulus"].as_str(), data["operation"].as_str()) {
            (Some(stimulus), _) => stimulus.to_owned(),
            (None, operation) => operation.unwrap_or("").trim_start_matches("core/").to_owned(),
        };
        self.requests.iter().map(name).collect()
    }

    pub(super) fn only(&self) -> &Map<String, Value> {
        assert_eq!(self.tickets.len(), 1, "tickets");
        self.tickets.values().next().expect("there is one")
    }

    pub(super) fn status(&self) -> &str {
        self.only()["status"].as_str().expect("a text")
    }

    pub(super) fn set_status(&mut self, status: &str) {
        for ticket in self.tickets.values_mut() {
            ticket.insert("status".to_owned(), Value::from(status));
        }
    }

    fn operate(&mut self, data: &Value) -> Result<Value, String> {
        let operation = data["operation"].as_str().unwrap_or("");
        let class = data["class"].as_str().ok_or("Missing parameter 'class'")?;
        if self.unknown.contains(&class) {
            return Err(format!("class: Unknown class '{class}'"));
        }
        if operation != "core/get" && data["comment"].as_str().unwrap_or("").is_empty() {
            return Err("Missing parameter 'comment'".to_owned());
        }
        if class == "Person" && data["output_fields"].as_str().is_some_and(|names| names.contains("ref")) {
            return Err("output_fields: invalid attribute code 'ref'".to_owned());
        }
        if data["output_fields"].as_str().unwrap_or("").is_empty() && operation != "core/delete" {
            return Err("output_fields: invalid value ''".to_owned());
        }
        let shown = data["output_fields"].as_str().unwrap_or("");
        match operation {
            "core/create" => {
                let id = self.create(class, &data["fields"])?;
                Ok(self.shown(&[id], "created", shown))
            }
            "core/get" => {
                let found = self.find(&data["key"])?;
                let mut answer = self.shown(&found, "", shown);
                answer["message"] = Value::from(format!("Found: {}", found.len()));
                Ok(answer)
            }
            "core/update" => {
                let id = self.one(&data["key"])?;
                self.set(id, &data["fields"])?;
                Ok(self.shown(&[id], "updated", shown))
            }
            "core/apply_stimulus" => self.apply(data, shown),
            "core/delete" => {
                let found = self.find(&data["key"])?;
                let answer = self.shown(&found, "", "id, friendlyname");
                found.iter().for_each(|id| drop(self.tickets.remove(id)));
                Ok(answer)
            }
            other => Err(format!("Unknown verb '{other}' in version '1.3'")),
        }
    }

    fn create(&mut self, class: &str, fields: &Value) -> Result<u64, String> {
        let id = self.tickets.keys().last().copied().unwrap_or(0) + 1;
        for field in ["title", "org_id"] {
            if fields[field].is_null() {
                return Err(format!("Missing mandatory attribute: {field}"));
            }
        }
        let is_refused = |(field, _): &&(&str, &str)| !fields[*field].is_null();
        if let Some((_, words)) = self.refused.iter().find(is_refused) {
            return Err((*words).to_owned());
        }
        let fixed = json!({
            "id": id.to_string(), "class": class, "status": "new", "ref": format!("R-{id:06}"),
            "friendlyname": format!("R-{id:06}"), "private_log": {"entries": []}, "public_log": {"entries": []},
        });
        self.tickets.insert(id, fixed.as_object().cloned().expect("it is one"));
        self.set(id, fields).inspect_err(|_| drop(self.tickets.remove(&id)))?;
        Ok(id)
    }

    fn set(&mut self, id: u64, fields: &Value) -> Result<(), String> {
        let ticket = self.tickets.get_mut(&id).ok_or("gone")?;
        let is_closed = ticket.get("status").is_some_and(|status| status == "closed");
        for (name, value) in fields.as_object().ok_or("Missing parameter 'fields'")? {
            if (is_closed && name == "public_log") || self.forbidden_field == Some(name.as_str()) {
                return Err(format!("{name}: the attribute is read-only in the state closed"));
            }
            match (name.as_str(), value) {
                ("title", Value::String(title)) if title.chars().count() > 255 => {
                    return Err("title: the text is too long (255 characters at most)".to_owned());
                }
                (_, Value::Object(members)) if members.contains_key("add_item") => {
                    let message = members["add_item"]["message"].clone();
                    let entries = ticket.get_mut(name).and_then(|log| log["entries"].as_array_mut());
                    entries.ok_or("no such log")?.insert(0, json!({"message_html": message}));
                }
                ("description" | "solution", Value::String(html)) => {
                    assert!(!html.contains('\n'), "iTop would lose a line break: {html}");
                    let html = if html.starts_with("<p>") { html.clone() } else { format!("<p>{html}</p>") };
                    ticket.insert(name.clone(), Value::from(html));
                }
                _ => drop(ticket.insert(name.clone(), value.clone())),
            }
        }
        Ok(())
    }

    fn apply(&mut self, data: &Value, shown: &str) -> Result<Value, String> {
        let id = self.one(&data["key"])?;
        let stimulus = data["stimulus"].as_str().ok_or("Missing parameter 'stimulus'")?;
        let state = self.tickets[&id]["status"].as_str().unwrap_or("").to_owned();
        let target = LIFE.iter().find(|(from, by, _)| *from == state && *by == stimulus);
        let refused = |message: String| Ok(json!({"objects": null, "code": 100, "message": message}));
        let Some((_, _, target)) = target.filter(|_| !self.lacking.contains(&stimulus)) else {
            return refused(format!(
                "Invalid stimulus: '{stimulus}' on the object R-{id:06} in state '{state}'"
            ));
        };
        let is_solved = !data["fields"]["solution"].is_null() || self.tickets[&id].contains_key("solution");
        if *target == "resolved" && !is_solved {
            return refused("Missing mandatory attribute(s) for applying the stimulus: solution.".to_owned());
        }
        if self.silent.contains(&stimulus) {
            return Ok(json!({"objects": null, "code": 0, "message": null}));
        }
        self.set(id, &data["fields"])?;
        self.set(id, &json!({"status": target}))?;
        Ok(self.shown(&[id], "updated", shown))
    }

    fn one(&self, key: &Value) -> Result<u64, String> {
        match self.find(key)?.as_slice() {
            [id] => Ok(*id),
            [] => Err("No item found with criteria".to_owned()),
            several => Err(format!("Several items found ({})", several.len())),
        }
    }

    fn find(&self, key: &Value) -> Result<Vec<u64>, String> {
        let matches = |ticket: &Map<String, Value>| match key {
            Value::Object(criteria) => criteria.iter().all(|(name, value)| ticket.get(name) == Some(value)),
            Value::String(id) if id.chars().all(|c| c.is_ascii_digit()) => ticket["id"] == id.as_str(),
            Value::String(oql) => is_like(ticket, oql),
            _ => false,
        };
        if key.is_null() {
            return Err("Missing parameter 'key'".to_owned());
        }
        Ok(self.tickets.iter().filter(|(_, ticket)| matches(ticket)).map(|(id, _)| *id).collect())
    }

    fn shown(&self, ids: &[u64], message: &str, fields: &str) -> Value {
        let object = |id: &u64| {
            let ticket = &self.tickets[id];
            let class = ticket["class"].as_str().unwrap_or("");
            let fields: Map<String, Value> = fields
                .split(", ")
                .map(|name| (name.to_owned(), ticket.get(name).cloned().unwrap_or(Value::from(""))))
                .collect();
            let object = json!({"code": 0, "message": message, "class": class, "key": id.to_string(), "fields": fields});
            (format!("{class}::{id}"), object)
        };
        let objects: Map<String, Value> = ids.iter().map(object).collect();
        let objects = if objects.is_empty() { Value::Null } else { Value::Object(objects) };
        json!({"objects": objects, "code": 0, "message": null})
    }
}

/// Whether a ticket fits `SELECT … WHERE [id = … AND ]<field> LIKE '%…%'`, as MySQL compares: without case.
fn is_like(ticket: &Map<String, Value>, oql: &str) -> bool {
    let (_, conditions) = oql.split_once(" WHERE ").expect("a condition");
    conditions.split(" AND ").all(|condition| match condition.split_once(" LIKE '%") {
        Some((field, rest)) => {
            let sought = rest.strip_suffix("%'").expect("its end").to_lowercase();
            ticket.get(field).is_some_and(|value| value.to_string().to_lowercase().contains(&sought))
        }
        None => condition.strip_prefix("id = ").expect("an id") == ticket["id"],
    })
}

pub(super) fn response(status: u16, body: &str) -> Response {
    tocsin_plugin::testing::response(status, &[], body)
}

/// The JSON data of a request, read as PHP reads a form.
pub(super) fn json_data(request: &HttpRequest) -> Value {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", ""));
    assert_eq!(request.content_type, "application/x-www-form-urlencoded");
    assert!(request.query.is_empty(), "nothing belongs into the address");
    let shown = request_to_json(request);
    let form: BTreeMap<String, String> = shown["body"]
        .as_str()
        .expect("a form")
        .split('&')
        .map(|pair| pair.split_once('=').expect("name=value"))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    assert_eq!(form["version"], "1.3");
    assert!(!form.contains_key("callback"), "JSONP");
    serde_json::from_str(&form["json_data"]).expect("JSON")
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
