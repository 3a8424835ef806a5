//! Finding our own ticket again, so that a lost answer never makes a second one.
//!
//! Never puts anything into a query but an id of letters and digits, and never takes a ticket for ours that
//! only quotes the mark.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use crate::answer::{Answer, Found};
use crate::call;
use crate::settings::{Scene, given};
use crate::ticket::Mark;

/// The request that looks for the object with this mark: by the operator's field where there is one, else by
/// the last line of the description. A LIKE reads every description, which is why it is asked after a failure
/// only.
///
/// # Errors
/// An id of another shape.
pub(crate) fn request(scene: Scene<'_>, class: &str, mark: Mark) -> Result<Value, Failure> {
    let id = mark.id(scene.context)?;
    Ok(match given(&scene.settings.mark_field) {
        Some(field) => call::get(class, &json!({ field: id }), call::output(scene, &[])),
        None => {
            let oql = format!("SELECT {class} WHERE description LIKE '%{}%'", mark.words(id));
            call::get(class, &Value::from(oql), call::output(scene, &["description"]))
        }
    })
}

/// The oldest of the objects that are ours. MySQL compares without case and accents; this does not.
pub(crate) fn ours(scene: Scene<'_>, answer: &Answer, mark: Mark) -> Result<Option<Found>, Failure> {
    let words = mark.words(mark.id(scene.context)?);
    let by_field = given(&scene.settings.mark_field).is_some();
    let is_ours = |found: &&Found| {
        by_field
            || found.fields.get("description").and_then(Value::as_str).is_some_and(|d| d.contains(&words))
    };
    Ok(answer.objects.iter().find(is_ours).cloned())
}
