//! An action's context from a short JSON file: what is not said is as in [`example_context`].
//!
//! Never lenient: a misspelt member fails the test with its name.

use serde_json::{Map, Value};

use crate::chat::{Buttons, Facts, OtherActions};
use crate::{
    ChangeKind, Context, Incident, IncidentChange, Label, Link, Reference, Severity, State, Timestamp, Zone,
};

/// Incident 42, critical, open, with a message, two labels and a link; just opened; first attempt at
/// 2026-01-02T03:04:05Z; the addresses that an open incident has.
pub fn example_context() -> Context {
    let at = Timestamp::from_seconds(1_767_323_045);
    Context {
        incident: Incident {
            id: "01KDYQ3M8800000000000000AA".to_owned(),
            number: 42,
            source: "monitoring".to_owned(),
            key: "db-1-disk".to_owned(),
            title: "Disk full on db-1".to_owned(),
            message: "/var is at 97 %.".to_owned(),
            severity: Severity::Critical,
            state: State::Open,
            labels: vec![label("host", "db-1"), label("team", "storage")],
            links: vec![Link { title: "Graph".to_owned(), url: "https://graphs.example/db-1".to_owned() }],
            count: 1,
            opened_at: at,
            open_since: at,
            updated_at: at,
            acknowledged_at: None,
            resolved_at: None,
            extra: Vec::new(),
        },
        change: IncidentChange {
            kind: ChangeKind::Opened,
            at,
            actor: None,
            text: String::new(),
            changed: Vec::new(),
            before: Vec::new(),
        },
        attempt: 1,
        delivery_id: "01KDYQ3M8800000000000000DD".to_owned(),
        test: false,
        now: at,
        owed_since: at,
        zone: Zone { name: "UTC".to_owned(), offset_minutes: 0 },
        action: "ops".to_owned(),
        references: Vec::new(),
        settings: Vec::new(),
        connection: Vec::new(),
        host: "peer.example".to_owned(),
        urls: ["incident", "acknowledge", "resolve", "note", "modify", "delete"]
            .map(|purpose| label(purpose, &format!("https://tocsin.example/incidents/42?do={purpose}")))
            .into(),
    }
}

/// The example with `filler` again and again in every text that comes from outside, as much as the host lets
/// through and more: a title of 10,000, 100 labels of 4 KB, 16 links with awkward addresses, an actor.
pub fn hostile_context(filler: &str) -> Context {
    let fill = |bytes: usize| filler.repeat(bytes / filler.len().max(1));
    let mut context = example_context();
    let incident = &mut context.incident;
    incident.title = filler.repeat(10_000);
    incident.message = fill(65_536);
    incident.source = filler.repeat(500);
    incident.labels = (0..100).map(|n| label(&format!("{n}{filler}"), &fill(4_096))).collect();
    let url = "https://a.example/@&]".repeat(80);
    incident.links = (0..16).map(|_| Link { title: filler.repeat(300), url: url.clone() }).collect();
    context.change.text = filler.repeat(5_000);
    context.change.actor = Some(filler.repeat(500));
    context
}

/// The settings by which a message shows all facts that there are.
pub fn all_facts() -> Facts {
    Facts { attributes: vec!["list".to_owned()], user_info: true }
}

/// The settings by which a message has all buttons that the incident's state allows.
pub const fn all_buttons() -> Buttons {
    Buttons {
        incident_button: true,
        modify_button: true,
        delete_button: true,
        other_actions: OtherActions::Yes,
        other_action_codes: Vec::new(),
    }
}

/// The example with what `file` says: `change`, `text`, `actor`, `changed`, `before`, `attempt`, `test`, `host`, `action`, `urls`,
/// `references` (objects of `key`, `value`, `url`), `zone` (an object of its name and offset in minutes), and of the
/// incident `title`, `message`, `severity`, `state`, `source`, `key`, `number`, `count`, `labels` and `links` (objects
/// of title and address). Times (`now`, `owed_since`, `opened_at`, `open_since`, `acknowledged_at`, `resolved_at`) are
/// RFC 3339.
///
/// # Errors
/// The member that is unknown or of another shape.
pub fn context_from_json(file: &Value) -> Result<Context, String> {
    let mut context = example_context();
    let Value::Object(members) = file else { return Err("context.json is not an object".to_owned()) };
    for (name, value) in members {
        apply(&mut context, name, value)
            .ok_or_else(|| format!("`{name}` is unknown or has another shape"))?;
    }
    Ok(context)
}

fn apply(context: &mut Context, name: &str, value: &Value) -> Option<()> {
    let text = || value.as_str().map(str::to_owned);
    let incident = &mut context.incident;
    match name {
        "title" => incident.title = text()?,
        "message" => incident.message = text()?,
        "source" => incident.source = text()?,
        "key" => incident.key = text()?,
        "number" => incident.number = value.as_u64()?,
        "count" => incident.count = value.as_u64()?,
        "severity" => incident.severity = value.as_str()?.parse().ok()?,
        "state" => {
            let states = [State::Open, State::Acknowledged, State::Resolved];
            incident.state = states.into_iter().find(|state| Some(state.as_str()) == value.as_str())?;
        }
        "labels" => incident.labels = labels(value)?,
        "links" => {
            let links = labels(value)?.into_iter();
            incident.links = links.map(|link| Link { title: link.key, url: link.value }).collect();
        }
        "change" => {
            let kinds = ChangeKind::ALL;
            context.change.kind = kinds.into_iter().find(|kind| Some(kind.as_str()) == value.as_str())?;
        }
        "text" => context.change.text = text()?,
        "actor" => context.change.actor = Some(text()?),
        "changed" => {
            let names = value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
            context.change.changed = names.collect::<Option<_>>()?;
        }
        "before" => context.change.before = labels(value)?,
        "now" => context.now = time(value)?,
        "owed_since" => context.owed_since = time(value)?,
        "opened_at" => incident.opened_at = time(value)?,
        "open_since" => incident.open_since = time(value)?,
        "acknowledged_at" => incident.acknowledged_at = Some(time(value)?),
        "resolved_at" => incident.resolved_at = Some(time(value)?),
        "zone" => {
            let (name, offset) = value.as_object()?.iter().next()?;
            let offset_minutes = i32::try_from(offset.as_i64()?).ok()?;
            context.zone = Zone { name: name.clone(), offset_minutes };
        }
        "attempt" => context.attempt = u32::try_from(value.as_u64()?).ok()?,
        "test" => context.test = value.as_bool()?,
        "action" => context.action = text()?,
        "host" => context.host = text()?,
        "urls" => context.urls = labels(value)?,
        "references" => {
            context.references = value.as_array()?.iter().map(reference).collect::<Option<_>>()?
        }
        _ => return None,
    }
    Some(())
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse)
}

fn reference(value: &Value) -> Option<Reference> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Reference { key: text("key")?, value: text("value")?, url: text("url") })
}

fn labels(value: &Value) -> Option<Vec<Label>> {
    let members: &Map<String, Value> = value.as_object()?;
    members.iter().map(|(key, value)| Some(label(key, value.as_str()?))).collect()
}

fn label(key: &str, value: &str) -> Label {
    Label { key: key.to_owned(), value: value.to_owned() }
}
