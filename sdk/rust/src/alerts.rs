//! Alerts as Alertmanager writes them: a group of labelled alerts, each firing or resolved on its own. Grafana
//! and others write the same with members added.
//!
//! Never believes the group's status: it says `firing` as long as any of its alerts does.

use serde_json::{Map, Value};

use crate::{Change, Decoded, Event, Problem, Refusal, Severity, Timestamp, json, keys, text, words};

/// Events that the host takes of one request.
const EVENTS_MAX: usize = 1000;
/// Characters of a label's value that are worth keeping.
const LABEL_CHARS: usize = 1000;
/// Annotations that have a place of their own; of those with the same place the first counts.
const TITLES: [&str; 2] = ["summary", "title"];
const MESSAGES: [&str; 2] = ["description", "message"];
const RUNBOOKS: [&str; 2] = ["runbook_url", "runbook"];

/// How severities are read, as an operator configures it.
#[derive(Clone, Copy, Debug)]
pub struct Severities<'a> {
    /// The label that holds the word.
    pub label: &'a str,
    /// Lines of `word = severity`, before the usual words.
    pub own: &'a [String],
    /// For an alert without a word, or with one that is not known.
    pub default: Option<Severity>,
}

impl Severities<'_> {
    /// What a word means.
    pub fn of(&self, word: Option<&str>) -> Option<Severity> {
        word.and_then(|word| words::severity_with(self.own, word)).or(self.default)
    }

    /// Lines that say nothing, as problems of the setting `field`.
    ///
    /// # Errors
    /// Each such line.
    pub fn check(&self, field: &str) -> Result<(), Vec<Problem>> {
        match words::severity_problems(field, self.own) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(problems),
        }
    }
}

/// One alert of a group.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    value: &'a Value,
}

impl<'a> Alert<'a> {
    /// The scalar at a path of the alert, as text.
    pub fn text(&self, path: &str) -> Option<String> {
        json::text(self.value, path)
    }

    /// The labels, or the annotations.
    pub fn map(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.value.get(name).and_then(Value::as_object)
    }

    fn annotation(&self, names: &[&str]) -> Option<String> {
        let annotations = self.map("annotations")?;
        names.iter().find_map(|name| annotations.get(*name).and_then(json::scalar))
    }

    fn label(&self, name: &str) -> Option<String> {
        self.map("labels")?.get(name).and_then(json::scalar)
    }

    /// A point in time; the year 1 stands for none.
    fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(|at| Timestamp::parse(&at)).filter(|at| at.as_micros() > 0)
    }

    /// The fingerprint, or, where old versions send none, the labels in order.
    fn key(&self) -> String {
        if let Some(fingerprint) = self.text("fingerprint") {
            return fingerprint;
        }
        let mut labels: Vec<(&str, String)> = self
            .map("labels")
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), json::scalar(value).unwrap_or_default()))
            .collect();
        labels.sort();
        let parts: Vec<&str> = labels.iter().flat_map(|(name, value)| [*name, value.as_str()]).collect();
        keys::compose(&parts)
    }

    fn title(&self) -> String {
        let name = self.label("alertname");
        let named = || match (name, self.label("instance")) {
            (Some(name), Some(instance)) => format!("{name} on {instance}"),
            (Some(name), None) => name,
            (None, Some(instance)) => format!("Alert on {instance}"),
            (None, None) => "Alert without a name".to_owned(),
        };
        let summary = self.annotation(&TITLES).map(|summary| text::one_line(&summary));
        summary.filter(|summary| !summary.is_empty()).unwrap_or_else(named)
    }

    /// When it ended: never before its beginning nor after its own arrival. A firing alert has no time: it says
    /// what is so now, whenever it began. Alertmanager declares alerts over that it no longer hears of, and
    /// sends them again with the old `startsAt` when they turn out to be firing all along.
    fn occurred_at(&self, change: Change, received_at: Timestamp) -> Option<Timestamp> {
        if change != Change::Resolve {
            return None;
        }
        self.time("endsAt").map(|at| at.min(received_at)).max(self.time("startsAt"))
    }
}

/// One event for each alert of a group. `more` adds to an event what the service says beyond Alertmanager.
///
/// # Errors
/// [`Refusal::Missing`] when there are no `alerts`; [`Refusal::Invalid`] for an alert that is no object, has no
/// labels, or a status that is neither `firing` nor `resolved`.
pub fn decode(
    group: &Value,
    received_at: Timestamp,
    severities: &Severities<'_>,
    more: impl Fn(Event, &Alert<'_>) -> Event,
) -> Result<Decoded, Refusal> {
    let alerts = match group.get("alerts") {
        Some(Value::Array(alerts)) => alerts,
        None | Some(Value::Null) => return Err(Refusal::missing("alerts")),
        Some(_) => return Err(Refusal::invalid("alerts", "is not a list of alerts")),
    };
    if alerts.is_empty() {
        return Ok(Decoded::ignored("there is no alert in the group"));
    }
    let named = json::text(group, "truncatedAlerts").and_then(|count| count.parse::<usize>().ok());
    let left_out = named.unwrap_or(0).saturating_add(alerts.len().saturating_sub(EVENTS_MAX));
    let mut events = Vec::new();
    for (index, value) in alerts.iter().take(EVENTS_MAX).enumerate() {
        let alert = Alert { value };
        let change = change(&alert, group, index)?;
        let mut event = event(&alert, change, severities).occurred_at(alert.occurred_at(change, received_at));
        if left_out > 0 && change == Change::Trigger {
            event = event.label("truncated_alerts", &left_out.to_string());
        }
        events.push(labels(more(event, &alert), &alert));
    }
    Ok(events.into())
}

fn change(alert: &Alert<'_>, group: &Value, index: usize) -> Result<Change, Refusal> {
    if alert.map("labels").is_none_or(Map::is_empty) {
        return Err(Refusal::invalid(
            format!("alerts[{index}].labels"),
            "is not an object with labels in it",
        ));
    }
    let status = alert.text("status").or_else(|| json::text(group, "status"));
    let status = status.ok_or_else(|| Refusal::missing(format!("alerts[{index}].status")))?;
    match words::change(&status) {
        Some(change @ (Change::Trigger | Change::Resolve)) => Ok(change),
        _ => {
            let status = text::truncate(&text::one_line(&status), 60);
            let problem = format!("`{status}` is neither `firing` nor `resolved`");
            Err(Refusal::invalid(format!("alerts[{index}].status"), problem))
        }
    }
}

fn event(alert: &Alert<'_>, change: Change, severities: &Severities<'_>) -> Event {
    let word = alert.label(severities.label).or_else(|| alert.annotation(&[severities.label]));
    let mut event = Event::new(change, &alert.key(), &alert.title())
        .message(alert.annotation(&MESSAGES).unwrap_or_default())
        .severity(severities.of(word.as_deref()))
        .link("Runbook", &alert.annotation(&RUNBOOKS).unwrap_or_default())
        .link("Source", &alert.text("generatorURL").unwrap_or_default());
    let known = TITLES.iter().chain(&MESSAGES).chain(&RUNBOOKS);
    let known: Vec<&str> = known.copied().collect();
    for (name, value) in alert.map("annotations").into_iter().flatten() {
        if !known.contains(&name.as_str()) {
            event = event.link(name, &json::scalar(value).unwrap_or_default());
        }
    }
    event
}

/// All labels, and the annotations that have no place of their own and are no address. A label comes before an
/// annotation of its name; names that begin with `__` are the service's own.
fn labels(mut event: Event, alert: &Alert<'_>) -> Event {
    let labels = alert.map("labels");
    for (name, value) in labels.into_iter().flatten() {
        event = event.label(name, &text::truncate(&json::scalar(value).unwrap_or_default(), LABEL_CHARS));
    }
    let known: Vec<&str> = TITLES.iter().chain(&MESSAGES).chain(&RUNBOOKS).copied().collect();
    for (name, value) in alert.map("annotations").into_iter().flatten() {
        let value = json::scalar(value).unwrap_or_default();
        let is_label = labels.is_some_and(|labels| labels.contains_key(name));
        if !is_label
            && !name.starts_with("__")
            && !known.contains(&name.as_str())
            && !text::is_web_address(&value)
        {
            event = event.label(name, &text::truncate(&value, LABEL_CHARS));
        }
    }
    event
}

#[cfg(test)]
mod tests;
