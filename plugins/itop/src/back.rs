//! What is kept of an answer: the object's number for later deliveries, and labels of the incident.
//!
//! Never keeps what could not be asked for again: an id is digits, a class is a name.

use tocsin_plugin::prelude::*;

use crate::answer::Found;
use crate::guard;
use crate::settings::{Connection, Scene, given};

/// Characters of a label that is written back, as the host has it.
const LABEL_CHARS: usize = 1_000;
/// The references, as templates name them: `references.<connection>.ticket`.
const ID: &str = "ticket";
const CLASS: &str = "ticket_class";
const NAME: &str = "ticket_name";

/// An object that was named by an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) class: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl From<&Found> for Ticket {
    fn from(found: &Found) -> Self {
        Self { class: found.class.clone(), id: found.id.clone(), name: found.name() }
    }
}

/// The ticket that an earlier delivery kept; of the class `otherwise` if that was not kept.
pub(crate) fn kept(scene: Scene<'_>, otherwise: &str) -> Option<Ticket> {
    let value = |key| scene.context.reference(key).map(|reference| reference.value.clone());
    let id = value(ID).filter(|id| guard::is_id(id))?;
    let class = value(CLASS).filter(|class| guard::is_name(class)).unwrap_or_else(|| otherwise.to_owned());
    let name = value(NAME).unwrap_or_else(|| format!("{class}::{id}"));
    Some(Ticket { class, id, name })
}

/// An outcome that keeps `found`.
pub(crate) fn outcome(scene: Scene<'_>, summary: String, found: &Found) -> Outcome {
    let url = address(scene.connection, found);
    let name = text::truncate(&found.name(), LABEL_CHARS);
    let outcome = Outcome::delivered(summary)
        .reference(ID, &found.id, url.as_deref())
        .reference(CLASS, &found.class, None)
        .reference(NAME, &name, None);
    labelled(scene, outcome, found)
}

/// The same with labels alone.
pub(crate) fn labelled(scene: Scene<'_>, outcome: Outcome, found: &Found) -> Outcome {
    let labels = scene.plan.write_back.iter();
    let labels = labels.filter_map(|(label, field)| Some((label, found.field(field)?)));
    labels
        .fold(outcome, |outcome, (label, value)| outcome.update(label, &text::truncate(&value, LABEL_CHARS)))
}

/// Where a person finds an object; iTop's own form of the address.
fn address(connection: &Connection, found: &Found) -> Option<String> {
    let root = given(&connection.web_url)?.trim_end_matches('/');
    let url = format!("{root}/pages/UI.php?operation=details&class={}&id={}", found.class, found.id);
    text::is_web_address(&url).then_some(url)
}
