//! Which labels of an incident a default message shows.
//!
//! Never more than a person reads on a phone: what repeats something is left out, and what only machines use comes
//! last.

use super::essentials::{self, folded};
use super::{Attribute, attribute};
use crate::{Incident, text};

/// Labels that a default message shows.
const LABELS_MAX: usize = 6;

/// Labels that name what is broken, in the order in which they are shown.
const NAMED: [&str; 20] = [
    "alertname",
    "rulename",
    "check",
    "service",
    "app",
    "application",
    "deployment",
    "statefulset",
    "daemonset",
    "cronjob",
    "pod",
    "node",
    "host",
    "hostname",
    "device",
    "interface",
    "mountpoint",
    "database",
    "queue",
    "topic",
];

/// Labels that tell machines apart rather than problems.
const NOISE: [&str; 24] = [
    "container",
    "container_id",
    "image",
    "image_id",
    "endpoint",
    "job",
    "prometheus",
    "prometheus_replica",
    "replica",
    "monitor",
    "uid",
    "pod_uid",
    "rule_uid",
    "datasource_uid",
    "ref_id",
    "fingerprint",
    "generator",
    "pod_template_hash",
    "controller_revision_hash",
    "pod_ip",
    "host_ip",
    "chart",
    "release",
    "heritage",
];

/// The labels that a default message shows, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) shown: Vec<Attribute>,
    pub(super) more: usize,
}

/// At most six, without those that repeat a field, what the line of essentials says, or another label.
pub(super) fn chosen(incident: &Incident) -> Chosen {
    let mut said: Vec<String> = essentials::said(incident);
    said.extend([&incident.title, &incident.message, &incident.source].map(|text| folded(text)));
    said.extend([incident.severity.as_str().to_owned(), incident.state.as_str().to_owned()]);
    let mut labels: Vec<_> =
        incident.labels.iter().filter(|label| canonical(&label.key) != "severity").collect();
    labels.sort_by_key(|label| rank(&label.key));
    let mut shown = Vec::new();
    for label in labels {
        let value = folded(&label.value);
        if value.is_empty() || text::is_blank(&value) || said.contains(&value) {
            continue;
        }
        said.push(value);
        shown.push(attribute(&label.key, &label.value));
    }
    let more = shown.len().saturating_sub(LABELS_MAX);
    shown.truncate(LABELS_MAX);
    Chosen { shown, more }
}

/// `6 more labels`, `1 more label`.
pub(super) fn more(count: usize) -> String {
    format!("{count} more label{}", if count == 1 { "" } else { "s" })
}

/// Named things first, then what else there is, `instance`, and noise.
fn rank(key: &str) -> usize {
    let key = canonical(key);
    let is_noise = NOISE.contains(&key.as_str()) || key.starts_with("__") || key.starts_with("exported_");
    match NAMED.iter().position(|named| *named == key) {
        Some(place) => place,
        None if is_noise => NAMED.len() + 2,
        None if key == "instance" => NAMED.len() + 1,
        None => NAMED.len(),
    }
}

/// A label's key as the lists above write it: `Pod-Template-Hash` is `pod_template_hash`.
pub(super) fn canonical(key: &str) -> String {
    key.trim().to_lowercase().replace(['-', '.', '/', ' '], "_")
}
