//! What messages for people have in common: what happened in words, and the settings by which an operator
//! chooses facts and buttons.
//!
//! Never formats for one service: escaping, limits and colours are each plugin's own.

use crate::{ChangeKind, Context, Incident, SettingProblem, Severity, State, text};

mod buttons;
mod essentials;
mod facts;
mod labels;
mod links;
pub mod marked;
mod summary;
mod when;

pub use buttons::{Button, Buttons, Emphasis, OtherActions};
pub use essentials::{Essential, place, rule, team};
pub use facts::Facts;
pub use links::claims_another;
pub use summary::{ShownLink, Summary, View, lasted, notification};
pub use when::{Moment, between, duration};

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
        ChangeKind::Referenced => "Referenced",
    }
}

/// `[HIGH] New: Disk full on db-1`, marked in a test: the one line that a notification shows. Not escaped.
pub fn headline(context: &Context) -> String {
    let severity = context.incident.severity.as_str().to_uppercase();
    let title = text::one_line(&context.incident.title);
    context.marked(&format!("[{severity}] {}: {title}", happened(context.change.kind)))
}

/// How bad it is, as one emoji that its shape tells from the others, not its colour alone; once somebody has it or
/// it is over, that.
pub const fn mark(incident: &Incident) -> &'static str {
    match (incident.state, incident.severity) {
        (State::Resolved, _) => "✅",
        (State::Acknowledged, _) => "👀",
        (State::Open, Severity::Critical) => "🚨",
        (State::Open, Severity::High) => "🔺",
        (State::Open, Severity::Medium) => "🔶",
        (State::Open, Severity::Low) => "🟡",
        (State::Open, Severity::Info) => "ℹ️",
    }
}

/// Whether a change calls for people, so that those whom the operator named are mentioned: something is wrong
/// that was not, or still is.
pub const fn calls(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::Opened | ChangeKind::Reopened | ChangeKind::Repeated)
}

/// What is wrong with an operator's own text for people, as it is for a sample incident: HTML, which
/// `$this->hyperlink()$` makes, is shown as it is written.
pub fn check_text(key: &str, text: Option<&str>) -> Option<SettingProblem> {
    text.is_some_and(|text| text.contains("<a href=")).then(|| {
        SettingProblem::new(
            key,
            "has an HTML link, which is shown as it is written: write `$this->url()$` in its place",
        )
    })
}

/// One line of what is known of an incident. Not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// As people write it: `Severity`, or a label's own key.
    pub label: String,
    /// On one line.
    pub value: String,
}

/// The attributes that `chosen` asks for: `none`; `auto` for at most six labels without those that repeat
/// something, and how many more there are; `list` for the standard ones (severity, state, source, how
/// often, all labels); or names in the order of the list, of the incident's fields (`severity`, `opened_at`,
/// …) and of labels (`labels.team` where a field has the same name). Names that the incident lacks, and empty
/// values, are left out. At most 30: of more, the last says how many are not shown.
pub fn attributes(incident: &Incident, chosen: &[String]) -> Vec<Attribute> {
    let names = chosen.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let mut attributes = Vec::new();
    for name in names {
        match name {
            "none" => return Vec::new(),
            "auto" => attributes.extend(automatic(incident)),
            "list" => attributes.extend(standard(incident)),
            name => attributes.extend(named(incident, name)),
        }
    }
    attributes.retain(|attribute| !attribute.value.is_empty());
    if attributes.len() > ATTRIBUTES_MAX {
        let hidden = attributes.split_off(ATTRIBUTES_MAX - 1).len();
        attributes.push(attribute("…", &format!("{hidden} more")));
    }
    attributes
}

fn automatic(incident: &Incident) -> Vec<Attribute> {
    let chosen = labels::chosen(incident);
    let more = (chosen.more > 0).then(|| attribute("…", &labels::more(chosen.more)));
    chosen.shown.into_iter().chain(more).collect()
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
        let last = Attribute { label: "…".to_owned(), value: "38 more".to_owned() };
        assert_eq!(attributes[ATTRIBUTES_MAX - 1], last, "64 labels and three fields, less 29");
    }

    #[test]
    fn the_headline_says_what_happened_and_marks_a_test() {
        let mut context = example_context();
        assert_eq!(headline(&context), "[CRITICAL] New: Disk full on db-1");
        context.test = true;
        assert_eq!(headline(&context), "TEST - [CRITICAL] New: Disk full on db-1");
    }

    #[test]
    fn a_link_in_html_is_no_text_for_people() {
        let problem =
            check_text("message", Some("see <a href=\"https://a.example\">#1</a>")).expect("a problem");
        assert!(problem.field == "message" && problem.problem.contains("$this->url()$"), "{problem:?}");
        assert_eq!((check_text("message", Some("<b> a < b")), check_text("message", None)), (None, None));
    }

    #[test]
    fn the_mark_says_what_matters_most_now() {
        let mut incident = example_context().incident;
        let marks = Severity::ALL.map(|severity| mark(&Incident { severity, ..incident.clone() }));
        assert_eq!(marks.concat(), "🚨🔺🔶🟡ℹ️");
        incident.state = State::Acknowledged;
        assert_eq!(mark(&incident), "👀");
        incident.state = State::Resolved;
        assert_eq!(mark(&incident), "✅");
    }
}
