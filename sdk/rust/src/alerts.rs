//! Alerts as Alertmanager writes them: a group of labelled alerts, each firing or resolved on its own. Grafana
//! and others write the same with members added.
//!
//! Never believes the group's status where an alert has its own: the group says `firing` as long as any of its
//! alerts does.

use serde_json::{Map, Value};

use crate::{
    Change, Decoded, Event, Refusal, Rejection, Request, SettingProblem, Severity, json, text, vocabulary,
};

mod alert;
mod document;

pub use alert::Alert;

use document::Shape;

/// Events that the host takes of one request.
const EVENTS_MAX: usize = 10_000;
/// Characters of a label's value that are worth keeping.
const LABEL_CHARS: usize = 1000;

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
        word.and_then(|word| vocabulary::severity_with(self.own, word)).or(self.default)
    }

    /// Lines that say nothing, as problems of the setting `field`.
    ///
    /// # Errors
    /// Each such line.
    pub fn check(&self, field: &str) -> Result<(), Vec<SettingProblem>> {
        match vocabulary::severity_problems(field, self.own) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(problems),
        }
    }
}

/// The group of alerts in a request: what it says of the whole. Its alerts are read one by one.
#[derive(Debug)]
pub struct Group<'a> {
    request: &'a Request,
    about: Map<String, Value>,
    alerts: Shape,
}

impl<'a> Group<'a> {
    /// The group in the body of `request`.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for a body that is not JSON, with line and column.
    pub fn parse(request: &'a Request) -> Result<Self, Refusal> {
        let (about, alerts) = json::read(&request.body, document::outline).map_err(Refusal::Malformed)?;
        Ok(Self { request, about, alerts })
    }

    /// Every member of the document but `alerts`; none when it is no object.
    pub fn about(&self) -> &Map<String, Value> {
        &self.about
    }

    /// The same as a document of its own.
    pub fn into_about(self) -> Value {
        Value::Object(self.about)
    }

    /// The scalar member of this name, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        json::get(&self.about, name).and_then(json::scalar)
    }

    /// Whether the document has `alerts`, whatever they are.
    pub fn has_alerts(&self) -> bool {
        self.alerts != Shape::Absent
    }

    /// The events of each alert. An alert that cannot be read is rejected and costs only itself. `more` adds to an
    /// event what the service says beyond Alertmanager; nothing, when the alert is the service's own test.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when there are no `alerts`; the first alert's refusal when none can be read: it has
    /// neither a fingerprint nor labels, or a status that is neither `firing` nor `resolved`.
    pub fn decode(
        &self,
        severities: &Severities<'_>,
        more: impl Fn(Event, &Alert<'_>) -> Option<Event>,
    ) -> Result<Decoded, Refusal> {
        let count = match self.alerts {
            Shape::Absent => return Err(Refusal::missing("alerts")),
            Shape::Other => return Err(Refusal::invalid("alerts", "is not a list of alerts")),
            Shape::List(0) => return Ok(Decoded::ignored("there is no alert in the group")),
            Shape::List(count) => count,
        };
        let beyond = count.saturating_sub(EVENTS_MAX);
        let named = self.text("truncatedAlerts").and_then(|count| count.parse::<usize>().ok());
        let left_out = named.unwrap_or(0).saturating_add(beyond);
        let (mut elements, mut room, mut unread) = (Vec::new(), EVENTS_MAX, None);
        let each = |value: Value| {
            let alert = Alert { value: &value, group: &self.about };
            let events = self.events(&alert, severities, left_out, &more);
            unread = unread.take().or_else(|| Some((elements.len(), alert.unread_end()?)));
            elements.push(events.and_then(|events| take(events, &mut room)));
        };
        json::read(&self.request.body, |bytes| document::for_each(bytes, EVENTS_MAX, each))
            .map_err(Refusal::Malformed)?;
        let decoded = collect(elements, beyond)?;
        Ok(match unread {
            Some((index, end)) => decoded.remark(format!(
                "alerts[{index}].endsAt: `{}` cannot be read as a time and is left out",
                text::truncate(&text::one_line(&end), 60)
            )),
            None => decoded,
        })
    }

    fn events(
        &self,
        alert: &Alert<'_>,
        severities: &Severities<'_>,
        left_out: usize,
        more: impl Fn(Event, &Alert<'_>) -> Option<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        let (mut event, changes) = alert.read(self.request.received_at, severities)?;
        if left_out > 0 && changes.contains(&Change::Trigger) {
            event = event.label("truncated_alerts", &left_out.to_string());
        }
        let Some(event) = more(event, alert) else { return Ok(Vec::new()) };
        Ok(alert.labels(event).for_each(changes))
    }
}

/// `events`, when the request has room for them.
fn take(events: Vec<Event>, room: &mut usize) -> Result<Vec<Event>, Refusal> {
    match room.checked_sub(events.len()) {
        Some(left) => {
            *room = left;
            Ok(events)
        }
        None => Err(Refusal::Malformed(format!("a request may yield {EVENTS_MAX} events, and it has more"))),
    }
}

/// What the alerts were decoded to, when so many more came than may.
fn collect(elements: Vec<Result<Vec<Event>, Refusal>>, beyond: usize) -> Result<Decoded, Refusal> {
    let place = |index: usize| format!("alerts[{index}]");
    let first = elements.iter().position(Result::is_err).map(place);
    let within = |refusal: Refusal| {
        let first = first.unwrap_or_default();
        match refusal {
            Refusal::Missing(field) => Refusal::Missing(format!("{first}.{field}")),
            Refusal::Invalid { field, problem } => {
                Refusal::Invalid { field: format!("{first}.{field}"), problem }
            }
            Refusal::Malformed(problem) => Refusal::Invalid { field: first, problem },
            other @ Refusal::Unsupported(_) => other,
        }
    };
    let mut decoded = Decoded::of_elements(elements, place).map_err(within)?;
    if beyond > 0 {
        decoded.rejected.push(Rejection {
            place: format!("{} and what follows", place(EVENTS_MAX)),
            reason: format!(
                "a request may have {EVENTS_MAX} alerts, and {beyond} more came: lower `max_alerts` or group by more \
                 labels"
            ),
        });
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests;
