//! What goes out: an incident's change, the requests that an action makes of it, and the verdict.
//!
//! Never chooses where a request goes: the connection's URL belongs to the host.

use strum::IntoStaticStr;

use crate::{
    ActionInfo, Failure, HttpRequest, Label, Link, Response, Setting, SettingProblem, Settings, Severity,
    Step, Timestamp, verdict,
};

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

    /// What is wrong with a connection's settings that the fields' kinds cannot tell: two that exclude each
    /// other. Asked when a configuration is read. `host` is the host name of the connection's URL.
    ///
    /// # Errors
    /// Every mistake, for the operator who made it.
    fn check_connection(host: &str, connection: &Self::Connection) -> Result<(), Vec<SettingProblem>> {
        let _ = (host, connection);
        Ok(())
    }

    /// What is wrong with an action's settings that the fields' kinds cannot tell, over this connection.
    /// Asked when a configuration is read; templates come rendered for a sample incident.
    ///
    /// # Errors
    /// Every mistake, for the operator who made it.
    fn check_action(
        host: &str,
        connection: &Self::Connection,
        settings: &Self::Settings,
    ) -> Result<(), Vec<SettingProblem>> {
        let _ = (host, connection, settings);
        Ok(())
    }

    /// A request that tries the connection without leaving a trace at the service; none when it has nothing
    /// that could be asked so.
    fn probe(host: &str, connection: &Self::Connection) -> Option<Probe> {
        let _ = (host, connection);
        None
    }

    /// What the answer to [`Action::probe`] means, in one line for an operator. The default looks at the
    /// status only.
    ///
    /// # Errors
    /// What is wrong with the connection, or why nobody can tell now.
    fn probed(host: &str, connection: &Self::Connection, response: &Response) -> Result<String, Failure> {
        let _ = (host, connection);
        match response.status {
            200..=299 => Ok(format!("answered {}", response.status)),
            408 | 425 | 429 | 500..=599 => Err(Failure::retry(verdict::answer(response))),
            _ => Err(Failure::misconfigured(verdict::answer(response))),
        }
    }
}

/// A request that tries a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Joined onto the connection's URL as any other request.
    pub request: HttpRequest,
    /// Where the request's path goes.
    pub place: Place,
}

/// Where the path of a probe goes, for services whose test has another path than what is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the end of the path of the connection's URL, as that of any request.
    End,
    /// Into the path of the connection's URL, right after the first occurrence of this: `/hooks` makes `/hooks/info/…`
    /// of `/hooks/…` and `/info`.
    After(String),
    /// In the place of the whole path of the connection's URL, and of its query: it begins at the service's own root.
    /// Only GET and HEAD, without a body.
    Root,
}

impl From<HttpRequest> for Probe {
    fn from(request: HttpRequest) -> Self {
        Self { request, place: Place::End }
    }
}

/// What is wrong with a connection's settings, read from what the host gives.
pub fn check_connection<T: Action>(host: &str, given: &[Setting]) -> Vec<SettingProblem> {
    match T::Connection::from_settings(given) {
        Ok(connection) => T::check_connection(host, &connection).err().unwrap_or_default(),
        Err(error) => vec![SettingProblem::new(error.key, error.problem)],
    }
}

/// What is wrong with an action's settings, read from what the host gives.
pub fn check_action<T: Action>(host: &str, connection: &[Setting], given: &[Setting]) -> Vec<SettingProblem> {
    // A connection that does not fit is reported as such.
    let Ok(connection) = T::Connection::from_settings(connection) else { return Vec::new() };
    match T::Settings::from_settings(given) {
        Ok(settings) => T::check_action(host, &connection, &settings).err().unwrap_or_default(),
        Err(error) => vec![SettingProblem::new(error.key, error.problem)],
    }
}

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
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
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
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
    /// A reminder of an incident that has not changed.
    Repeated,
    /// It opens and resolves too often to notify each time. Comes once.
    Flapping,
    /// It no longer flaps. Comes once.
    Steady,
    /// A peer's answer added a reference or a label.
    Referenced,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
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
        Self::Referenced,
    ];

    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The kind of this name. One that a later version of the API adds is [`ChangeKind::Updated`] here.
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or(Self::Updated)
    }
}

/// An incident as it is when the attempt begins.
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
    /// Since when it is open, or was until it was resolved: `opened_at`, or when it was last reopened.
    pub open_since: Timestamp,
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
    /// What those fields were before; without those that were empty, and without `message`.
    pub before: Vec<Label>,
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

/// A time zone, as it is when the attempt begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// In the time zone database, such as `UTC` or `Europe/Berlin`.
    pub id: String,
    /// As people write it behind a time, such as `UTC` or `CET`.
    pub name: String,
    /// East of UTC.
    pub offset_minutes: i32,
}

/// Everything that one attempt of a delivery may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The incident as it is when the attempt begins.
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
    /// Since when the delivery is owed. If this is minutes ago, the message is late.
    pub owed_since: Timestamp,
    /// In which to write times for people, where the service does not do so itself.
    pub zone: Zone,
    /// The reader's language as a BCP 47 tag, such as `de` or `pt-BR`; empty if the operator sets none.
    pub language: String,
    /// The action's name in the configuration: several actions may share a connection, and with it the references.
    pub action: String,
    /// What this plugin kept of earlier deliveries to this connection.
    pub references: Vec<Reference>,
    /// The action's fields, unread; [`Action::encode`] gets them as a struct.
    pub settings: Vec<Setting>,
    /// The connection's fields, unread.
    pub connection: Vec<Setting>,
    /// The host name of the connection's URL.
    pub host: String,
    /// Addresses of the incident's page in Tocsin, by purpose: `incident` shows it; `modify`, `delete`, `note`
    /// and the transitions that its state allows (`acknowledge`, `unacknowledge`, `resolve`, `reopen`) ask
    /// there for a confirmation. Empty when Tocsin has no public address.
    pub urls: Vec<Label>,
}

impl Context {
    /// The address of the incident's page in Tocsin for a purpose.
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
