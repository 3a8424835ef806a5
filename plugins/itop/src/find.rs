//! Finding our own ticket and our own entry again, so that a lost answer never makes a second one.
//!
//! Never puts anything into a query but an id of letters and digits, a name of iTop's, a time and words of our own,
//! and never takes a ticket for ours that only quotes the mark.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use crate::answer::{Answer, Found};
use crate::back::Ticket;
use crate::call;
use crate::settings::{Scene, given};
use crate::ticket::Mark;

/// The request that looks for the object with this mark: by the operator's field where there is one, else by
/// the paragraph below the description. A LIKE reads every description, which is why it is asked after a failure
/// only.
///
/// # Errors
/// An id of another shape.
pub(crate) fn request(scene: Scene<'_>, class: &str, mark: Mark) -> Result<Value, Failure> {
    let id = mark.id(scene.context)?;
    Ok(match given(&scene.settings.mark_field) {
        Some(field) => call::get(class, &json!({ field: id }), call::output(scene, &[])),
        None => {
            let oql = format!("SELECT {class} WHERE description LIKE '%{}%'", mark.sentence(id));
            call::get(class, &Value::from(oql), call::output(scene, &["description"]))
        }
    })
}

/// The request whether the entry of this change is in this log of a ticket, by its mark. The log itself is not
/// asked for: it may be longer than an answer can be.
///
/// # Errors
/// An id of another shape.
pub(crate) fn entry(scene: Scene<'_>, ticket: &Ticket, log: &str) -> Result<Value, Failure> {
    let Ticket { class, id, .. } = ticket;
    let words = Mark::Delivery.sentence(Mark::Delivery.id(scene.context)?);
    let oql = format!("SELECT {class} WHERE id = {id} AND {log} LIKE '%{words}%'");
    Ok(call::get(class, &Value::from(oql), call::output(scene, &[])))
}

/// Whether an object that was not found may be made now. iTop goes on with a create whose caller is gone, and
/// until it is done with it nothing is found: the same question again, and a create at once, would make two.
///
/// Nothing tells when the earlier attempt was, so only every second attempt makes an object, the first, the
/// third and so on; those between only look, and have the next one wait for `settle`. Such a look may have failed
/// itself, so nothing is made again within `settle` of the change either.
///
/// # Errors
/// That it is too early, and when to come back.
pub(crate) fn is_settled(scene: Scene<'_>) -> Result<(), Failure> {
    let context = scene.context;
    let settle_ms = u64::try_from(scene.connection.settle.as_millis()).unwrap_or(u64::MAX);
    let age_micros = context.now.as_micros().saturating_sub(context.change.at.as_micros());
    let wait_ms = match context.attempt {
        0 | 1 => 0,
        attempt if attempt % 2 == 0 => settle_ms,
        // A change that lies ahead has an age that is not known: the clock was put back.
        _ => u64::try_from(age_micros / 1_000).map_or(0, |age_ms| settle_ms.saturating_sub(age_ms)),
    };
    if wait_ms == 0 {
        return Ok(());
    }
    Err(Failure::Retry {
        reason: "iTop has no ticket yet, and may still be at work on the create of an earlier attempt (`settle`): \
                 it is looked for again before one is made"
            .to_owned(),
        after_ms: Some(wait_ms),
    })
}

/// The oldest of the objects that are ours: MySQL compares without case and accents, this does not. Of those that were made after the ticket `after`, if there is one.
///
/// # Errors
/// An id of another shape.
pub(crate) fn ours(
    scene: Scene<'_>,
    answer: &Answer,
    mark: Mark,
    after: Option<&Ticket>,
) -> Result<Option<Found>, Failure> {
    let words = mark.sentence(mark.id(scene.context)?);
    let by_field = given(&scene.settings.mark_field).is_some();
    let is_ours = |found: &&Found| {
        by_field
            || found.fields.get("description").and_then(Value::as_str).is_some_and(|d| d.contains(&words))
    };
    let is_later = |found: &&Found| {
        after.is_none_or(|ticket| (found.id.len(), found.id.as_str()) > (ticket.id.len(), ticket.id.as_str()))
    };
    Ok(answer.objects.iter().filter(is_later).find(is_ours).cloned())
}
