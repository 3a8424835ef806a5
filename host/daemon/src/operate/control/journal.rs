//! The journal over the API, and for the command line where no relay runs.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tocsin_core::id::{DeliveryId, IncidentId};
use tocsin_core::journal::Cause;
use tocsin_core::time::Timestamp;
use tocsin_store::{JournalQuery, Store};

use super::asked::Narrowed;
use super::context::{Control, blocking};
use super::document::NotFound;
use super::{incidents, query};
use crate::operate::api::journal::{self as api, JournalList, JournalPage};
use crate::shared::problem::HttpProblem;

mod deliveries;
pub(super) mod facts;

/// The kind of a fact, the fact in words, and its fields.
type Shown = (&'static str, String, Value);

#[utoipa::path(
    get,
    path = "/journal",
    operation_id = "listJournal",
    tag = "journal",
    summary = "Entries of the journal, the oldest first.",
    params(JournalList),
    responses((status = 200, description = "Done.", body = JournalPage), NotFound)
)]
pub(super) async fn list(
    State(control): State<Control>,
    Narrowed(list): Narrowed<JournalList>,
) -> Result<Json<JournalPage>, HttpProblem> {
    let store = control.app.store.clone();
    Ok(Json(blocking(move || page(&store, &list)).await?))
}

/// The page of `store`'s journal that `list` asks for.
///
/// # Errors
/// What it asks for is not there or not well-formed, or the store cannot be read.
pub fn page(store: &Store, list: &JournalList) -> Result<JournalPage, HttpProblem> {
    let wrong =
        |error: tocsin_core::time::InvalidTime| HttpProblem::bad_request(format!("`since`: {error}."));
    let query = JournalQuery {
        from: list.from,
        to: list.to,
        since: list.since.as_deref().map(str::parse::<Timestamp>).transpose().map_err(wrong)?,
        incident: list.incident.as_deref().map(|reference| incident(store, reference)).transpose()?,
        receipt: list.receipt.as_deref().map(query::id).transpose()?,
        limit: query::limit(list.limit),
    };
    let page = store.journal(&query)?;
    let mut names = Names::of(store);
    let entries = page.entries.iter().map(|(number, entry)| match entry {
        Ok(entry) => api::Entry {
            number: *number,
            at: Some(entry.at.to_string()),
            cause: Some(cause(&entry.cause)),
            facts: entry.facts.iter().map(|fact| facts::fact(fact, &mut names)).collect(),
            policy: Some(format!("{:016x}", entry.policy)),
            epoch: Some(entry.epoch),
            unreadable: None,
        },
        Err(problem) => unreadable(*number, problem),
    });
    Ok(JournalPage {
        entries: entries.collect(),
        next: page.next,
        first: page.ends.map(|(first, _)| first),
        last: page.ends.map(|(_, last)| last),
    })
}

/// The incident that a reference names. One that was forgotten has no number any more, but its id stands in facts.
pub(super) fn incident(store: &Store, reference: &str) -> Result<IncidentId, HttpProblem> {
    match reference.parse::<IncidentId>() {
        Ok(id) => Ok(id),
        Err(_) => Ok(incidents::find(store, reference)?.id),
    }
}

fn unreadable(number: u64, problem: &str) -> api::Entry {
    let unreadable = Some(problem.to_owned());
    api::Entry { number, at: None, cause: None, facts: Vec::new(), policy: None, epoch: None, unreadable }
}

/// The receipt of the request, and the request's id.
fn of_request(cause: &Cause) -> Value {
    let Some(origin) = cause.origin() else { return json!({}) };
    json!({ "receipt": origin.receipt.to_string(), "request": origin.trace().to_string() })
}

pub(super) fn cause(cause: &Cause) -> api::Cause {
    let none = json!({});
    let (name, description, fields) = match cause {
        Cause::Start(version) => {
            ("start", format!("Tocsin {version} started"), json!({ "version": version }))
        }
        Cause::Request(id, _) => ("request", format!("request {id}"), of_request(cause)),
        Cause::DecodedAgain(id, _) => {
            ("decoded_again", format!("request {id}, decoded again"), of_request(cause))
        }
        Cause::Operator(actor) => ("operator", format!("operator {actor}"), json!({ "actor": actor })),
        Cause::Attempts => ("attempts", "attempts began".to_owned(), none),
        Cause::Trial => ("trial", "an attempt over a paused connection began".to_owned(), none),
        Cause::Outcome => ("outcome", "an attempt ended".to_owned(), none),
        Cause::Works(how) => {
            ("works", format!("a paused connection works again: {how}"), json!({ "how": how }))
        }
        Cause::Timers => ("timers", "timers were due".to_owned(), none),
        Cause::Interruption => ("interruption", "no source could be heard for a while".to_owned(), none),
        Cause::Retention => ("retention", "kept for long enough".to_owned(), none),
        Cause::Configured { by, digest, changes } => (
            "configured",
            format!("another configuration was put in force by {by}: {}", changes.join(", ")),
            json!({ "by": by, "digest": digest, "changes": changes }),
        ),
        Cause::Audited { by, what } => ("audited", format!("{by} {what}"), json!({ "by": by, "what": what })),
    };
    api::Cause { cause: name.to_owned(), description, fields: object(fields) }
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    }
}

/// What people call incidents and deliveries. Each is looked up once for a page.
pub(super) struct Names<'s> {
    store: &'s Store,
    incidents: HashMap<IncidentId, String>,
    deliveries: HashMap<DeliveryId, String>,
}

impl<'s> Names<'s> {
    /// None yet.
    pub(super) fn of(store: &'s Store) -> Self {
        Self { store, incidents: HashMap::new(), deliveries: HashMap::new() }
    }

    /// `#42`; the id of an incident that is not kept.
    pub(super) fn incident(&mut self, id: IncidentId) -> String {
        let store = self.store;
        let number = || match store.incident(id) {
            Ok(Some(incident)) => format!("#{}", incident.number),
            _ => format!("incident {id}"),
        };
        self.incidents.entry(id).or_insert_with(number).clone()
    }

    /// An incident's number is known.
    fn numbered(&mut self, id: IncidentId, number: u64) -> String {
        self.incidents.entry(id).or_insert_with(|| format!("#{number}")).clone()
    }

    /// `delivery 01J… of #42 to page`; the id alone of a delivery that is not kept.
    pub(super) fn delivery(&mut self, id: DeliveryId) -> String {
        if let Some(known) = self.deliveries.get(&id) {
            return known.clone();
        }
        match self.store.delivery(id) {
            Ok(Some(delivery)) => {
                let number = delivery.incident.number;
                let incident = self.numbered(delivery.incident.id, number);
                self.queued(id, &incident, &delivery.action)
            }
            _ => format!("delivery {id}"),
        }
    }

    /// What a delivery is for is known.
    fn queued(&mut self, id: DeliveryId, incident: &str, action: &str) -> String {
        let name = format!("delivery {id} of {incident} by {action}");
        self.deliveries.entry(id).or_insert(name).clone()
    }
}
