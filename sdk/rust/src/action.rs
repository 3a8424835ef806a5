//! What goes out: an incident's change, the requests that an action makes of it, and the verdict.
//!
//! Never chooses where a request goes: the connection's URL belongs to the host.

use crate::{ActionInfo, Header, HttpRequest, Label, Link, Setting, Settings, Severity, Timestamp, verdict};

/// Encodes an incident's changes for one service. Implementations are functions without state; they must not
/// panic.
pub trait Action {
    /// What an operator configures for a connection: where to, and as whom. `()` for nothing.
    type Connection: Settings;
    /// What an operator configures for an action: what to send. `()` for nothing.
    type Settings: Settings;

    /// The service's host names and the rate that it bears.
    fn action_info() -> ActionInfo {
        ActionInfo::default()
    }

    /// The first request for a change, or why there is none.
    ///
    /// # Errors
    /// Why this change cannot be sent: as a rule a setting that does not fit.
    fn encode(
        context: &Context,
        connection: &Self::Connection,
        settings: &Self::Settings,
    ) -> Result<Step, Failure>;

    /// What the service's answer means. The default looks at the status only: see [`verdict::by_status`].
    /// A service that answers 200 to a failure needs its own.
    ///
    /// # Errors
    /// What went wrong, and whether to try again.
    fn resume(
        context: &Context,
        connection: &Self::Connection,
        settings: &Self::Settings,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        let _ = (connection, settings, state);
        verdict::by_status(context, response)
    }
}

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody is on it.
    Open,
    /// Somebody is.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl State {
    /// `open`, `acknowledged` or `resolved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Opened,
    /// Something that a person sees is different.
    Updated,
    /// Somebody is on it.
    Acknowledged,
    /// Nobody is on it any more.
    Unacknowledged,
    /// It is over.
    Resolved,
    /// It came back.
    Reopened,
    /// Somebody wrote something.
    Noted,
    /// A reminder: it still is as it was.
    Repeated,
    /// It opens and resolves too often to say each time. Said once.
    Flapping,
    /// It no longer does. Said once.
    Steady,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Opened,
        Self::Updated,
        Self::Acknowledged,
        Self::Unacknowledged,
        Self::Resolved,
        Self::Reopened,
        Self::Noted,
        Self::Repeated,
        Self::Flapping,
        Self::Steady,
    ];

    /// The name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged => "unacknowledged",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Noted => "noted",
            Self::Repeated => "repeated",
            Self::Flapping => "flapping",
            Self::Steady => "steady",
        }
    }
}

/// An incident as it was right after the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// 26 characters, unique for ever.
    pub id: String,
    /// Counts up from 1 in an installation; what people say.
    pub number: u64,
    /// The source's name in the configuration.
    pub source: String,
    /// What told this problem from others of the source.
    pub key: String,
    /// One line.
    pub title: String,
    /// Plain text; may be empty.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// Open, acknowledged or resolved.
    pub state: State,
    /// Facts.
    pub labels: Vec<Label>,
    /// Where to read more.
    pub links: Vec<Link>,
    /// How many triggers were merged into it, the first included.
    pub count: u64,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When somebody took it.
    pub acknowledged_at: Option<Timestamp>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// Facts that later versions of the host add.
    pub extra: Vec<Label>,
}

impl Incident {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().rev().find(|label| label.key == key).map(|label| label.value.as_str())
    }
}

/// What happened, when and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentChange {
    /// What.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// Who did it: a person, or the sender's own word.
    pub actor: Option<String>,
    /// A note's text, or why; may be empty.
    pub text: String,
    /// Names of the incident's fields that differ from before.
    pub changed: Vec<String>,
}

/// What the service called something of ours, kept for each incident and connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The plugin's name for it, for example `ticket`.
    pub key: String,
    /// The service's id.
    pub value: String,
    /// Where a person finds it.
    pub url: Option<String>,
}

/// Everything that one attempt of a delivery may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The incident right after the change.
    pub incident: Incident,
    /// The change to tell.
    pub change: IncidentChange,
    /// 1 for the first attempt. From 2 on, an earlier request may have arrived.
    pub attempt: u32,
    /// The same over all attempts of one delivery; the service's idempotency key.
    pub delivery_id: String,
    /// The action is being tried out: mark what a person will read.
    pub test: bool,
    /// When this attempt began.
    pub now: Timestamp,
    /// What this plugin kept of earlier deliveries to this connection.
    pub references: Vec<Reference>,
    /// The action's fields, unread; [`Action::encode`] gets them as a struct.
    pub settings: Vec<Setting>,
    /// The connection's fields, unread.
    pub connection: Vec<Setting>,
    /// The host name of the connection's URL.
    pub host: String,
    /// Addresses in Tocsin's own interface, by purpose (`incident`, `acknowledge`, `resolve`, …). Empty when
    /// it has no public address.
    pub urls: Vec<Label>,
}

impl Context {
    /// The address in Tocsin's own interface for a purpose.
    pub fn url(&self, purpose: &str) -> Option<&str> {
        self.urls.iter().find(|url| url.key == purpose).map(|url| url.value.as_str())
    }

    /// What the service called something of ours, if this plugin kept it.
    pub fn reference(&self, key: &str) -> Option<&Reference> {
        self.references.iter().rev().find(|reference| reference.key == key)
    }

    /// `text` as it is, or marked with `TEST - ` when the action is being tried out.
    pub fn marked(&self, text: &str) -> String {
        if self.test { format!("TEST - {text}") } else { text.to_owned() }
    }
}

/// The service's answer. The host cuts bodies at 1 MiB and never follows a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Header>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, or nothing.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// How sure it is that a person will see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The service said that it is there.
    Delivered,
    /// The service took it and will not say more.
    Accepted,
}

/// What came of a delivery that worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How sure it is.
    pub certainty: Certainty,
    /// One line for the delivery log.
    pub summary: String,
    /// Kept for the incident and this connection, given to every later call.
    pub references: Vec<Reference>,
    /// Written to the incident's labels.
    pub updates: Vec<Label>,
}

impl Receipt {
    /// The service said that it is there.
    pub fn delivered(summary: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Delivered,
            summary: summary.into(),
            references: Vec::new(),
            updates: Vec::new(),
        }
    }

    /// The service took it and will not say more.
    pub fn accepted(summary: impl Into<String>) -> Self {
        Self { certainty: Certainty::Accepted, ..Self::delivered(summary) }
    }

    /// The same with something to remember for later calls.
    #[must_use]
    pub fn reference(mut self, key: &str, value: &str, url: Option<&str>) -> Self {
        let (key, value, url) = (key.to_owned(), value.to_owned(), url.map(str::to_owned));
        self.references.push(Reference { key, value, url });
        self
    }

    /// The same with a label to write to the incident.
    #[must_use]
    pub fn update(mut self, key: &str, value: &str) -> Self {
        self.updates.push(Label { key: key.to_owned(), value: value.to_owned() });
        self
    }
}

/// What to do next. A request or a receipt converts into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this; the answer comes to [`Action::resume`] with the bytes, which are the plugin's own. At most 8
    /// requests in one attempt.
    Send(Box<HttpRequest>, Vec<u8>),
    /// Done.
    Delivered(Receipt),
    /// There is nothing to send for this change; why.
    Skipped(String),
}

impl From<HttpRequest> for Step {
    fn from(request: HttpRequest) -> Self {
        Self::Send(Box::new(request), Vec::new())
    }
}

impl From<Receipt> for Step {
    fn from(receipt: Receipt) -> Self {
        Self::Delivered(receipt)
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may work later; the host decides when.
    Retry {
        /// Why.
        reason: String,
        /// What the service asked for, in milliseconds; the host keeps to it.
        after_ms: Option<u64>,
    },
    /// This delivery will never work; the reason names what to change.
    Rejected(String),
    /// No delivery on this connection will work until an operator mends it.
    Misconfigured(String),
}

impl Failure {
    /// It may work later.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after_ms: None }
    }

    /// This delivery will never work.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected(reason.into())
    }

    /// The connection needs an operator.
    pub fn misconfigured(reason: impl Into<String>) -> Self {
        Self::Misconfigured(reason.into())
    }
}
