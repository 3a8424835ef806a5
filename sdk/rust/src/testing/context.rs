//! The contexts that tests begin with: a usual one and one that means harm.
//!
//! Never reads a file: what a case changes of the usual one is for `incident`.

use tocsin_cases::incident::Told;

use super::incident;
use crate::chat::{Buttons, Facts, OtherActions};
use crate::{Context, Label, Link};

/// Incident 42, critical, open, with a message, two labels and a link; just opened; first attempt at
/// 2026-01-02T03:04:05Z; the addresses that an open incident has.
///
/// # Panics
/// Never: the words of the usual incident are those of the plugin API.
pub fn example_context() -> Context {
    incident::context(Told::default()).expect("the usual incident has the words of the plugin API")
}

/// The example with `filler` again and again in every text that comes from outside, as much as the host lets
/// through and more: a title of 10,000, 100 labels of 4 KB, 16 links with awkward addresses, an actor.
pub fn hostile_context(filler: &str) -> Context {
    let fill = |bytes: usize| filler.repeat(bytes / filler.len().max(1));
    let mut context = example_context();
    let incident = &mut context.incident;
    incident.title = filler.repeat(10_000);
    incident.message = fill(65_536);
    incident.source = filler.repeat(500);
    incident.labels = (0..100).map(|n| label(&format!("{n}{filler}"), &fill(4_096))).collect();
    let url = "https://a.example/@&]".repeat(80);
    incident.links = (0..16).map(|_| Link { title: filler.repeat(300), url: url.clone() }).collect();
    context.change.text = filler.repeat(5_000);
    context.change.actor = Some(filler.repeat(500));
    context
}

/// The settings by which a message shows all facts that there are.
pub fn all_facts() -> Facts {
    Facts { attributes: vec!["list".to_owned()], user_info: true }
}

/// The settings by which a message has all buttons that the incident's state allows.
pub const fn all_buttons() -> Buttons {
    Buttons {
        incident_button: true,
        modify_button: true,
        delete_button: true,
        other_actions: OtherActions::Yes,
        other_action_codes: Vec::new(),
    }
}

fn label(key: &str, value: &str) -> Label {
    Label { key: key.to_owned(), value: value.to_owned() }
}
