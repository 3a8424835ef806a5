//! Values between jq and the rest of the plugin.
//!
//! Never lets more out than an event may hold: a program can double a text forty times.

use jaq_json::{Num, Val};
use serde_json::{Map, Number, Value};

/// Values in one result.
const VALUES_MAX: usize = 20_000;
/// Bytes of text in one result.
const BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a value beside its text.
const VALUE_BYTES: usize = 32;
/// Lists and objects within one another in a result.
const DEPTH_MAX: usize = 32;

pub(super) fn to_jq(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(yes) => Val::Bool(*yes),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Val::Num(Num::from_integral(whole)),
            (None, Some(whole)) => Val::Num(Num::from_integral(whole)),
            (None, None) => Val::from(number.as_f64().unwrap_or(0.0)),
        },
        Value::String(text) => Val::utf8_str(text.clone()),
        Value::Array(items) => items.iter().map(to_jq).collect(),
        Value::Object(members) => Val::obj(
            members.iter().map(|(name, value)| (Val::utf8_str(name.clone()), to_jq(value))).collect(),
        ),
    }
}

/// The value, and about how many bytes it takes.
///
/// # Errors
/// When the value is too large.
pub(super) fn from_jq(value: &Val) -> Result<(Value, usize), String> {
    let mut room = Room { values: VALUES_MAX, bytes: BYTES_MAX };
    let found =
        room.value(value, 0).ok_or_else(|| "it gives a result that is too large for an event".to_owned())?;
    Ok((found, (BYTES_MAX - room.bytes) + (VALUES_MAX - room.values) * VALUE_BYTES))
}

/// What a result may still hold.
struct Room {
    values: usize,
    bytes: usize,
}

impl Room {
    fn value(&mut self, value: &Val, depth: usize) -> Option<Value> {
        self.values = self.values.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        Some(match value {
            Val::Null => Value::Null,
            Val::Bool(yes) => Value::Bool(*yes),
            // Not a number and infinity have no place in JSON.
            Val::Num(number) => number.to_string().parse::<Number>().map_or(Value::Null, Value::Number),
            Val::BStr(bytes) | Val::TStr(bytes) => Value::String(self.text(bytes)?),
            Val::Arr(items) => {
                Value::Array(items.iter().map(|item| self.value(item, depth + 1)).collect::<Option<_>>()?)
            }
            Val::Obj(members) => {
                let mut object = Map::new();
                for (name, value) in members.iter() {
                    let name = match name {
                        Val::BStr(bytes) | Val::TStr(bytes) => self.text(bytes)?,
                        other => other.to_string(),
                    };
                    object.insert(name, self.value(value, depth + 1)?);
                }
                Value::Object(object)
            }
        })
    }

    fn text(&mut self, bytes: &[u8]) -> Option<String> {
        self.bytes = self.bytes.checked_sub(bytes.len())?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}
