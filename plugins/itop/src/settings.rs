//! What an operator fills in: the connection to an iTop, and what an action does there.
//!
//! Never judges: what is wrong with the values is found in `plan` and `check`.

use std::time::Duration;

use tocsin_plugin::prelude::*;
use tocsin_plugin::{Choice, Context, Document};

/// How iTop knows who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Authentication {
    /// User and password in the form.
    Form,
    /// User and password (Basic).
    Basic,
    /// Token.
    Token,
}

/// The version of iTop's REST/JSON that is spoken. Any other is answered with code 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Version {
    /// 1.0.
    #[choice(value = "1.0", label = "1.0")]
    V10,
    /// 1.1.
    #[choice(value = "1.1", label = "1.1")]
    V11,
    /// 1.2.
    #[choice(value = "1.2", label = "1.2")]
    V12,
    /// 1.3.
    #[choice(value = "1.3", label = "1.3")]
    V13,
    /// 1.4.
    #[choice(value = "1.4", label = "1.4")]
    V14,
}

/// Which iTop, and as whom.
#[derive(Settings)]
pub struct Connection {
    /// The version of iTop's REST/JSON. 1.3 is spoken by every iTop since 2.2.
    #[setting(default = "1.3")]
    pub(crate) version: Version,
    /// How iTop knows who is calling: `form` sends `user` and `password` in the form, `basic` in a header,
    /// `token` sends `token` as `Auth-Token`. Prefer `form` to `basic`: of a Basic password that holds a colon
    /// iTop reads only what stands before it.
    #[setting(default = "form")]
    pub(crate) authentication: Authentication,
    /// The login, for `form` and `basic`. It needs the profile `REST Services User`, an administrator's too.
    pub(crate) user: Option<String>,
    /// The password, for `form` and `basic`.
    #[setting(optional)]
    pub(crate) password: Secret,
    /// The token, for `token`.
    #[setting(optional)]
    pub(crate) token: Secret,
    /// Where people open this iTop, for example `https://itop.example.com`. With it, a ticket's page is kept
    /// beside its number and templates can link to it.
    #[setting(kind = "url")]
    pub(crate) web_url: Option<String>,
    /// How long iTop may still be at work on a create whose answer was lost, in whole seconds: for so long a
    /// ticket that is not found may yet come, and no second one is made. Raise it for a slow iTop, an hour at
    /// most; with `0s` a ticket that is not found is made at once.
    #[setting(default = "30s")]
    pub(crate) settle: Duration,
}

/// What is done for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Operation {
    /// Follow: one ticket for each incident, through its life.
    Follow,
    /// Create an object.
    Create,
    /// Update an object.
    Update,
    /// Apply a stimulus.
    #[choice(value = "apply_stimulus")]
    ApplyStimulus,
    /// Get an object.
    Get,
    /// Delete an object.
    Delete,
    /// Raw: the JSON data as it is.
    Raw,
}

/// What an update of the incident does to its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum OnUpdate {
    /// An entry in the case log.
    Log,
    /// The ticket's fields are updated.
    Update,
    /// Nothing.
    Nothing,
}

/// What happens when iTop refuses to resolve by a stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum ResolveFallback {
    /// An entry in the case log.
    Log,
    /// The status is written, past the life cycle.
    #[choice(value = "update_status")]
    UpdateStatus,
    /// The stimulus `ev_autoresolve` is applied.
    Autoresolve,
    /// The delivery fails.
    Fail,
}

/// What is done in iTop.
#[derive(Settings)]
pub struct Fields {
    /// What is done for a change. `follow` keeps one ticket for each incident: opened creates it, acknowledged
    /// assigns it, resolved resolves it, everything else is written to its case log. The others do one thing
    /// each; `raw` sends `json_data` as it is, like iTop's own "iTop webhook call".
    #[setting(default = "follow")]
    pub(crate) operation: Operation,
    /// The class, with placeholders: `UserRequest`, which every iTop has, or `Incident` where the ITIL incident
    /// management is installed.
    #[setting(kind = "template", default = "UserRequest")]
    pub(crate) class: String,
    /// The ticket's organization (`org_id`, which iTop requires), with placeholders: its id, its name, or
    /// `query:` and a name of `queries`.
    #[setting(kind = "template")]
    pub(crate) organization: Option<String>,
    /// The ticket's caller (`caller_id`), with placeholders: a person's id, email address, or `query:` and a
    /// name of `queries`.
    #[setting(kind = "template")]
    pub(crate) caller: Option<String>,
    /// The ticket's title, with placeholders; the incident's when empty. Cut at 255 characters.
    #[setting(kind = "template")]
    pub(crate) title: Option<String>,
    /// The ticket's description when it is created and the text of an entry in its case log later, with
    /// placeholders. Leave it empty for the default layout. It is text: what looks like HTML is shown as it is.
    #[setting(kind = "template")]
    pub(crate) message: Option<String>,
    /// What stands below the message in the description: `none`, `list`, or names of fields and labels.
    #[setting(default = "list")]
    pub(crate) attributes: Vec<String>,
    /// Whether the description ends with a link to the incident's page in Tocsin.
    #[setting(default = "true")]
    pub(crate) incident_button: bool,
    /// Whether a new ticket gets title, description, organization, caller, impact, urgency and origin where
    /// `fields` does not say otherwise. Switch it off for classes that are no tickets.
    #[setting(default = "true")]
    pub(crate) standard_fields: bool,
    /// The fields of the object: a JSON object with placeholders. Beside the standard fields those of a new
    /// ticket, where `null` leaves a standard one out; the fields for `update` and `apply_stimulus`. Another
    /// object is found by its id, by criteria such as `{"name": "Storage"}`, by a query in OQL without placeholders, or
    /// by `query:` and a name of `queries`.
    pub(crate) fields: Option<Document>,
    /// Fields whose values are text and become HTML, one on each line. Take one out to write HTML of your own:
    /// what an alert says is then HTML as well, unless you write `| escape`.
    #[setting(default = "description\nsolution\nprivate_log\npublic_log")]
    pub(crate) plain_text: Vec<String>,
    /// Queries in OQL that fields may use, one `name = SELECT …` on each line. Placeholders are not replaced in
    /// them: text of an alert must never become part of a query.
    pub(crate) queries: Vec<String>,
    /// The comment in the object's history, with placeholders. iTop requires one; empty gives the default.
    #[setting(kind = "template")]
    pub(crate) comment: Option<String>,
    /// Fields that iTop answers beside `id`, `friendlyname` and those of `write_back`.
    pub(crate) output_fields: Vec<String>,
    /// What of the answer becomes labels of the incident, one `label = field` on each line.
    #[setting(default = "itop_ref = friendlyname")]
    pub(crate) write_back: Vec<String>,
    /// Which object `update`, `apply_stimulus`, `get` and `delete` are about: its id or a query in OQL, without
    /// placeholders. Leave `key` and `criteria` empty for the ticket that an earlier delivery kept.
    pub(crate) key: Option<String>,
    /// The same as criteria that must all be equal: a JSON object with placeholders, for example
    /// `{"ref": "{{ labels.itop_ref }}"}`.
    pub(crate) criteria: Option<Document>,
    /// The stimulus for `apply_stimulus`, for example `ev_assign`.
    pub(crate) stimulus: Option<String>,
    /// Whether objects may be deleted at all.
    #[setting(default = "false")]
    pub(crate) allow_delete: bool,
    /// A text field of the class that takes the incident's id, so that a ticket is found again after a lost
    /// answer. Leave it empty to look for a paragraph at the end of the description, which works with every iTop.
    pub(crate) mark_field: Option<String>,
    /// What an update of the incident does in `follow`.
    #[setting(default = "log")]
    pub(crate) on_update: OnUpdate,
    /// The fields for `on_update = "update"`: a JSON object with placeholders; title, impact and urgency when
    /// empty.
    pub(crate) update_fields: Option<Document>,
    /// The case log that entries go to: `private_log`, or `public_log`, which callers read.
    #[setting(default = "private_log")]
    pub(crate) log_field: String,
    /// The stimulus when an incident is acknowledged; empty writes an entry in the case log.
    #[setting(default = "ev_assign")]
    pub(crate) acknowledge_stimulus: String,
    /// The fields that go with it: a JSON object with placeholders, for example
    /// `{"team_id": {"name": "Storage"}, "agent_id": {"email": "{{ change.actor }}"}}`.
    pub(crate) acknowledge_fields: Option<Document>,
    /// The stimuli that lead a ticket to its resolution, in this order. Those that do not fit the ticket's
    /// state are skipped; none writes an entry in the case log.
    #[setting(default = "ev_assign\nev_resolve")]
    pub(crate) resolve_path: Vec<String>,
    /// The fields that go with the last of them: a JSON object with placeholders. `solution` is added when it
    /// is not there.
    pub(crate) resolve_fields: Option<Document>,
    /// What happens when iTop refuses the last of them.
    #[setting(default = "log")]
    pub(crate) resolve_fallback: ResolveFallback,
    /// The states in which a ticket is over already; the first is what `update_status` writes.
    #[setting(default = "resolved\nclosed\nrejected")]
    pub(crate) resolved_states: Vec<String>,
    /// Fields of `resolve_fields` and `acknowledge_fields` that are written whatever the ticket has in them. All others
    /// are written only where the ticket has nothing: what a person set stays. `resolution_code` has a value in every
    /// new ticket, so it is among them.
    #[setting(default = "resolution_code")]
    pub(crate) overwrite: Vec<String>,
    /// The states in which a ticket of an incident that comes back is not opened again: a new ticket takes its place.
    /// Leave the list empty for a log entry in the old one.
    #[setting(default = "closed\nrejected")]
    pub(crate) closed_states: Vec<String>,
    /// Whether an incident that comes from a ticket that Tocsin made, here or at another iTop, gets no ticket.
    #[setting(default = "true")]
    pub(crate) skip_own_tickets: bool,
    /// The stimulus when an incident comes back; empty writes an entry in the case log.
    #[setting(default = "ev_reopen")]
    pub(crate) reopen_stimulus: String,
    /// Further headers for `raw`, one `Name: value` on each line.
    pub(crate) headers: Vec<String>,
    /// Further headers for `raw` with placeholders: a JSON object of names and values.
    #[setting(kind = "json-template")]
    pub(crate) header_template: Option<String>,
    /// The JSON data for `raw`, with placeholders: a whole request such as
    /// `{"operation": "core/create", "comment": "…", "class": "…", "fields": {…}}`. A query in OQL may stand where an
    /// object is found, in a text without placeholders.
    pub(crate) json_data: Option<Document>,
}

/// A document that was given and is not blank.
pub(crate) fn document(given: &Option<Document>) -> Option<&Document> {
    given.as_ref().filter(|document| !document.text.trim().is_empty())
}

/// A text that was given and is not blank.
pub(crate) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The entries of a list, whether on lines or with commas between.
pub(crate) fn entries(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

/// Everything that one attempt has: what happened, whither, and what to do.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) context: &'a Context,
    pub(crate) connection: &'a Connection,
    pub(crate) settings: &'a Fields,
    pub(crate) plan: &'a crate::plan::Plan,
}
