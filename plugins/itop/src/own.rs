//! Tickets that Tocsin made and that come back as incidents, from this installation or another one: none of them gets a
//! ticket of its own, or two iTops that mirror each other would never end.
//!
//! Never looks at alerts of other systems: only an incident that was a ticket of iTop counts.

use tocsin_plugin::Incident;

/// What every mark begins with.
const MARKS: [&str; 2] = ["Tocsin incident ", "Tocsin delivery "];
/// Characters of an id.
const ID_CHARS: usize = 26;
/// What the address of every object's page in iTop has.
const PAGE: &str = "operation=details&class=";

/// Why this incident gets no ticket.
pub(crate) fn ticket(incident: &Incident) -> Option<&'static str> {
    let is_ticket = incident.links.iter().any(|link| link.url.contains(PAGE))
        || (incident.label("ref").is_some() && incident.label("class").is_some());
    let is_marked = MARKS.iter().any(|mark| incident.message.split(mark).skip(1).any(begins_with_id));
    (is_ticket && is_marked)
        .then_some("the incident comes from a ticket of iTop that Tocsin made (skip_own_tickets)")
}

fn begins_with_id(text: &str) -> bool {
    text.get(..ID_CHARS).is_some_and(|id| id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
}
