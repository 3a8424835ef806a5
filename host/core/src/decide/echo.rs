//! Echoes: messages of this relay that come back to it through a source, and would open an incident about an incident.
//!
//! A ticket that the relay made fires its system's webhook, which is a source here; without this, each ticket would
//! open an incident, and each incident make a ticket. Two things identify a message of this relay, both by the id of an
//! incident or a delivery that this store holds, which no other text has by chance:
//!
//! - the mark that a plugin writes: `Tocsin incident <id>`, `Tocsin delivery <id>`, the label `tocsin-<id>`, or
//!   the id alone as what the peer knows the incident by (a deduplication key);
//! - a signed link to the incident's page, in an event whose title is the incident's. A link alone is no sign: people
//!   quote links in tickets of their own.
//!
//! Only events that would open an incident are held back, and notes that end with the mark, which are the relay's own
//! log entries. An acknowledgement or resolution of an incident that is there always counts.

use super::{Decided, Kept, Step};
use crate::event::{Event, EventChange};
use crate::id::AnyId;
use crate::incident::Incident;
use crate::receipt::Effect;
use crate::state::State;
use crate::transition::Transition;

/// Characters of a written id.
const ID_CHARS: usize = 26;
/// Ids that are looked up for one event: an event that names more is a list, and no message of the relay.
const IDS_MAX: usize = 8;
/// What stands before the id in a label that is a mark.
const LABEL: &str = "tocsin-";
/// What stands before the id in a link to an incident's page.
const PAGE: &str = "/incidents/";
/// What a signed link to an incident's page has.
const SIGNATURE: &str = "sig=";

/// The incident of this relay whose own message `event` is, if `transition` would let it open another one or add the
/// relay's own log entry as a note. `known` gives the incident of this id, or of the delivery of this id.
///
/// # Errors
/// Those of `known`.
pub fn echo<E>(
    transition: Transition,
    event: &Event,
    known: impl Fn(AnyId) -> Result<Option<Incident>, E>,
) -> Result<Option<Incident>, E> {
    let (marked, linked) = match transition {
        Transition::Open | Transition::OpenAcknowledged => (marked(event), linked(event)),
        Transition::Note => (last_mark(&event.message).into_iter().collect(), Vec::new()),
        Transition::Merge
        | Transition::Count
        | Transition::Reopen
        | Transition::Acknowledge
        | Transition::Resolve
        | Transition::NoteLate
        | Transition::Orphan
        | Transition::Nothing
        | Transition::Echo => return Ok(None),
    };
    for id in marked.into_iter().take(IDS_MAX) {
        if let Some(incident) = known(id)? {
            return Ok(Some(incident));
        }
    }
    for id in linked.into_iter().take(IDS_MAX) {
        if let Some(incident) = known(id)?.filter(|incident| is_about(event, incident)) {
            return Ok(Some(incident));
        }
    }
    Ok(None)
}

impl<S: State> Step<'_, S> {
    /// What is recorded of an event that is an echo; none for every other event.
    pub(super) fn echo(&self, transition: Transition, event: &Event) -> Decided<Option<Effect>, S> {
        let known = |id: AnyId| -> Decided<Option<Incident>, S> {
            match self.state.incident(id.read_as()).kept()? {
                Some(incident) => Ok(Some(incident)),
                None => Ok(self.state.delivery(id.read_as()).kept()?.map(|delivery| delivery.incident)),
            }
        };
        let own = echo(transition, event, known)?;
        Ok(own.map(|incident| Effect {
            change: event.change,
            key: event.key.clone(),
            transition: Transition::Echo,
            incident: Some((incident.id, incident.number)),
        }))
    }
}

/// The texts of an event in which a message can stand.
fn texts(event: &Event) -> impl Iterator<Item = &str> {
    let texts = [event.title.as_str(), event.message.as_str()].into_iter();
    let links = event.links.iter().map(|link| link.url.as_str());
    texts.chain(event.labels.values().map(String::as_str)).chain(links)
}

/// The ids of incidents that marks in the event name.
fn marked(event: &Event) -> Vec<AnyId> {
    let in_texts = texts(event).flat_map(marks).map(|(id, _)| id);
    let labels = event.labels.values().flat_map(|value| value.split(|c: char| c == ',' || c.is_whitespace()));
    let in_labels = labels.filter_map(|word| word.strip_prefix(LABEL).unwrap_or(word).parse().ok());
    let as_keys = std::iter::once(&event.key).chain(&event.aliases).filter_map(|key| key.parse().ok());
    in_texts.chain(in_labels).chain(as_keys).collect()
}

/// The id that the mark names which a text ends with.
fn last_mark(text: &str) -> Option<AnyId> {
    let words = text.split_whitespace().count();
    marks(text).into_iter().rev().find(|(_, end)| *end == words).map(|(id, _)| id)
}

/// The incidents that marks name, each with the number of the word after it. Any white space may stand between the
/// words: a mail or a page breaks lines where it likes.
fn marks(text: &str) -> Vec<(AnyId, usize)> {
    if !text.contains("Tocsin") {
        return Vec::new();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let begins =
            word.strip_suffix("Tocsin").is_some_and(|before| !before.ends_with(char::is_alphanumeric));
        if !begins {
            continue;
        }
        let next = |places: usize| words.get(at + places).copied().unwrap_or("");
        if let ("incident" | "delivery", Some(id)) = (next(1), id_at_start(next(2))) {
            found.push((id, at + 3));
        }
    }
    found
}

/// The ids in signed links to incidents' pages.
fn linked(event: &Event) -> Vec<AnyId> {
    let in_word = |word: &str| -> Option<AnyId> {
        let (_, rest) = word.split_once(PAGE)?;
        rest.contains(SIGNATURE).then(|| id_at_start(rest)).flatten()
    };
    texts(event)
        .flat_map(|text| text.split_whitespace().filter_map(in_word).collect::<Vec<AnyId>>())
        .collect()
}

/// The id that `text` begins with, up to what cannot be a part of one.
fn id_at_start(text: &str) -> Option<AnyId> {
    let (id, rest) = (text.get(..ID_CHARS)?, text.get(ID_CHARS..)?);
    if rest.starts_with(char::is_alphanumeric) { None } else { id.parse().ok() }
}

/// Whether the event's title is the incident's, with whatever a message puts around it.
fn is_about(event: &Event, incident: &Incident) -> bool {
    let (theirs, ours) = (event.title.to_lowercase(), incident.title.to_lowercase());
    matches!(event.change, EventChange::Trigger | EventChange::Acknowledge)
        && !ours.trim().is_empty()
        && theirs.contains(ours.trim())
}
