//! A new ticket without what iTop does not take: a standard field whose value this iTop's class lacks.
//!
//! Never leaves out what the operator gave in `fields`, nor a field that iTop requires.

use tocsin_plugin::Response;

use crate::answer;
use crate::flight::Flight;
use crate::settings::Scene;

/// Standard fields that a ticket can do without. `origin` is first: its value `monitoring` is not in every iTop.
const FIELDS: [&str; 3] = ["origin", "impact", "urgency"];

/// The same flight without one more field, when `response` refuses one that may be left out. iTop names a field by its
/// label, in the language of its user, so an unknown name stands for the first that is left.
pub(crate) fn without_refused(scene: Scene<'_>, flight: &Flight, response: &Response) -> Option<Flight> {
    let why = answer::refused_field(response)?;
    let is_left = |field: &&str| {
        scene.settings.standard_fields
            && !scene.plan.fields.contains_key(*field)
            && !flight.without.iter().any(|gone| gone == *field)
    };
    let mut left = FIELDS.into_iter().filter(is_left);
    let lower = why.to_lowercase();
    let field = match FIELDS.into_iter().find(|field| lower.contains(&format!("'{field}'"))) {
        Some(named) => left.find(|field| *field == named)?,
        // One try: what is refused may be a field of the operator's.
        None if flight.without.is_empty() => left.next()?,
        None => return None,
    };
    let mut flight = flight.clone().noted(&format!("without `{field}`: {why}"));
    flight.without.push(field.to_owned());
    Some(flight)
}
