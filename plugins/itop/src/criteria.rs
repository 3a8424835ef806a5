//! Fields that find another object (`team_id`, `service_id`): what a placeholder left empty is left out.
//!
//! Never weakens a search: when one of several criteria is empty, the whole field is left out, since the others alone
//! could find another object.

use serde_json::Value;

use crate::plan::Object;

/// Leaves out external keys that are empty, as a text or by a criterion: iTop answers an empty text with a fatal error
/// and an empty criterion with `No item found`.
pub(crate) fn drop_empty(fields: &mut Object) {
    fields.retain(|name, value| !(name.ends_with("_id") && is_empty(value)));
    for value in fields.values_mut() {
        let Value::Array(items) = value else { continue };
        items.iter_mut().filter_map(Value::as_object_mut).for_each(drop_empty);
        items.retain(|item| !item.as_object().is_some_and(Object::is_empty));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty(),
        Value::Object(criteria) => {
            criteria.is_empty() || criteria.values().any(|value| value.is_null() || is_empty(value))
        }
        _ => false,
    }
}
