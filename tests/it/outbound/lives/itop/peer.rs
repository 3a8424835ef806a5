//! An iTop with tickets that have a life cycle, asked over HTTP as the real one is: a form with the version,
//! the login and one JSON document.
//!
//! Never kinder than iTop: a wrong login, a missing comment or a state that does not allow a stimulus is
//! refused in its words.

mod refusals;
mod webhooks;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub(in super::super) use self::refusals::Limits;
pub(in super::super) use self::webhooks::Webhooks;
use super::super::{Shared, form, lock};
use crate::harness::{Gate, Receiver, Recorded, Reply};

/// The password, with all that a form has to encode.
pub(in super::super) const PASSWORD: &str = "p&ss=w%rd +ü";
/// Stimuli, where they lead from, and where to.
const LIFE: [(&str, &[&str], &str); 6] = [
    ("ev_assign", &["new", "pending"], "assigned"),
    ("ev_resolve", &["assigned"], "resolved"),
    ("ev_autoresolve", &["new", "assigned", "pending"], "resolved"),
    ("ev_reopen", &["resolved"], "assigned"),
    ("ev_pending", &["assigned"], "pending"),
    ("ev_close", &["resolved"], "closed"),
];

/// The iTop.
#[derive(Default)]
pub(in super::super) struct Itop {
    tickets: BTreeMap<u64, Map<String, Value>>,
    /// Tickets that were ever made.
    made: u64,
    /// What it refuses.
    pub(in super::super) limits: Limits,
    /// Where its webhooks go.
    pub(in super::super) webhooks: Option<Webhooks>,
    /// The document of each request.
    pub(in super::super) asked: Vec<Value>,
    /// Answered to the next requests, without anything being done.
    pub(in super::super) instead: VecDeque<(u16, &'static str)>,
    /// A stimulus that is refused without a word.
    pub(in super::super) silent: Option<&'static str>,
    /// The word of an operation whose next answer is lost after it was done.
    pub(in super::super) lose: Option<&'static str>,
    /// What the answer to a create waits for, when the ticket is there.
    pub(in super::super) gate: Option<Arc<Gate>>,
    /// What the next create itself waits for: it is done whether its caller is still there or not.
    pub(in super::super) slow: Option<Arc<Gate>>,
}

impl Itop {
    /// One that answers at a receiver.
    pub(in super::super) fn at(receiver: &Receiver) -> Shared<Self> {
        let itop: Shared<Self> = Shared::default();
        let asked = Shared::clone(&itop);
        receiver.script(move |request, _| {
            let creates = word(&document(&form(&request.body))) == "create";
            let slow = lock(&asked).slow.take_if(|_| creates);
            if let Some(slow) = slow {
                slow.wait();
            }
            let (reply, gate, webhook) = {
                let mut itop = lock(&asked);
                let (reply, payload) = itop.reply(request);
                (reply, itop.gate.take_if(|_| creates), itop.webhooks.clone().zip(payload))
            };
            if let Some((webhooks, payload)) = webhook {
                webhooks.send(&payload);
            }
            if let Some(gate) = gate {
                gate.wait();
            }
            reply
        });
        itop
    }

    /// The stimulus or the last word of the operation of each request.
    pub(in super::super) fn operations(&self) -> Vec<&str> {
        self.asked.iter().map(word).collect()
    }

    pub(in super::super) fn tickets(&self) -> usize {
        self.tickets.len()
    }

    /// All tickets, the oldest first.
    pub(in super::super) fn all(&self) -> Vec<&Map<String, Value>> {
        self.tickets.values().collect()
    }

    /// What a person writes into the first ticket.
    pub(in super::super) fn edit(&mut self, fields: Value) {
        self.set(1, &fields);
    }

    /// A person deletes the first ticket.
    pub(in super::super) fn delete(&mut self) {
        self.tickets.remove(&1);
    }

    /// The only ticket.
    pub(in super::super) fn ticket(&self) -> &Map<String, Value> {
        assert_eq!(self.tickets.len(), 1, "{:#?}", self.tickets);
        self.tickets.values().next().expect("there is one")
    }

    /// An entry that somebody else writes into the log of the only ticket.
    pub(in super::super) fn write(&mut self, entry: &str) {
        self.set(1, &json!({"private_log": {"add_item": {"message": entry}}}));
    }

    /// A ticket that was there before.
    pub(in super::super) fn put(&mut self, fields: Value) {
        self.create(&json!({"class": "Incident", "fields": fields}));
    }

    /// The answer, and what a webhook says of what was done.
    fn reply(&mut self, request: &Recorded) -> (Reply, Option<Value>) {
        let form = form(&request.body);
        let field = |name: &str| form.get(name).map(String::as_str);
        let asked = document(&form);
        self.asked.push(asked.clone());
        if let Some((status, body)) = self.instead.pop_front() {
            return (Reply::body(status, body), None);
        }
        let answer = if request.header("content-type") != Some("application/x-www-form-urlencoded")
            || field("version") != Some("1.3")
        {
            failure(2, "Error: Missing parameter 'version' (e.g. '1.0')")
        } else if (field("auth_user"), field("auth_pwd")) != (Some("tocsin"), Some(PASSWORD)) {
            failure(1, "Error: Invalid login")
        } else {
            self.operate(&asked)
        };
        let payload = self.payload(&asked, &answer);
        if self.lose.take_if(|lost| *lost == word(&asked)).is_some() {
            return (Reply::Cut, payload);
        }
        (Reply::body(200, &answer.to_string()), payload)
    }

    fn operate(&mut self, asked: &Value) -> Value {
        let operation = asked["operation"].as_str().unwrap_or_default();
        if operation != "core/get" && asked["comment"].as_str().unwrap_or_default().is_empty() {
            return failure(100, "Error: Missing parameter 'comment'");
        }
        if let Some(refusal) = self.refusal(asked) {
            return refusal;
        }
        let found =
            if operation == "core/create" { vec![self.create(asked)] } else { self.find(&asked["key"]) };
        match (operation, found.as_slice()) {
            ("core/create", [id]) => self.shown(&[*id], asked),
            ("core/get", found) => self.shown(found, asked),
            ("core/update", [id]) => {
                self.set(*id, &asked["fields"]);
                self.shown(&[*id], asked)
            }
            ("core/apply_stimulus", [id]) => self.apply(*id, asked),
            ("core/update" | "core/apply_stimulus", _) => failure(100, "Error: No item found with criteria"),
            _ => failure(11, "Error: Unknown verb"),
        }
    }

    fn create(&mut self, asked: &Value) -> u64 {
        self.made += 1;
        let id = self.made;
        let name = format!("R-{id:06}");
        let fixed = json!({
            "id": id.to_string(), "class": asked["class"], "ref": name, "friendlyname": name, "status": "new",
            "private_log": [], "public_log": [],
        });
        self.tickets.insert(id, fixed.as_object().expect("an object").clone());
        self.set(id, &asked["fields"]);
        id
    }

    fn set(&mut self, id: u64, fields: &Value) {
        let ticket = self.tickets.get_mut(&id).expect("it is there");
        for (name, value) in fields.as_object().into_iter().flatten() {
            match ticket.get_mut(name) {
                Some(Value::Array(entries)) => {
                    let added = value.pointer("/add_item/message").unwrap_or(value);
                    entries.push(added.clone());
                }
                _ => drop(ticket.insert(name.clone(), value.clone())),
            }
            if let Some(Value::Array(entries)) = ticket.get(name) {
                let size = entries.len();
                ticket.insert(format!("{name}_size"), size.into());
            }
            if name == "agent_id" {
                ticket.insert("agent_id_friendlyname".to_owned(), format!("Agent {value}").into());
            }
        }
    }

    fn apply(&mut self, id: u64, asked: &Value) -> Value {
        let (stimulus, status) =
            (asked["stimulus"].as_str().unwrap_or_default(), self.tickets[&id]["status"].clone());
        let way =
            LIFE.iter().find(|(by, from, _)| *by == stimulus && from.iter().any(|from| status == *from));
        match way {
            None => failure(
                100,
                &format!("Invalid stimulus: '{stimulus}' on the object R-{id:06} in state {status}"),
            ),
            Some(_) if self.silent == Some(stimulus) => json!({"objects": null, "code": 0, "message": null}),
            Some((_, _, to)) => {
                self.set(id, &asked["fields"]);
                self.set(id, &json!({"status": to}));
                self.shown(&[id], asked)
            }
        }
    }

    /// By id, by criteria, or by what a text holds.
    fn find(&self, key: &Value) -> Vec<u64> {
        let is_it = |ticket: &Map<String, Value>| match key {
            Value::Object(criteria) => criteria.iter().all(|(name, value)| ticket.get(name) == Some(value)),
            Value::String(oql) if oql.starts_with("SELECT ") => is_like(ticket, oql),
            id => ticket["id"] == *id,
        };
        self.tickets.iter().filter(|(_, ticket)| is_it(ticket)).map(|(id, _)| *id).collect()
    }

    fn shown(&self, ids: &[u64], asked: &Value) -> Value {
        let wanted: Vec<&str> = asked["output_fields"].as_str().unwrap_or_default().split(", ").collect();
        let object = |id: &u64| {
            let ticket = &self.tickets[id];
            let class = ticket["class"].as_str().unwrap_or_default().to_owned();
            let fields: Map<String, Value> = wanted
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), ticket.get(*name)?.clone())))
                .collect();
            let shown =
                json!({"code": 0, "message": "", "class": class, "key": id.to_string(), "fields": fields});
            (format!("{class}::{id}"), shown)
        };
        let objects: Map<String, Value> = ids.iter().map(object).collect();
        let objects = if objects.is_empty() { Value::Null } else { objects.into() };
        json!({"code": 0, "message": format!("Found: {}", ids.len()), "objects": objects})
    }
}

/// The JSON data of a form.
fn document(form: &BTreeMap<String, String>) -> Value {
    form.get("json_data").and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
}

/// Whether a ticket fits `SELECT … WHERE [id = … AND ]<field> LIKE '%…%'`.
fn is_like(ticket: &Map<String, Value>, oql: &str) -> bool {
    let (_, conditions) = oql.split_once(" WHERE ").expect("a condition");
    conditions.split(" AND ").all(|condition| match condition.split_once(" LIKE '%") {
        Some((field, rest)) => {
            let sought = rest.strip_suffix("%'").expect("its end");
            ticket.get(field).is_some_and(|value| value.to_string().contains(sought))
        }
        None => condition.strip_prefix("id = ").expect("an id") == ticket["id"],
    })
}

fn word(asked: &Value) -> &str {
    let operation = asked["operation"].as_str().and_then(|name| name.strip_prefix("core/"));
    asked["stimulus"].as_str().or(operation).unwrap_or("another")
}

fn failure(code: i32, message: &str) -> Value {
    json!({"objects": null, "code": code, "message": message})
}
