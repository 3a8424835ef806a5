//! Which of an issue's transitions is meant by a name, a status or a category.
//!
//! Never by a translated name where the category's key says it: keys are the same in every language.

use serde_json::Value;
use tocsin_plugin::prelude::*;

/// Transitions that are read at most.
const TRANSITIONS_MAX: usize = 100;

/// A status of Jira's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// As people see it, perhaps translated.
    pub(crate) name: String,
    /// The category's key: `new`, `indeterminate`, `done` or `undefined`; empty on servers before 6.2.
    pub(crate) category: String,
}

/// A way out of the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) to: Status,
}

impl Status {
    pub(crate) fn read(document: &Value) -> Self {
        let at = |path| text::one_line(&json::text(document, path).unwrap_or_default());
        Self { name: at("name"), category: at("statusCategory.key") }
    }

    /// Whether it is what is wanted: by its name or by its category.
    pub(crate) fn is_one_of(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|word| is_same(word, &self.name) || is_category(word, &self.category))
    }

    /// Whether an issue in it is already what the change would make of it, however it came there.
    pub(crate) fn means(&self, kind: ChangeKind) -> bool {
        match kind {
            ChangeKind::Resolved => self.category == "done",
            ChangeKind::Acknowledged => matches!(self.category.as_str(), "indeterminate" | "done"),
            ChangeKind::Reopened => matches!(self.category.as_str(), "new" | "indeterminate"),
            _ => false,
        }
    }
}

/// The transitions of an answer to `GET …/issue/<key>/transitions`, in Jira's order. Cloud lists some that are
/// not available when asked to; those are left out.
pub(crate) fn read(document: &Value) -> Vec<Transition> {
    let listed = document.get("transitions").and_then(Value::as_array).into_iter().flatten();
    let open = listed.filter(|transition| transition.get("isAvailable") != Some(&Value::Bool(false)));
    let read = open.filter_map(|transition| {
        let id = json::text(transition, "id").filter(|id| id.len() <= 32)?;
        let name = text::one_line(&json::text(transition, "name").unwrap_or_default());
        Some(Transition { id, name, to: transition.get("to").map(Status::read).unwrap_or_default() })
    });
    read.take(TRANSITIONS_MAX).collect()
}

/// The transition that is meant. The operator's words are tried one after the other, each as a transition's own
/// name, then as the name of the status that it leads to, then as that status' category; of several transitions
/// the first in Jira's order.
pub(crate) fn pick<'a>(transitions: &'a [Transition], wanted: &[&str]) -> Option<&'a Transition> {
    wanted.iter().find_map(|word| {
        let by = |fits: &dyn Fn(&Transition) -> bool| transitions.iter().find(|transition| fits(transition));
        by(&|transition| is_same(word, &transition.name))
            .or_else(|| by(&|transition| is_same(word, &transition.to.name)))
            .or_else(|| by(&|transition| is_category(word, &transition.to.category)))
    })
}

fn is_same(word: &str, name: &str) -> bool {
    !name.is_empty() && text::one_line(word).to_lowercase() == name.to_lowercase()
}

fn is_category(word: &str, category: &str) -> bool {
    let key = match word.trim().to_ascii_lowercase().as_str() {
        "new" | "to do" | "todo" => "new",
        "indeterminate" | "in progress" | "in_progress" => "indeterminate",
        "done" => "done",
        _ => return false,
    };
    key == category
}
