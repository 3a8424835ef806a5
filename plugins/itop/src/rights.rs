//! A right that is missing on one class, told apart from an iTop that is read-only. iTop refuses both in the same
//! text: in read-only mode (`access_mode`, `data/.readonly`) it refuses every write of every class so, an
//! administrator's too. One other class that the login may write shows that iTop is not read-only.
//!
//! Never writes anything: it asks for an update of an object that cannot exist. iTop looks at the right first, and
//! says that it found no such object only to a login that may write the class.

use serde_json::Value;
use tocsin_plugin::Response;
use tocsin_plugin::prelude::*;

use crate::answer;
use crate::call;
use crate::flight::{Doing, Flight};
use crate::follow::sent;
use crate::plan::Object;
use crate::settings::Scene;

/// Classes that a login for tickets may usually write. Each is one more request, so there are few.
const CLASSES: [&str; 3] = ["UserRequest", "Incident", "Person"];

/// The request that asks about another class, if `response` refuses a write of one.
pub(crate) fn begin(scene: Scene<'_>, response: &Response) -> Option<Result<Step, Failure>> {
    let refusal = answer::refused_write(response)?;
    Some(ask(scene, Flight::from(Doing::Rights).noted(&refusal), 0))
}

/// What the answer about another class says of the refusal, which is the flight's note.
///
/// # Errors
/// Always, unless a further class is asked about: rejected when the login may write another class, else to be tried
/// again.
pub(crate) fn resume(scene: Scene<'_>, flight: Flight, response: &Response) -> Result<Step, Failure> {
    let at = flight.at;
    let class = others(&flight.note).nth(at).unwrap_or_default();
    if answer::found_no_item(response) {
        return Err(Failure::rejected(format!(
            "iTop answered code 1: {}; iTop is not read-only, this login may write {class}: give the user a profile with \
             this right, then: tocsin deliveries retry",
            flight.note
        )));
    }
    ask(scene, flight, at + 1)
}

/// Asks about the class at this place.
fn ask(scene: Scene<'_>, flight: Flight, at: usize) -> Result<Step, Failure> {
    let Some(class) = others(&flight.note).nth(at) else {
        let asked: Vec<&str> = others(&flight.note).collect();
        return Err(Failure::retry(format!(
            "iTop answered code 1: {}; it lets this login write {} neither, so it is read-only (`access_mode`, \
             `data/.readonly`), or the user has no profile that may write",
            flight.note,
            asked.join(" and ")
        )));
    };
    let none = Value::from(format!("SELECT {class} WHERE id = 0"));
    let mut data = call::update(scene, class, &none, Object::new());
    // A field that this class lacks would be refused before the right is looked at.
    data["output_fields"] = Value::from("id");
    sent(scene, &data, &flight.at(at))
}

/// The classes to ask about: all but the one that was refused.
fn others(refusal: &str) -> impl Iterator<Item = &'static str> {
    let refused = refusal.rsplit("of class ").next().unwrap_or_default().trim().to_owned();
    CLASSES.into_iter().filter(move |class| *class != refused)
}
