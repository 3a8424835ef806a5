//! What comes in: a request, and the events that a source decodes it to.
//!
//! Never trusts a byte of the request: size and sender are checked by the host, nothing else is.

mod bounds;
mod event;

pub use event::{Change, Event};
pub(crate) use event::{LABELS_MAX, LINKS_MAX};

use crate::payload::{self, MediaType};
use crate::{Header, Parameter, Payload, Setting, SettingProblem, Settings, SourceInfo, Timestamp, keys};

/// Decodes what one service sends. Implementations are functions without state; they must not panic.
pub trait Source {
    /// What an operator may configure; `()` for nothing.
    type Settings: Settings;

    /// How the service sends: methods, signatures, replays and an example.
    fn source_info() -> SourceInfo {
        SourceInfo::default()
    }

    /// The events in a request. A request that is fine but of no interest is [`Decoded::ignored`].
    ///
    /// # Errors
    /// What the sender has to change, in words the sender understands.
    fn decode(request: &Request, settings: &Self::Settings) -> Result<Decoded, Refusal>;

    /// Whether the settings make sense beyond what their kinds say, asked when a configuration is read.
    ///
    /// # Errors
    /// Every mistake, for the operator who made it.
    fn check(settings: &Self::Settings) -> Result<(), Vec<SettingProblem>> {
        let _ = settings;
        Ok(())
    }
}

/// What is wrong with the settings that a source was given; nothing when they can be used.
pub fn check_source<T: Source>(given: &[Setting]) -> Vec<SettingProblem> {
    match T::Settings::from_settings(given) {
        Ok(settings) => T::check(&settings).err().unwrap_or_default(),
        Err(error) => vec![SettingProblem::new(error.key, error.problem)],
    }
}

/// A request, after the host checked its size and its sender and took out what proves the sender's identity
/// (the token, `authorization`, `cookie`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Upper-case.
    pub method: String,
    /// What follows the source's own path: empty, or beginning with `/`.
    pub path: String,
    /// In the order of arrival.
    pub query: Vec<Parameter>,
    /// In the order of arrival, names in lower case.
    pub headers: Vec<Header>,
    /// The raw body; may be empty.
    pub body: Vec<u8>,
    /// The host's clock when it came.
    pub received_at: Timestamp,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// The first query parameter of this name, in any case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|p| p.name.eq_ignore_ascii_case(name)).map(|p| p.value.as_str())
    }

    /// What the `content-type` header says, parsed.
    pub fn media_type(&self) -> MediaType {
        MediaType::parse(self.header("content-type").unwrap_or(""))
    }

    /// The body as JSON, whatever its media type says; of a form of one field, the document in it.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with line and column.
    pub fn json(&self) -> Result<serde_json::Value, Refusal> {
        payload::json(self, |_| false)
    }

    /// As [`Request::json`], without the members whose names `skip` picks; see [`crate::json::parse_without`].
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with line and column.
    pub fn json_without(&self, skip: fn(&str) -> bool) -> Result<serde_json::Value, Refusal> {
        payload::json(self, skip)
    }

    /// The body as what it is: JSON or a form (percent-encoded or multipart), by its media type and by its first
    /// character. A form of one field that holds a document (`payload={…}`) is that document.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] for XML, files and whatever else is neither; [`Refusal::Malformed`] for broken JSON,
    /// with line and column, and for a multipart body without parts.
    pub fn payload(&self) -> Result<Payload, Refusal> {
        payload::read(self)
    }

    /// A POST of a JSON document, for tests.
    pub fn post_json(body: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }],
            body: body.as_bytes().to_vec(),
            received_at: Timestamp::from_seconds(1_767_323_045),
        }
    }
}

/// An answer that the sender needs to see, in place of the host's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Header>,
    /// As it is sent.
    pub body: Vec<u8>,
}

/// An element of a list that could not be read, while others could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands in the request, such as `alerts[3]`.
    pub place: String,
    /// What is wrong with it and what would do: one sentence.
    pub reason: String,
}

/// Events that the host takes of one request, and elements that could not be read.
const EVENTS_MAX: usize = 10_000;

/// What a request was decoded to. One event or a list of them converts into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// In the order in which they are applied; at most 10,000.
    pub events: Vec<Event>,
    /// The elements that could not be read. The events of the others are applied, and the request is kept as a dead
    /// letter. [`Decoded::of_elements`] fills it.
    pub rejected: Vec<Rejection>,
    /// Notes for the operator who sets the source up, such as a time that could not be read: one sentence each.
    pub remarks: Vec<String>,
    /// The sender's own id of this delivery, the same when it tries again.
    pub delivery_id: Option<String>,
    /// In place of the host's own answer.
    pub reply: Option<Reply>,
    /// Why there is no event although nothing is wrong: a named test message, an event kind that means nothing.
    pub ignored: Option<String>,
    /// An https address that the sender wants fetched once to confirm the subscription. The host fetches it only if
    /// the operator allows it and its host is one of [`SourceInfo::confirm_hosts`].
    pub confirm: Option<String>,
}

impl Decoded {
    /// What the elements of a list were decoded to: `place` names the element with an index, such as `alerts[3]`.
    ///
    /// # Errors
    /// The first element's refusal, when not one element could be read.
    pub fn of_elements(
        elements: impl IntoIterator<Item = Result<Vec<Event>, Refusal>>,
        place: impl Fn(usize) -> String,
    ) -> Result<Self, Refusal> {
        let (mut decoded, mut first) = (Self::default(), None);
        for (index, element) in elements.into_iter().enumerate() {
            let element = element.and_then(|events| {
                if decoded.events.len() + events.len() > EVENTS_MAX {
                    let why =
                        "it is one too many: a request has 10000 events at most; send the rest in another";
                    return Err(Refusal::Malformed(why.to_owned()));
                }
                Ok(events)
            });
            match element {
                Ok(events) => decoded.events.extend(events),
                Err(refusal) => {
                    // The host takes no more of them; the last ones are in the dead letter's bytes all the same.
                    if decoded.rejected.len() < EVENTS_MAX {
                        decoded.rejected.push(Rejection { place: place(index), reason: refusal.to_string() });
                    }
                    first.get_or_insert(refusal);
                }
            }
        }
        match first {
            Some(refusal) if decoded.events.is_empty() => Err(refusal),
            _ => Ok(decoded),
        }
    }

    /// The same with a note for the operator who sets the source up.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// Nothing is wrong and there is nothing to report, for this reason.
    pub fn ignored(reason: impl Into<String>) -> Self {
        Self { ignored: Some(reason.into()), ..Self::default() }
    }

    /// The same with the sender's id of the delivery, if it has one. An overlong one is shortened by [`keys::fit`].
    #[must_use]
    pub fn delivery_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.delivery_id = id.into().filter(|id| !id.is_empty()).map(|id| keys::fit(&id));
        self
    }
}

impl From<Event> for Decoded {
    fn from(event: Event) -> Self {
        vec![event].into()
    }
}

impl From<Vec<Event>> for Decoded {
    fn from(events: Vec<Event>) -> Self {
        Self { events, ..Self::default() }
    }
}

/// The sender's mistake: answered with 422 (415 for `Unsupported`) and these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A media type or method that the plugin does not read, and which it does.
    Unsupported(String),
    /// The body is not what its media type says, with the place.
    Malformed(String),
    /// The name of a field that must be there.
    Missing(String),
    /// A field that is wrong, and what was expected in its place.
    Invalid {
        /// The field's name, with its place in a list.
        field: String,
        /// What is wrong with it and what would do.
        problem: String,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported(why) | Self::Malformed(why) => f.write_str(why),
            Self::Missing(field) => match field.split_once(" (") {
                // What to do about it is no part of the name.
                Some((field, advice)) => write!(f, "`{field}` is missing ({advice}"),
                None => write!(f, "`{field}` is missing"),
            },
            // Words such as `the recipe` are no name.
            Self::Invalid { field, problem } if field.starts_with("the ") => write!(f, "{field}: {problem}"),
            Self::Invalid { field, problem } => write!(f, "`{field}`: {problem}"),
        }
    }
}

impl Refusal {
    /// The field must be there and is not.
    pub fn missing(field: impl Into<String>) -> Self {
        Self::Missing(field.into())
    }

    /// The field is there and wrong.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

#[cfg(test)]
mod tests;
