//! What templates and filters see of an incident: names, and the values behind them.
//!
//! Never shows a secret or a connection's URL, and never a marker (see [`crate::markers`]) that somebody else
//! wrote. A label, address or reference that is not there reads as the
//! empty text; every other unknown name is a mistake, found when the template is parsed.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::delivery::{Change, ChangeKind, Reference};
use crate::durations::roughly;
use crate::event::{Link, Severity};
use crate::id::Id;
use crate::incident::{Incident, IncidentState, Phase};
use crate::markers::without;
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::time_zone::TimeZone;

mod moment;
mod open;

pub(crate) use moment::{MOMENT, Moment};
use open::open_map;
pub(crate) use open::{as_map, is_map};

/// The incident's fields, as templates name them: at the top and below `incident`.
pub const INCIDENT_FIELDS: [&str; 16] = [
    "id",
    "number",
    "source",
    "key",
    "title",
    "message",
    "severity",
    "state",
    "labels",
    "links",
    "count",
    "opened_at",
    "open_since",
    "updated_at",
    "acknowledged_at",
    "resolved_at",
];
/// The fields below `change`.
pub const CHANGE_FIELDS: [&str; 5] = ["kind", "at", "actor", "text", "changed"];
/// The fields below `change.before`: what a field of `changed` was before the change.
pub const BEFORE_FIELDS: [&str; 3] = ["title", "severity", "labels"];
/// Names whose own fields are open: any name below them may be asked for.
pub const OPEN_FIELDS: [&str; 3] = ["labels", "urls", "references"];
/// What there is beside the incident's own fields.
pub const TOP_NAMES: [&str; 6] = ["incident", "change", "urls", "references", "now", "lasted"];

/// An incident, what happened to it, where it is shown, and what peers call it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    incident: &'a Incident,
    change: &'a Change,
    urls: &'a [Link],
    references: &'a [(String, Vec<Reference>)],
    missing: &'a str,
    now: Timestamp,
    zone: &'a TimeZone,
    is_trial: bool,
}

impl<'a> View<'a> {
    /// The view of `incident` right after `change`: now is the time of the change, in universal time.
    pub fn new(incident: &'a Incident, change: &'a Change) -> Self {
        Self {
            incident,
            change,
            urls: &[],
            references: &[],
            missing: "",
            now: change.at,
            zone: TimeZone::utc(),
            is_trial: false,
        }
    }

    /// As it is read at `now`, with times written in `zone`.
    #[must_use]
    pub fn at(self, now: Timestamp, zone: &'a TimeZone) -> Self {
        Self { now, zone, ..self }
    }

    /// For trying a template: a filter for times fails on what is no time, where it otherwise leaves the text as it
    /// is.
    #[must_use]
    pub(crate) fn for_trial(self) -> Self {
        Self { is_trial: true, ..self }
    }

    /// With addresses in the relay's own interface: a link's title is its purpose, such as `incident` or
    /// `acknowledge`.
    #[must_use]
    pub fn with_urls(self, urls: &'a [Link]) -> Self {
        Self { urls, ..self }
    }

    /// With what peers call the incident, by the connection's name. Templates read
    /// `references.<connection>.<key>`, and `references.<connection>.<key>_url` for where a person can see it.
    #[must_use]
    pub fn with_references(self, references: &'a [(String, Vec<Reference>)]) -> Self {
        Self { references, ..self }
    }

    /// With this word for every label, address and reference that is not there, in place of nothing: for trying
    /// templates that need something in those places.
    #[must_use]
    pub(crate) fn with_missing(self, missing: &'a str) -> Self {
        Self { missing, ..self }
    }

    /// As the value that templates are rendered with.
    pub fn value(&self) -> Value {
        let texts = |entries: Vec<(String, String)>| {
            let entries = entries.iter().map(|(key, value)| (without(key).into(), without(value).into()));
            open::texts(entries.collect(), self.missing)
        };
        let mut fields = incident_fields(self.incident);
        fields.insert("labels", texts(self.incident.labels.clone().into_iter().collect()));
        let mut names: BTreeMap<&str, Value> = fields.clone();
        names.insert("incident", Value::from(fields));
        let mut change = change_fields(self.change);
        change.insert("before", self.before());
        names.insert("change", Value::from(change));
        names.insert(
            "urls",
            texts(self.urls.iter().map(|link| (link.title.clone(), link.url.clone())).collect()),
        );
        let peers = self.references.iter().map(|(connection, references)| {
            (connection.clone(), texts(references.iter().flat_map(reference_fields).collect()))
        });
        names.insert("references", open_map(peers.collect(), texts(Vec::new())));
        names.insert("now", time(Some(self.now)));
        let until = self.incident.resolved_at().unwrap_or(self.now);
        names.insert("lasted", Value::from(roughly(until.ms_since(self.incident.open_since))));
        let moment = Moment { now: self.now, zone: self.zone.clone(), is_trial: self.is_trial };
        names.insert(MOMENT, Value::from_object(moment));
        Value::from(names)
    }

    /// What the fields were before the change, by the names in `changed`; those of labels also below `labels`. A field
    /// that was empty, or has not changed, reads as nothing.
    fn before(&self) -> Value {
        let before = &self.change.before;
        let labels = before.iter().filter_map(|(name, value)| {
            let label = without(name.strip_prefix("labels.")?).into_owned();
            Some((label, without(value).into_owned()))
        });
        let labels = open::texts(labels.collect(), self.missing);
        let fields = before.iter().map(|(name, value)| (without(name).into_owned(), text(value)));
        let fields = fields.chain([("labels".to_owned(), labels)]);
        open_map(fields.collect(), Value::from(self.missing))
    }
}

/// A text that somebody else wrote.
fn text(text: &str) -> Value {
    Value::from(without(text).as_ref())
}

/// A reference's value under its key and, where there is one, its address under the key with `_url`. The
/// address comes first: a reference that is itself called so counts for more.
fn reference_fields(reference: &Reference) -> impl Iterator<Item = (String, String)> {
    let url = reference.url.iter().map(|url| (format!("{}_url", reference.key), url.clone()));
    url.chain(std::iter::once((reference.key.clone(), reference.value.clone())))
}

fn incident_fields(incident: &Incident) -> BTreeMap<&'static str, Value> {
    let links = incident
        .links
        .iter()
        .map(|link| Value::from(BTreeMap::from([("title", text(&link.title)), ("url", text(&link.url))])));
    let values: [Value; 16] = [
        Value::from(incident.id.to_string()),
        Value::from(incident.number),
        text(&incident.source),
        text(&incident.key),
        text(&incident.title),
        text(&incident.message),
        Value::from(incident.severity.as_str()),
        Value::from(incident.state().as_str()),
        // The view's own: what is missing there reads as the view says.
        Value::UNDEFINED,
        links.collect(),
        Value::from(incident.count),
        time(Some(incident.opened_at)),
        time(Some(incident.open_since)),
        time(Some(incident.updated_at)),
        time(incident.acknowledged_at()),
        time(incident.resolved_at()),
    ];
    INCIDENT_FIELDS.into_iter().zip(values).collect()
}

fn change_fields(change: &Change) -> BTreeMap<&'static str, Value> {
    let values: [Value; 5] = [
        Value::from(change.kind.as_str()),
        time(Some(change.at)),
        text(change.actor.as_deref().unwrap_or_default()),
        text(&change.text.to_string()),
        change.changed.iter().map(|field| text(field)).collect(),
    ];
    CHANGE_FIELDS.into_iter().zip(values).collect()
}

/// RFC 3339, or empty when it has not happened.
fn time(at: Option<Timestamp>) -> Value {
    Value::from(at.map(|at| at.to_string()).unwrap_or_default())
}

/// What templates are tried on when they are checked: the sample in every state, of every severity and after
/// every kind of change, so that the branches that incidents take are taken; then one with nothing in it that
/// may be left out.
pub fn samples() -> impl Iterator<Item = (Incident, Change)> {
    let full = IncidentState::ALL.into_iter().flat_map(|state| {
        Severity::ALL.into_iter().flat_map(move |severity| {
            ChangeKind::ALL.into_iter().map(move |kind| {
                let (incident, change) = sample();
                (Incident { phase: sample_phase(state), severity, ..incident }, Change { kind, ..change })
            })
        })
    });
    let (incident, change) = sample();
    let bare = Incident {
        message: String::new(),
        labels: BTreeMap::new(),
        links: Vec::new(),
        phase: Phase::Open,
        ..incident
    };
    let silent = Change::of_the_relay(change.kind, change.at, Reason::none());
    full.chain(std::iter::once((bare, silent)))
}

/// Addresses in the relay's interface for the sample, for every purpose there is.
pub fn sample_urls() -> Vec<Link> {
    let url = |purpose: &str| match purpose {
        "incident" => "https://tocsin.example/incidents/1".to_owned(),
        action => format!("https://tocsin.example/incidents/1/{action}"),
    };
    ["incident", "acknowledge", "resolve", "note"]
        .map(|purpose| Link { title: purpose.to_owned(), url: url(purpose) })
        .into()
}

/// The phase of the sample in this state.
pub(crate) fn sample_phase(state: IncidentState) -> Phase {
    match state {
        IncidentState::Open => Phase::Open,
        IncidentState::Acknowledged => Phase::Acknowledged(SAMPLED_AT),
        IncidentState::Resolved => Phase::Resolved { at: SAMPLED_AT, acknowledged_at: Some(SAMPLED_AT) },
    }
}

/// When everything of the sample happened.
const SAMPLED_AT: Timestamp = Timestamp::from_micros(1_763_650_000_000_000);

/// An incident and a change that have something in every field.
pub fn sample() -> (Incident, Change) {
    let at = SAMPLED_AT;
    let incident = Incident {
        id: Id::new(at, 1),
        number: 1,
        source: "sample".into(),
        key: "sample-1".to_owned(),
        title: "Sample incident".to_owned(),
        message: "It is used to check templates.".to_owned(),
        severity: Severity::High,
        phase: sample_phase(IncidentState::Resolved),
        labels: BTreeMap::from([("team".to_owned(), "sample".to_owned())]),
        links: vec![Link { title: "Runbook".to_owned(), url: "https://example.org/".to_owned() }],
        count: 2,
        opened_at: at,
        open_since: at,
        updated_at: at,
        reopened: Vec::new(),
        flapping: false,
        last_occurred_at: Some(at),
        unmatched: false,
        heard_at: None,
    };
    let change = Change {
        kind: ChangeKind::Updated,
        at,
        actor: Some("sample.person".to_owned()),
        text: "Sample text".into(),
        changed: vec!["title".to_owned()],
        before: vec![("title".to_owned(), "Earlier title".to_owned())],
    };
    (incident, change)
}
