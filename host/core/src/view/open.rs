//! Maps in which everything can be looked up: what is not there reads as a value that stands for nothing.
//!
//! Never an error for a name, since nobody knows beforehand what labels an alert will have; and never a lie
//! about what is there: `in`, loops and lengths see only the entries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

/// A map of texts in which every other name reads as `missing`. The last entry of a name counts.
pub(super) fn texts(entries: Vec<(String, String)>, missing: &str) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
    open_map(entries, Value::from(missing))
}

/// A map in which every name that is not there reads as `missing`.
pub(super) fn open_map(entries: BTreeMap<String, Value>, missing: Value) -> Value {
    Value::from_object(OpenMap { entries, missing })
}

/// `value` as a map that the template engine knows, if it is one of this module's.
pub(crate) fn as_map(value: &Value) -> Option<Value> {
    value.downcast_object_ref::<OpenMap>().map(|map| Value::from(map.entries.clone()))
}

/// Whether `value` is a map, of this module's or any other.
pub(crate) fn is_map(value: &Value) -> bool {
    value.kind() == ValueKind::Map || value.downcast_object_ref::<OpenMap>().is_some()
}

#[derive(Debug)]
struct OpenMap {
    entries: BTreeMap<String, Value>,
    missing: Value,
}

impl Object for OpenMap {
    /// Not [`ObjectRepr::Map`]: for those the engine takes `x in map` to mean that `x` can be looked up,
    /// which is always so here. Of something that is iterated, `in` asks for the keys.
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(self.entries.get(key).unwrap_or(&self.missing).clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.keys().map(Value::from).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As the engine shows its own, but what is not there reads as nothing.
        if self.entries.is_empty() {
            Ok(())
        } else {
            fmt::Display::fmt(&Value::from(self.entries.clone()), f)
        }
    }
}
