//! What every default message is made of, as plain data. Each plugin escapes and formats it.
//!
//! Never says a thing twice, and never leaves the severity to a colour.

use super::essentials::{self, Essential, folded};
use super::when::{between, duration, seconds_between};
use super::{Attribute, Button, Buttons, Facts, capital, labels, links, mark};
use crate::{ChangeKind, Context, State, text};

pub use super::links::ShownLink;

/// A message that comes later than this after it was owed says how late it is, in seconds.
const LATE_SECONDS: i64 = 5 * 60;
/// Characters of each old and new value.
const VALUE_CHARS: usize = 80;
/// Changed fields that are named one by one.
const CHANGES_MAX: usize = 6;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The change: a message that is read when it comes.
    Change,
    /// The incident as it is: a message that is edited with each change.
    Present,
}

/// A default message. Texts are plain and on one line, but `said` and `description`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Severity or state as an emoji whose shape tells it: see [`mark`].
    pub mark: &'static str,
    /// How the title line begins: `CRITICAL`, `CRITICAL · acknowledged by jane`, `Resolved after 2 h 13 min`,
    /// `CRITICAL · severity medium → critical`; marked in a test.
    pub lead: String,
    /// Who made the change, where `lead` alone says so; see [`Summary::without_lead`].
    pub by_in_lead: Option<String>,
    /// The incident's title.
    pub title: String,
    /// What else an update changed, one line each: `title: Disk at 80 % → Disk full`, `pod: a → b`.
    pub changes: Vec<String>,
    /// A note, or the reason of the change; empty when there is none or the description says the same.
    pub said: String,
    /// The incident's message; empty when the title or `said` has it.
    pub description: String,
    /// `47 min late`, for a message that comes minutes after it was owed.
    pub late: Option<String>,
    /// The line below: `#186`, `since 02:58 UTC`, `payments`, `prod-eu-1/shop`, `from am`.
    pub essentials: Vec<Essential>,
    /// Acknowledge, Runbook, Incident, then the others that the operator configured.
    pub buttons: Vec<Button>,
    /// The incident's other links.
    pub links: Vec<ShownLink>,
    /// The facts that the operator chose; with `auto` at most six labels.
    pub labels: Vec<Attribute>,
    /// With `auto`: how many labels are left out; see [`Summary::more`].
    pub more_labels: usize,
    /// The one line that a phone shows: `[CRITICAL] Pod is crash looping. — KubePodCrashLooping, prod-eu-1/shop`.
    pub notification: String,
}

impl Summary {
    /// The message of a change, or of the incident as it is.
    pub fn of(context: &Context, view: View, facts: &Facts, buttons: &Buttons) -> Self {
        let incident = &context.incident;
        let by = facts.user_info(context);
        let told = event(context, view);
        let is_in_lead = match (view, context.change.kind, incident.state) {
            (View::Change, _, state) => told.is_some() || state == State::Resolved,
            (View::Present, ChangeKind::Acknowledged, state) => state == State::Acknowledged,
            (View::Present, kind, state) => kind == ChangeKind::Resolved && state == State::Resolved,
        };
        let lead = lead(context, told.as_deref(), by.as_deref().filter(|_| is_in_lead));
        let (said, description) = texts(context, view);
        let (labels, more_labels) = facts.labels(incident);
        Self {
            mark: mark(incident),
            lead: context.marked(&lead),
            by_in_lead: by.clone().filter(|_| is_in_lead && view == View::Change),
            title: text::one_line(&incident.title),
            changes: if view == View::Change { changes(context) } else { Vec::new() },
            said,
            description,
            late: late(context, view),
            essentials: essentials::of(context, view, by.as_deref().filter(|_| !is_in_lead)),
            buttons: links::buttons(context, buttons),
            links: if facts.is_none() { Vec::new() } else { links::others(incident) },
            labels,
            more_labels,
            notification: notification(context, view),
        }
    }

    /// The same for a message in whose place of the title line an operator's own text stands: the line of essentials
    /// names who made the change.
    #[must_use]
    pub fn without_lead(mut self) -> Self {
        let by = self.by_in_lead.take().map(|by| format!("by {}", text::truncate(&by, VALUE_CHARS)));
        self.essentials.extend(by.map(Essential::Text));
        self
    }

    /// `CRITICAL · Pod is crash looping.`
    pub fn title_line(&self) -> String {
        format!("{} · {}", self.lead, self.title)
    }

    /// `+ 6 more labels`; none when all are shown.
    pub fn more(&self) -> Option<String> {
        (self.more_labels > 0).then(|| format!("+ {}", labels::more(self.more_labels)))
    }

    /// The line of essentials with times in the context's zone, for a peer without markup for times.
    pub fn essentials_line(&self) -> String {
        self.essentials.iter().map(Essential::plain).collect::<Vec<_>>().join(" · ")
    }
}

/// The one line that a notification shows, marked in a test:
/// `[CRITICAL] Pod is crash looping. — KubePodCrashLooping, prod-eu-1/shop`,
/// `[RESOLVED] Pod is crash looping. — after 2 h 13 min, …`, `[HIGH] severity medium → high: Disk full on db-1`.
pub fn notification(context: &Context, view: View) -> String {
    let incident = &context.incident;
    let word = match incident.state {
        State::Resolved => "resolved",
        State::Open | State::Acknowledged => incident.severity.as_str(),
    };
    let told = event(context, view).map(|told| format!("{}: ", capital(&told))).unwrap_or_default();
    let lasted = (incident.state == State::Resolved).then(|| format!("after {}", lasted(context)));
    let facts = [late(context, view), lasted, essentials::rule(incident), essentials::place(incident)];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    let dash = if facts.is_empty() { "" } else { " — " };
    let title = text::one_line(&incident.title);
    context.marked(&format!("[{}] {told}{title}{dash}{}", word.to_uppercase(), facts.join(", ")))
}

/// How long the incident is open, or was: `2 h 13 min`.
pub fn lasted(context: &Context) -> String {
    let incident = &context.incident;
    let end = match incident.state {
        State::Resolved => incident.resolved_at.unwrap_or(context.change.at),
        State::Open | State::Acknowledged => context.now,
    };
    between(incident.open_since, end)
}

/// What happened beyond what the state says, in lower case: `acknowledged`, `still open after 2 h`.
fn event(context: &Context, view: View) -> Option<String> {
    let state = context.incident.state;
    let kind = if view == View::Change { context.change.kind } else { ChangeKind::Opened };
    let word = match (kind, state) {
        (ChangeKind::Updated, _) => severity_change(context).unwrap_or_else(|| "updated".to_owned()),
        (ChangeKind::Unacknowledged, State::Open) => "no longer acknowledged".to_owned(),
        (ChangeKind::Reopened, State::Open) => "reopened".to_owned(),
        (ChangeKind::Noted, _) => "note".to_owned(),
        (ChangeKind::Repeated, State::Open) => format!("still open after {}", lasted(context)),
        (ChangeKind::Flapping, _) => "flapping".to_owned(),
        (ChangeKind::Steady, _) => "steady again".to_owned(),
        (_, State::Acknowledged) => "acknowledged".to_owned(),
        _ => return None,
    };
    Some(word)
}

fn lead(context: &Context, told: Option<&str>, by: Option<&str>) -> String {
    let by = by.map(|by| format!(" by {}", text::truncate(by, VALUE_CHARS))).unwrap_or_default();
    let state = match context.incident.state {
        // A person may have resolved it; who is said before how long it lasted.
        State::Resolved if told.is_none() => return format!("Resolved{by} after {}", lasted(context)),
        State::Resolved => format!("Resolved after {}", lasted(context)),
        State::Open | State::Acknowledged => context.incident.severity.as_str().to_uppercase(),
    };
    told.map_or(state.clone(), |told| format!("{state} · {told}{by}"))
}

/// `severity medium → critical`.
fn severity_change(context: &Context) -> Option<String> {
    let change = &context.change;
    if !change.changed.iter().any(|name| name == "severity") {
        return None;
    }
    let now = context.incident.severity.as_str();
    let before = change.before.iter().find(|label| label.key == "severity").map(|label| label.value.as_str());
    Some(before.map_or_else(|| format!("severity {now}"), |before| format!("severity {before} → {now}")))
}

/// What an update changed beside severity and message, with the old value where it is known.
fn changes(context: &Context) -> Vec<String> {
    let (change, incident) = (&context.change, &context.incident);
    if change.kind != ChangeKind::Updated {
        return Vec::new();
    }
    let before =
        |name: &str| change.before.iter().find(|label| label.key == name).map(|label| label.value.as_str());
    let line = |name: &String| {
        let (shown, now) = match name.strip_prefix("labels.") {
            Some(key) => (key, incident.label(key).unwrap_or_default()),
            None if name == "title" => ("title", incident.title.as_str()),
            None => return None,
        };
        if now.is_empty() {
            return None;
        }
        let cut = |value: &str| text::truncate(&text::one_line(value), VALUE_CHARS);
        let before = before(name).map(|before| format!("{} → ", cut(before))).unwrap_or_default();
        Some(format!("{}: {before}{}", cut(shown), cut(now)))
    };
    let mut lines: Vec<String> = change.changed.iter().filter_map(line).collect();
    if lines.len() > CHANGES_MAX {
        let more = lines.split_off(CHANGES_MAX - 1).len();
        lines.push(format!("{more} more changes"));
    }
    lines
}

/// What was said with the change and the incident's message, without what the other or the title says.
fn texts(context: &Context, view: View) -> (String, String) {
    let incident = &context.incident;
    let clean = |text: &str| if text::is_blank(text) { String::new() } else { text.trim().to_owned() };
    let said = if view == View::Change { clean(&context.change.text) } else { String::new() };
    let description = clean(&incident.message);
    let (title, as_said, as_described) = (folded(&incident.title), folded(&said), folded(&description));
    let description_is_new = !as_described.is_empty() && as_described != title;
    let said_is_new = !as_said.is_empty() && as_said != title;
    match (said_is_new, description_is_new) {
        (true, true) if as_described.contains(&as_said) => (String::new(), description),
        (true, true) if as_said.contains(&as_described) => (said, String::new()),
        (is_said, is_described) => (
            if is_said { said } else { String::new() },
            if is_described { description } else { String::new() },
        ),
    }
}

/// How much later than it was owed the message comes.
fn late(context: &Context, view: View) -> Option<String> {
    let seconds = seconds_between(context.owed_since, context.now);
    (view == View::Change && seconds >= LATE_SECONDS).then(|| format!("{} late", duration(seconds)))
}

#[cfg(test)]
mod tests;
