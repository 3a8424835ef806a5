//! What messages for people have in common: what happened in words, the attributes and the buttons that an
//! operator chose.
//!
//! Never formats for one service: escaping, limits and colours are each plugin's own.

use crate::{ChangeKind, ChoiceType, Context, Incident, text};

/// Attributes that a message shows at most; what a person still reads.
const ATTRIBUTES_MAX: usize = 30;

/// What happened, as a headline begins: `New`, `Resolved`, `Still open`.
pub const fn happened(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Opened => "New",
        ChangeKind::Updated => "Updated",
        ChangeKind::Acknowledged => "Acknowledged",
        ChangeKind::Unacknowledged => "No longer acknowledged",
        ChangeKind::Resolved => "Resolved",
        ChangeKind::Reopened => "Reopened",
        ChangeKind::Noted => "Note",
        ChangeKind::Repeated => "Still open",
        ChangeKind::Flapping => "Flapping",
        ChangeKind::Steady => "Steady again",
    }
}

/// `[HIGH] New: Disk full on db-1`, marked in a test: the one line that a notification shows. Not escaped.
pub fn headline(context: &Context) -> String {
    let severity = context.incident.severity.as_str().to_uppercase();
    let title = text::one_line(&context.incident.title);
    context.marked(&format!("[{severity}] {}: {title}", happened(context.change.kind)))
}

/// One line of what is known of an incident. Not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// As people write it: `Severity`, or a label's own key.
    pub label: String,
    /// On one line.
    pub value: String,
}

/// The attributes that `chosen` asks for: `none`; `list` for the standard ones (severity, state, source, how
/// often, all labels); or names in the order of the list, of the incident's fields (`severity`, `opened_at`,
/// …) and of labels (`labels.team` where a field has the same name). Names that the incident lacks, and empty
/// values, are left out; at most 30.
pub fn attributes(incident: &Incident, chosen: &[String]) -> Vec<Attribute> {
    let names = chosen.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let mut attributes = Vec::new();
    for name in names {
        match name {
            "none" => return Vec::new(),
            "list" => attributes.extend(standard(incident)),
            name => attributes.extend(named(incident, name)),
        }
    }
    attributes.retain(|attribute| !attribute.value.is_empty());
    attributes.truncate(ATTRIBUTES_MAX);
    attributes
}

fn standard(incident: &Incident) -> Vec<Attribute> {
    let mut names = vec!["severity", "state", "source"];
    if incident.count > 1 {
        names.push("count");
    }
    let labels = incident.labels.iter().map(|label| attribute(&label.key, &label.value));
    names.into_iter().filter_map(|name| named(incident, name)).chain(labels).collect()
}

fn named(incident: &Incident, name: &str) -> Option<Attribute> {
    let time = |at: Option<crate::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let value = match name {
        "id" => incident.id.clone(),
        "number" => incident.number.to_string(),
        "source" => incident.source.clone(),
        "key" => incident.key.clone(),
        "title" => incident.title.clone(),
        "message" => incident.message.clone(),
        "severity" => capital(incident.severity.as_str()),
        "state" => capital(incident.state.as_str()),
        "count" => incident.count.to_string(),
        "opened_at" => time(Some(incident.opened_at)),
        "updated_at" => time(Some(incident.updated_at)),
        "acknowledged_at" => time(incident.acknowledged_at),
        "resolved_at" => time(incident.resolved_at),
        other => {
            let key = other.strip_prefix("labels.").unwrap_or(other);
            return incident.label(key).map(|value| attribute(key, value));
        }
    };
    Some(attribute(&capital(&name.replace('_', " ")), &value))
}

fn attribute(label: &str, value: &str) -> Attribute {
    Attribute { label: text::one_line(label), value: text::one_line(value) }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Who made the change, for a line below the message; nothing when nobody is known or `shown` is false.
pub fn user_info(context: &Context, shown: bool) -> Option<String> {
    let actor = context.change.actor.as_deref().map(text::one_line)?;
    (shown && !actor.is_empty()).then_some(actor)
}

/// Which transitions become buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherActions {
    /// None.
    #[default]
    No,
    /// All that the incident's state allows.
    Yes,
    /// Those that are named, as far as the state allows them.
    Specify,
}

impl ChoiceType for OtherActions {
    const CHOICES: &'static [(&'static str, &'static str, Self)] =
        &[("no", "No", Self::No), ("yes", "Yes", Self::Yes), ("specify", "Specify", Self::Specify)];
}

/// The buttons that an operator asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// One that shows the incident.
    pub incident: bool,
    /// One that leads to where it is modified.
    pub modify: bool,
    /// One that leads to where it is deleted.
    pub delete: bool,
    /// Transitions.
    pub other: OtherActions,
    /// Their codes, for [`OtherActions::Specify`]; one on each line or with commas between.
    pub codes: &'a [String],
}

/// How a button stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// The one that most people press.
    Primary,
    /// As any other.
    Plain,
    /// It takes something away.
    Danger,
}

/// A button that opens a page of Tocsin; nothing is done before it is confirmed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Unique in a message: `incident`, `acknowledge`, ….
    pub purpose: String,
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub url: String,
    /// How it stands out.
    pub emphasis: Emphasis,
}

/// The transitions and what stands on their buttons, in the order in which they are shown.
pub const TRANSITIONS: [(&str, &str); 5] = [
    ("acknowledge", "Acknowledge"),
    ("unacknowledge", "Hand back"),
    ("resolve", "Resolve"),
    ("reopen", "Reopen"),
    ("note", "Add note"),
];

/// The buttons that are wanted and lead somewhere: the incident, modify, transitions, delete, in this order.
/// Without a public address of Tocsin there are none; a transition that the state does not allow is left out.
pub fn buttons(context: &Context, wanted: Wanted<'_>) -> Vec<Button> {
    let mut buttons = Vec::new();
    let mut add = |purpose: &str, label: String, emphasis| {
        if let Some(url) = context.url(purpose) {
            buttons.push(Button { purpose: purpose.to_owned(), label, url: url.to_owned(), emphasis });
        }
    };
    if wanted.incident {
        add("incident", format!("Incident #{}", context.incident.number), Emphasis::Plain);
    }
    if wanted.modify {
        add("modify", "Modify".to_owned(), Emphasis::Primary);
    }
    let codes: Vec<&str> = wanted.codes.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    for (purpose, label) in TRANSITIONS {
        let chosen = match wanted.other {
            OtherActions::No => false,
            OtherActions::Yes => true,
            OtherActions::Specify => codes.contains(&purpose),
        };
        if chosen {
            add(purpose, label.to_owned(), Emphasis::Plain);
        }
    }
    if wanted.delete {
        add("delete", "Delete".to_owned(), Emphasis::Danger);
    }
    buttons
}

/// The codes that are no transitions, for a check of the settings.
pub fn unknown_codes(codes: &[String]) -> Vec<String> {
    let codes = codes.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|code| !code.is_empty());
    codes.filter(|code| !TRANSITIONS.iter().any(|(known, _)| known == code)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::testing::example_context;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn shown(chosen: &[&str]) -> String {
        let attributes = attributes(&example_context().incident, &texts(chosen));
        attributes.iter().map(|a| format!("{}={};", a.label, a.value)).collect()
    }

    #[test]
    fn attributes_are_none_the_standard_list_or_those_that_are_named() {
        assert_eq!(shown(&["none"]), "");
        assert_eq!(
            shown(&["list"]),
            "Severity=Critical;State=Open;Source=monitoring;host=db-1;team=storage;"
        );
        assert_eq!(
            shown(&["labels.team, opened_at", "nothing"]),
            "team=storage;Opened at=2026-01-02T03:04:05Z;"
        );
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn an_attribute_is_one_line_and_a_message_has_thirty_of_them_at_most() {
        let mut incident = example_context().incident;
        incident.labels =
            (0..64).map(|n| Label { key: format!("k\n{n}"), value: "a\n\tb".to_owned() }).collect();
        let attributes = attributes(&incident, &texts(&["list"]));
        assert_eq!(attributes.len(), ATTRIBUTES_MAX);
        assert_eq!(attributes[3], Attribute { label: "k 0".to_owned(), value: "a b".to_owned() });
    }

    #[test]
    fn buttons_are_those_that_are_wanted_and_that_the_state_allows() {
        let context = example_context();
        let purposes = |wanted| {
            let buttons = buttons(&context, wanted);
            buttons.into_iter().map(|button| button.purpose).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(purposes(Wanted::default()), "");
        let yes = Wanted { incident: true, modify: true, delete: true, other: OtherActions::Yes, codes: &[] };
        assert_eq!(purposes(yes), "incident modify acknowledge resolve note delete");
        let codes = texts(&["resolve,reopen", " note "]);
        let some = Wanted { other: OtherActions::Specify, codes: &codes, ..Wanted::default() };
        assert_eq!(purposes(some), "resolve note");
        assert_eq!(unknown_codes(&texts(&["resolve, ev_close"])), ["ev_close"]);
    }

    #[test]
    fn without_a_public_address_there_are_no_buttons() {
        let mut context = example_context();
        context.urls.clear();
        let wanted = Wanted { incident: true, modify: true, ..Wanted::default() };
        assert_eq!(buttons(&context, wanted), []);
    }

    #[test]
    fn the_headline_says_what_happened_and_marks_a_test() {
        let mut context = example_context();
        assert_eq!(headline(&context), "[CRITICAL] New: Disk full on db-1");
        context.test = true;
        assert_eq!(headline(&context), "TEST - [CRITICAL] New: Disk full on db-1");
    }
}
