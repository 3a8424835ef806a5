//! One alert of a group, and the event that it becomes.
//!
//! Never takes the group's word where the alert has its own.

use serde_json::{Map, Value};

use super::{LABEL_CHARS, Severities};
use crate::{Change, Event, Refusal, Timestamp, json, keys, text, vocabulary};

/// Annotations that have a place of their own; of those with the same place the first counts.
const TITLES: [&str; 2] = ["summary", "title"];
const MESSAGES: [&str; 2] = ["description", "message"];
const RUNBOOKS: [&str; 2] = ["runbook_url", "runbook"];

/// One alert of a group.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    pub(super) value: &'a Value,
    /// The group's own members, without its alerts.
    pub(super) group: &'a Map<String, Value>,
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

    /// The label of this name.
    pub fn label(&self, name: &str) -> Option<String> {
        self.map("labels")?.get(name).and_then(json::scalar)
    }

    fn annotation(&self, names: &[&str]) -> Option<String> {
        let annotations = self.map("annotations")?;
        names.iter().find_map(|name| annotations.get(*name).and_then(json::scalar))
    }

    /// What the group says of all its alerts; some senders leave it out of the alerts themselves.
    fn common(&self, name: &str) -> Option<String> {
        let labels = ["commonLabels", "groupLabels"].map(|labels| self.group.get(labels));
        labels.into_iter().flatten().find_map(|labels| labels.get(name).and_then(json::scalar))
    }

    /// A point in time; the year 1 stands for none.
    fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(|at| Timestamp::parse(&at)).filter(|at| at.as_micros() > 0)
    }

    /// The fingerprint, or, where old versions send none, the labels in order.
    fn key(&self) -> Result<String, Refusal> {
        if !self.value.is_object() {
            return Err(Refusal::Malformed("is not an object".to_owned()));
        }
        if let Some(fingerprint) = self.text("fingerprint") {
            return Ok(fingerprint);
        }
        let labels = self.map("labels").filter(|labels| !labels.is_empty());
        let labels = labels.ok_or_else(|| {
            Refusal::invalid("fingerprint", "is missing, and there are no labels to identify the alert by")
        })?;
        let mut labels: Vec<(&str, String)> = labels
            .iter()
            .map(|(name, value)| (name.as_str(), json::scalar(value).unwrap_or_default()))
            .collect();
        labels.sort();
        let parts: Vec<&str> = labels.iter().flat_map(|(name, value)| [*name, value.as_str()]).collect();
        Ok(keys::compose(&parts))
    }

    /// The word for its status: its own, or the group's if it has none. Alertmanager's API nests it.
    fn status(&self) -> Result<String, Refusal> {
        let status = match self.value.get("status") {
            None | Some(Value::Null) => self.group.get("status"),
            status => status,
        };
        let status = status.ok_or_else(|| Refusal::missing("status"))?;
        let word = json::scalar(status).or_else(|| json::text(status, "state"));
        word.ok_or_else(|| Refusal::invalid("status", "is neither a text nor an object with a `state`"))
    }

    fn title(&self) -> String {
        let summary = self.annotation(&TITLES).map(|summary| text::one_line(&summary));
        summary.filter(|summary| !summary.is_empty()).unwrap_or_else(|| self.name())
    }

    /// What to call it where no annotation does: by its labels, by the group's, by its fingerprint.
    fn name(&self) -> String {
        match (self.label("alertname"), self.label("instance")) {
            (Some(name), Some(instance)) => return format!("{name} on {instance}"),
            (Some(name), None) => return name,
            (None, Some(instance)) => return format!("Alert on {instance}"),
            (None, None) => {}
        }
        let title = || {
            let title = text::one_line(&self.group.get("title").and_then(json::scalar)?);
            Some(without_state(&title).to_owned()).filter(|title| !title.is_empty())
        };
        let of_group = || self.common("alertname").or_else(title);
        let unnamed = || match self.text("fingerprint") {
            Some(fingerprint) => format!("Alert {fingerprint}"),
            None => "Alert without a name".to_owned(),
        };
        of_group().unwrap_or_else(unnamed)
    }

    /// When it ended: never before its beginning nor after its own arrival. A firing alert has no time: it says
    /// what is so now, whenever it began. Alertmanager declares alerts over that it no longer hears of, and
    /// sends them again with the old `startsAt` when they turn out to be firing all along.
    fn occurred_at(&self, changes: &[Change], received_at: Timestamp) -> Option<Timestamp> {
        if changes != [Change::Resolve] {
            return None;
        }
        self.time("endsAt").map(|at| at.min(received_at)).max(self.time("startsAt"))
    }

    /// The end of a resolved alert, when it is there and cannot be read as a time.
    pub(super) fn unread_end(&self) -> Option<String> {
        self.text("endsAt").filter(|at| Timestamp::parse(at).is_none())
    }

    /// The event of the alert, and the changes that it stands for.
    pub(super) fn read(
        &self,
        received_at: Timestamp,
        severities: &Severities<'_>,
    ) -> Result<(Event, &'static [Change]), Refusal> {
        let (key, status) = (self.key()?, self.status()?);
        let changes = vocabulary::changes(&status).ok_or_else(|| {
            let status = text::truncate(&text::one_line(&status), 60);
            Refusal::invalid("status", format!("`{status}` is neither `firing` nor `resolved`"))
        })?;
        let message = self.annotation(&MESSAGES).unwrap_or_default();
        let message = match changes {
            [Change::Note] => format!("The status is `{}`.\n\n{message}", text::one_line(&status)),
            _ => message,
        };
        let label = severities.label;
        let word = self.label(label).or_else(|| self.annotation(&[label])).or_else(|| self.common(label));
        let change = changes.first().copied().unwrap_or(Change::Trigger);
        let mut event = Event::new(change, &key, &self.title())
            .message(message.trim())
            .severity(severities.of(word.as_deref()))
            .link("Runbook", &self.annotation(&RUNBOOKS).unwrap_or_default())
            .link("Source", &self.text("generatorURL").unwrap_or_default())
            .occurred_at(self.occurred_at(changes, received_at));
        for (name, value) in self.map("annotations").into_iter().flatten() {
            if !has_a_place(name) {
                event = event.link(name, &json::scalar(value).unwrap_or_default());
            }
        }
        Ok((event, changes))
    }

    /// All labels, and the annotations that have no place of their own and are no address. A label comes before
    /// an annotation of its name; names that begin with `__` are the service's own.
    pub(super) fn labels(&self, mut event: Event) -> Event {
        let labels = self.map("labels");
        for (name, value) in labels.into_iter().flatten() {
            event = event.label(name, &text::truncate(&json::scalar(value).unwrap_or_default(), LABEL_CHARS));
        }
        for (name, value) in self.map("annotations").into_iter().flatten() {
            let value = json::scalar(value).unwrap_or_default();
            let is_label = labels.is_some_and(|labels| labels.contains_key(name));
            let is_own = name.starts_with("__") || has_a_place(name);
            if !is_label && !is_own && !text::is_web_address(&value) {
                event = event.label(name, &text::truncate(&value, LABEL_CHARS));
            }
        }
        event
    }
}

/// Whether an annotation becomes something else than a label.
fn has_a_place(name: &str) -> bool {
    TITLES.iter().chain(&MESSAGES).chain(&RUNBOOKS).any(|known| *known == name)
}

/// `[FIRING:1] CPU` without its state: it is the group's, not the alert's.
fn without_state(title: &str) -> &str {
    title.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(title, |(_, rest)| rest).trim()
}
