//! What iTop refuses, and in which text: values that a class lacks, rights, read-only mode, closed tickets, texts that
//! are too long.
//!
//! Never changes anything. Where the text was not seen on a running iTop, its function says so.

use serde_json::{Map, Value};

use super::{Itop, failure};

/// Bytes of an HTML field.
const TEXT_BYTES: usize = 65_535;

/// What this iTop and its login are like.
#[derive(Default)]
pub(in crate::outbound::lives) struct Limits {
    /// The ITIL request module is installed: its `UserRequest` has no origin `monitoring`.
    pub(in crate::outbound::lives) is_itil: bool,
    /// iTop is in read-only mode (`access_mode`, `data/.readonly`).
    pub(in crate::outbound::lives) is_read_only: bool,
    /// Classes that the login may not write.
    pub(in crate::outbound::lives) forbidden: Vec<&'static str>,
}

impl Itop {
    /// iTop's answer to what it refuses; none for what it does.
    pub(super) fn refusal(&self, asked: &Value) -> Option<Value> {
        self.unknown_output(asked)
            .or_else(|| self.missing_right(asked))
            .or_else(|| missing_value(&self.limits, asked))
            .or_else(|| fields(asked).find_map(|(name, value)| bad_value(name, value)))
            .or_else(|| self.missing_object(asked))
            .or_else(|| self.closed(asked))
    }

    /// A person has neither number nor state. iTop reads the list before it looks at rights.
    fn unknown_output(&self, asked: &Value) -> Option<Value> {
        let names = asked["output_fields"].as_str().filter(|_| asked["class"] == "Person")?;
        let unknown = names.split(", ").find(|name| ["ref", "title"].contains(name))?;
        Some(failure(100, &format!("Error: output_fields: invalid attribute code '{unknown}'")))
    }

    /// The same text for a missing right and for read-only mode, before iTop looks for the object.
    fn missing_right(&self, asked: &Value) -> Option<Value> {
        let does = match asked["operation"].as_str()? {
            "core/create" => "creating",
            "core/update" | "core/apply_stimulus" => "modifying",
            _ => return None,
        };
        let class = asked["class"].as_str()?;
        let may = !self.limits.is_read_only && !self.limits.forbidden.contains(&class);
        let text =
            format!("The current user does not have enough permissions for {does} data of class {class}");
        (!may).then(|| failure(1, &text))
    }

    fn missing_object(&self, asked: &Value) -> Option<Value> {
        let id = asked["key"].as_str().filter(|key| key.bytes().all(|byte| byte.is_ascii_digit()))?;
        let is_gone = asked["operation"] != "core/get" && self.find(&asked["key"]).is_empty();
        let class = asked["class"].as_str().unwrap_or_default();
        is_gone.then(|| failure(100, &format!("Error: Invalid object {class}::{id}")))
    }

    /// A closed ticket takes entries of its private log only. The text is not iTop's.
    fn closed(&self, asked: &Value) -> Option<Value> {
        let is_entry = asked["operation"] == "core/update" && asked["fields"].get("public_log").is_some();
        let is_closed = |id: &u64| self.tickets[id]["status"] == "closed";
        let text = "Error: public_log: the attribute is read-only in the state closed";
        (is_entry && self.find(&asked["key"]).iter().any(is_closed)).then(|| failure(100, text))
    }
}

fn missing_value(limits: &Limits, asked: &Value) -> Option<Value> {
    let is_request = asked["operation"] == "core/create" && asked["class"] == "UserRequest";
    let is_unknown = limits.is_itil && is_request && asked["fields"]["origin"] == "monitoring";
    is_unknown.then(|| failure(100, "Error: Unexpected value for attribute 'Origin'"))
}

fn bad_value(name: &str, value: &Value) -> Option<Value> {
    let text = value.as_str().or_else(|| value.pointer("/add_item/message")?.as_str());
    if let Some(bytes) = text.map(str::len).filter(|bytes| *bytes > TEXT_BYTES) {
        let found = format!("found {bytes}, limited to {TEXT_BYTES}");
        return Some(failure(100, &format!("Error: {name}: String too long ({found})")));
    }
    let criteria = value.as_object().filter(|_| name.ends_with("_id"))?;
    let (criterion, _) = criteria.iter().find(|(_, value)| *value == "")?;
    Some(failure(100, &format!("Error: {name}: No item found with criteria: {criterion}:  ()")))
}

fn fields(asked: &Value) -> impl Iterator<Item = (&String, &Value)> {
    asked["fields"].as_object().into_iter().flat_map(Map::iter)
}
