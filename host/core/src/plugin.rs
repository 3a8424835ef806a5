//! What plugins are asked and what they answer, in the core's own words. The sandbox converts these from and
//! to the component's types; nothing else of the plugin API is known inside.

use minicbor::{Decode, Encode};

use crate::delivery::{Change, Reference};
use crate::event::{Event, Link};
use crate::incident::Incident;
use crate::name::ActionName;
use crate::time::Timestamp;
use crate::time_zone::TimeZone;
pub use crate::value::{Document, Setting, Value};
use crate::view;

mod about;

pub use about::{ActionInfo, Digest, Encoding, Example, PluginInfo, Rate, Replays, Signature, SourceInfo};

/// A name with a value: a header (name in lower case) or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub value: String,
}

impl Pair {
    /// A pair of these two.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A request that came in, without what proves its sender's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRequest {
    /// Upper-case.
    pub method: String,
    /// What follows the source's own path.
    pub path: String,
    /// In order.
    pub query: Vec<Pair>,
    /// In order, names in lower case.
    pub headers: Vec<Pair>,
    /// As it came.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// An answer that the sender needs to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Pair>,
    /// As it is sent.
    pub body: Vec<u8>,
}

/// An element of a list in a request that could not be read, while others could.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RejectedElement {
    /// Where it stands, such as `alerts[3]`.
    #[n(0)]
    pub place: String,
    /// What is wrong with it.
    #[n(1)]
    pub reason: String,
}

/// What a request was decoded to. The events are not yet within [`crate::event`]'s bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// In the order in which they are applied.
    pub events: Vec<Event>,
    /// The elements that could not be read.
    pub rejected: Vec<RejectedElement>,
    /// Notes for the operator who sets the source up.
    pub remarks: Vec<String>,
    /// The sender's own id of the delivery.
    pub delivery_id: Option<String>,
    /// In place of the host's answer.
    pub reply: Option<Reply>,
    /// Why there is no event although nothing is wrong.
    pub ignored: Option<String>,
    /// An address that the sender wants fetched once to confirm the subscription.
    pub confirm: Option<String>,
}

/// The sender's mistake, as the plugin found it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A media type or method that it does not read.
    #[error("{0}")]
    Unsupported(String),
    /// Not what its media type says.
    #[error("{0}")]
    Malformed(String),
    /// A field that must be there.
    #[error("{}", missing(.0))]
    Missing(String),
    /// A field that is wrong.
    #[error("{}: {problem}", quoted(field))]
    Invalid {
        /// Which.
        field: String,
        /// What was expected.
        problem: String,
    },
}

/// A field that is missing; what stands behind its name in parentheses is advice, not a part of the name.
fn missing(field: &str) -> String {
    match field.split_once(" (") {
        Some((field, advice)) => format!("`{field}` is missing ({advice}"),
        None => format!("`{field}` is missing"),
    }
}

/// A field's name in quotes; words such as `the recipe` are no name.
fn quoted(field: &str) -> String {
    if field.starts_with("the ") { field.to_owned() } else { format!("`{field}`") }
}

/// A time zone, as it is at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name in the time zone database, such as `Europe/Berlin`.
    pub id: String,
    /// As people write it behind a time.
    pub name: String,
    /// East of UTC.
    pub offset_minutes: i32,
}

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self { id: "UTC".to_owned(), name: "UTC".to_owned(), offset_minutes: 0 }
    }

    /// `zone` as it is at `at`.
    pub fn of(zone: &TimeZone, at: Timestamp) -> Self {
        let id = || zone.name().to_owned();
        let known = zone.at(at).map(|(name, offset_minutes)| Self { id: id(), name, offset_minutes });
        known.unwrap_or_else(Self::utc)
    }
}

/// What an action plugin is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// As it is when the attempt begins.
    pub incident: Incident,
    /// What happened.
    pub change: Change,
    /// From 1.
    pub attempt: u32,
    /// The peer's idempotency key.
    pub delivery_id: String,
    /// Mark what a person will read.
    pub test: bool,
    /// When this attempt began.
    pub now: Timestamp,
    /// Since when the delivery is owed.
    pub owed_since: Timestamp,
    /// In which to write times for people.
    pub zone: Zone,
    /// The reader's language as a BCP 47 tag; empty if not configured.
    pub language: String,
    /// The action's name in the configuration.
    pub action: ActionName,
    /// What the peer called it.
    pub references: Vec<Reference>,
    /// The action's settings, rendered.
    pub settings: Vec<Setting>,
    /// The connection's settings, without secrets.
    pub connection: Vec<Setting>,
    /// The host name of the connection's URL.
    pub host: String,
    /// Addresses in Tocsin's own interface: title is the purpose.
    pub urls: Vec<Link>,
}

impl Context {
    /// The word for what a sample has no better one for: its action, a label.
    pub const SAMPLE_WORD: &str = "sample";

    /// The first attempt of telling of the sample incident, which is acknowledged, in UTC.
    pub fn sample(settings: Vec<Setting>, connection: Vec<Setting>, host: &str) -> Self {
        let (mut incident, change) = view::sample();
        incident.acknowledge(change.at);
        Self {
            now: change.at,
            owed_since: change.at,
            zone: Zone::utc(),
            language: String::new(),
            action: Self::SAMPLE_WORD.into(),
            delivery_id: incident.id.to_string(),
            incident,
            change,
            attempt: 1,
            test: false,
            references: Vec::new(),
            settings,
            connection,
            host: host.to_owned(),
            urls: view::sample_urls(),
        }
    }
}

/// How a secret is written where it is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As it is.
    Raw,
    /// As the inside of a JSON string.
    Json,
    /// As a value in a form.
    Form,
}

/// A piece of a header or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Bytes(Vec<u8>),
    /// A secret of the connection, by the key of its field.
    Secret {
        /// The field's key.
        name: String,
        /// How it is written.
        encoding: SecretEncoding,
    },
    /// `base64(user ":" password)`.
    Credentials {
        /// As it is.
        user: String,
        /// The field's key.
        password: String,
    },
}

/// A signature that the host adds to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The key of the secret's field.
    pub secret: String,
    /// Which.
    pub signature: Signature,
}

/// A request that a plugin wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRequest {
    /// Upper-case.
    pub method: String,
    /// Appended to the connection's path.
    pub path: String,
    /// Appended to the connection's query.
    pub query: Vec<Pair>,
    /// Name and pieces of the value.
    pub headers: Vec<(String, Vec<Part>)>,
    /// Empty for none.
    pub content_type: String,
    /// Pieces.
    pub body: Vec<Part>,
    /// Made over the finished body.
    pub signing: Vec<Signing>,
}

/// A request that tries a connection without leaving a trace at the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What to send.
    pub request: ActionRequest,
    /// Where its path goes.
    pub place: Place,
}

/// Where the path of a probe goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the end of the connection's path.
    End,
    /// Into the connection's path, right after the first occurrence of this.
    After(String),
    /// In the place of the connection's path and query.
    Root,
}

/// How sure it is that a person will see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The peer said that it is there.
    Delivered,
    /// The peer took it and will not say more.
    Accepted,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How sure.
    pub certainty: Certainty,
    /// One line.
    pub summary: String,
    /// Kept for the incident and the connection.
    pub references: Vec<Reference>,
    /// Written to the incident's labels: key, value.
    pub updates: Vec<(String, String)>,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this and come back with the answer and the state.
    Send {
        /// What to send.
        request: ActionRequest,
        /// The plugin's own.
        state: Vec<u8>,
    },
    /// Done.
    Delivered(Receipt),
    /// Nothing to send; why.
    Skipped(String),
}

/// Why it was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may work later.
    #[error("{reason}")]
    Retry {
        /// Why not now.
        reason: String,
        /// What the peer asked for.
        after_ms: Option<u64>,
    },
    /// This delivery will never work.
    #[error("{0}")]
    Rejected(String),
    /// Nothing on this connection will work.
    #[error("{0}")]
    Misconfigured(String),
}

/// A peer's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Pair>,
    /// At most 1 MiB.
    pub body: Vec<u8>,
}
