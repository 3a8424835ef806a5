//! Incidents: the list, one with its timeline, and what operators do to it.
//!
//! `GET /incidents`, `GET /incidents/<number or id>`, `POST /incidents/<…>/<command>` and `…/modify`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::deliveries::Delivery;
use super::incident::Incident;
use super::is_unset;

/// Which incidents are listed, the newest first. Answered with a page.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct IncidentList {
    /// Only in these states, with commas between them; all when empty or left out.
    pub state: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only of these severities, with commas between them; all when empty or left out.
    pub severity: Option<String>,
    /// Only those that were opened at this time or later.
    #[param(format = "date-time")]
    pub since: Option<String>,
    /// Only those that were opened before this time.
    #[param(format = "date-time")]
    pub until: Option<String>,
    /// Only those with each of these words in the title, the key or a label, written `name=value`; case does not matter.
    pub text: Option<String>,
    /// Only those that follow this one in the list, which are older: its number or id, such as a page's `next`.
    pub after: Option<String>,
    /// So many at most: 50 when left out, 1,000 at most.
    pub limit: Option<usize>,
}

/// An incident with all that is known about it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WholeIncident {
    /// The incident.
    #[serde(flatten)]
    pub incident: Incident,
    /// What each action makes of it, in the order of their names.
    pub actions: Vec<ActionOnIncident>,
    /// Its timeline, the newest first: 500 lines at most.
    pub timeline: Vec<Happened>,
    /// Whether its timeline has older lines.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub timeline_cut: bool,
    /// Its deliveries, the newest first: 200 at most.
    pub deliveries: Vec<Delivery>,
    /// Where the list of its deliveries goes on, if there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries_next: Option<String>,
}

/// What an action makes of an incident, by the configuration in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionOnIncident {
    /// The action.
    pub name: String,
    /// Its deliveries among those that are shown.
    pub deliveries: usize,
    /// Why the incident's opening would not be sent by it now; empty when it would.
    pub not_sent: Vec<String>,
}

/// A line of an incident's timeline.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Happened {
    /// When.
    pub at: String,
    /// Who, if somebody is named.
    pub actor: Option<String>,
    /// What was said with it; may be empty.
    pub text: String,
    /// The receipt of the request that brought it.
    pub receipt: Option<String>,
    /// A change of the incident (`opened`), `late` and the change of an event, or the state that a delivery ended in.
    pub what: String,
    /// The fields that differ, of a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// The action, of a delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The delivery's id, of a delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
}

/// The commands in the addresses of requests.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum CommandName {
    /// Somebody takes it.
    Acknowledge,
    /// Nobody has it any more.
    Unacknowledge,
    /// It is over.
    Resolve,
    /// It is not over after all.
    Reopen,
    /// Something to write down.
    Note,
}

/// What an operator does to an incident; the address names the command: `acknowledge`, `unacknowledge`, `resolve`,
/// `reopen` or `note`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// What to write down with it; a note needs one.
    #[serde(default)]
    pub text: String,
}

/// What an incident says from now on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Modify {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// What to write down with it.
    #[serde(default)]
    pub text: String,
    /// Its title; as it is when left out.
    pub title: Option<String>,
    /// Its severity; as it is when left out.
    pub severity: Option<String>,
}

/// An incident after a command.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Commanded {
    /// As it is now.
    #[serde(flatten)]
    pub incident: Incident,
    /// Whether the command changed anything; a note always does.
    pub changed: bool,
}
