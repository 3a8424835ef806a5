//! The line of essentials of a default message: number, times, owner, place, source.
//!
//! Never formats a time: a [`Moment`] is given beside its text.

use super::labels::canonical;
use super::{Moment, View};
use crate::{Context, Incident, State, text};

/// Labels that name who owns it.
const TEAM: [&str; 6] = ["team", "owner", "squad", "owned_by", "team_name", "contact_group"];
/// Labels that name where it is: a cluster, a part of it, a machine.
const CLUSTER: [&str; 4] = ["cluster", "cluster_name", "k8s_cluster", "kubernetes_cluster"];
const NAMESPACE: [&str; 4] = ["namespace", "kube_namespace", "k8s_namespace", "kubernetes_namespace"];
const HOST: [&str; 6] = ["host", "hostname", "node", "server", "device", "instance"];
/// Labels that name the rule or check that fired.
const RULE: [&str; 5] = ["alertname", "rulename", "alert_name", "check", "check_name"];
/// Characters of a value from outside.
const VALUE_CHARS: usize = 100;

/// A part of the line of essentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Essential {
    /// `#186`, `payments`, `from am`.
    Text(String),
    /// `since 02:58 UTC`: words, with a space at their end, and the time.
    Time(&'static str, Moment),
}

impl Essential {
    /// With the time in the context's zone.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Time(before, moment) => format!("{before}{}", moment.text),
        }
    }
}

/// All parts of the line; `by` is who made the change, where that is shown here.
pub(super) fn of(context: &Context, view: View, by: Option<&str>) -> Vec<Essential> {
    let incident = &context.incident;
    let mut parts = vec![Essential::Text(format!("#{}", incident.number))];
    parts.push(Essential::Time("since ", Moment::of(context, incident.open_since)));
    match (incident.state, incident.acknowledged_at, incident.resolved_at) {
        (State::Acknowledged, Some(at), _) => {
            parts.push(Essential::Time("acknowledged ", Moment::of(context, at)));
        }
        (State::Resolved, _, Some(at)) => parts.push(Essential::Time("until ", Moment::of(context, at))),
        _ => {}
    }
    let mut add = |text: String| parts.push(Essential::Text(text));
    if incident.count > 1 {
        add(format!("{} times", incident.count));
    }
    team(incident).into_iter().chain(place(incident)).for_each(&mut add);
    add(format!("from {}", short(&incident.source)));
    if let Some(by) = by.filter(|_| view == View::Change) {
        add(format!("by {}", short(by)));
    }
    parts
}

/// `prod-eu-1/shop`: cluster and namespace, a cluster and a machine, or one of them.
pub fn place(incident: &Incident) -> Option<String> {
    let parts = places(incident);
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn places(incident: &Incident) -> Vec<String> {
    let cluster = first(incident, &CLUSTER);
    let within = first(incident, &NAMESPACE).or_else(|| first(incident, &HOST));
    cluster.into_iter().chain(within).collect()
}

/// Which team or person owns it.
pub fn team(incident: &Incident) -> Option<String> {
    first(incident, &TEAM)
}

/// `KubePodCrashLooping`: which rule or check fired, unless the title says that.
pub fn rule(incident: &Incident) -> Option<String> {
    first(incident, &RULE).filter(|rule| folded(rule) != folded(&incident.title))
}

/// What the line says of the labels, folded.
pub(super) fn said(incident: &Incident) -> Vec<String> {
    places(incident).into_iter().chain(team(incident)).map(|text| folded(&text)).collect()
}

/// On one line and in lower case, to compare two texts that people take for the same.
pub(super) fn folded(text: &str) -> String {
    text::one_line(text).to_lowercase()
}

fn first(incident: &Incident, keys: &[&str]) -> Option<String> {
    let value = |key: &&str| {
        let label = incident.labels.iter().find(|label| canonical(&label.key) == **key);
        label.map(|label| short(&label.value)).filter(|value| !text::is_blank(value))
    };
    keys.iter().find_map(value)
}

fn short(value: &str) -> String {
    text::truncate(&text::one_line(value), VALUE_CHARS)
}
