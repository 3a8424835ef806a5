//! Incidents that come from Jira itself: an issue must not make an issue about itself.
//!
//! Never asks Jira: the source of this plugin wrote everything that is needed into the incident's labels.

use tocsin_plugin::Incident;
use tocsin_plugin::prelude::*;

/// What an issue of ours has among its labels, before the incident's id.
pub(crate) const MARK: &str = "tocsin-";
/// Characters of an incident's id.
const ID_CHARS: usize = 26;

/// The label by which an incident's issue is found again: only our own id, in characters that mean nothing in JQL.
pub(crate) fn mark(incident: &Incident) -> String {
    let id: String = incident.id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    format!("{MARK}{}", id.to_ascii_lowercase())
}

/// Why this incident is none of ours to make an issue of: it is one of this project, or one that was made here.
pub(crate) fn own(incident: &Incident, project: &str) -> Option<String> {
    let issue = incident.label("issue")?;
    let (prefix, number) = issue.rsplit_once('-')?;
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let issue = text::truncate(issue, 60);
    if prefix.eq_ignore_ascii_case(project) {
        return Some(format!(
            "the incident comes from {issue}, an issue of the same project (skip_own_issues)"
        ));
    }
    let is_mark = |word: &str| {
        word.strip_prefix(MARK)
            .is_some_and(|id| id.len() == ID_CHARS && id.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    let labels = incident.label("labels").unwrap_or_default();
    labels
        .split([',', ' '])
        .any(is_mark)
        .then(|| format!("the incident comes from {issue}, which was made by Tocsin (skip_own_issues)"))
}
