//! What an operator configures: the account, and what becomes of an incident in Jira.
//!
//! Never finds at the first delivery what could be told when the configuration is read.

use std::time::Duration;

use serde_json::{Map, Value};
use tocsin_plugin::Choice;
use tocsin_plugin::prelude::*;

use super::content;

/// The longest `settle`: a ticket that is later is of no use.
const SETTLE_MAX: Duration = Duration::from_secs(60 * 60);
/// Characters of a label (Jira: 255, no spaces).
const LABEL_CHARS: usize = 255;

/// Which Jira it is: they search in different ways and write rich text in different formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Api {
    /// By the host.
    Auto,
    /// Cloud.
    Cloud,
    /// Data Center or Server.
    Server,
}

/// How Jira knows who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Authentication {
    /// User and token (Basic).
    Basic,
    /// Personal access token (Bearer).
    Bearer,
}

/// As whom it is done, and in which Jira.
#[derive(Settings)]
pub struct Account {
    /// Which Jira it is. `auto` takes hosts below `atlassian.net` and `api.atlassian.com` for Cloud, any other
    /// for Data Center or Server; a site of Jira Cloud with a domain of its own needs `cloud`.
    #[setting(default = "auto")]
    pub(crate) api: Api,
    /// How Jira knows who is calling: `basic` sends `user` and `token` (Cloud: e-mail address and API token),
    /// `bearer` sends `token` alone (Data Center: a personal access token).
    #[setting(default = "basic")]
    pub(crate) authentication: Authentication,
    /// The account's e-mail address (Cloud) or user name (Data Center, Server), for `authentication = "basic"`.
    pub(crate) user: Option<String>,
    /// The API token, personal access token or password.
    pub(crate) token: Secret,
    /// Where people find Jira, for links to issues, when that is not the address that Jira itself gives: behind
    /// another name, or over `api.atlassian.com`.
    #[setting(kind = "url")]
    pub(crate) web_url: Option<String>,
    /// How long a create may be at work after its answer was lost, and Jira's search may take to see the issue then.
    /// An issue is made by a later attempt only after that. At most `1h`; `0s` makes it at once.
    #[setting(default = "30s")]
    pub(crate) settle: Duration,
}

/// What becomes of an incident.
#[derive(Settings)]
pub struct Ticket {
    /// The project's key, such as `OPS`, with placeholders if it depends on the incident.
    #[setting(kind = "template")]
    pub(crate) project: String,
    /// The name of the issue type as Jira shows it, or its number, with placeholders.
    #[setting(kind = "template", default = "Task")]
    pub(crate) issue_type: String,
    /// The issue's summary, with placeholders. Leave it empty for the incident's title. It becomes one line of at
    /// most 255 characters.
    #[setting(kind = "template")]
    pub(crate) summary: Option<String>,
    /// The issue's description, with placeholders: plain text, markup shows as it is written. Leave it empty for
    /// the incident's message, attributes and links.
    #[setting(kind = "template")]
    pub(crate) description: Option<String>,
    #[setting(flatten)]
    pub(crate) facts: chat::Facts,
    /// Whether there is a link to the incident's page in Tocsin.
    #[setting(default = "true")]
    pub(crate) incident_button: bool,
    /// Jira's priority for each severity, one `critical = Highest` on each line; a number is taken as the
    /// priority's id. Severities that are not named, and an empty list, leave the priority to Jira.
    pub(crate) priorities: Vec<String>,
    /// Labels of the issue, one on each line, without spaces.
    #[setting(default = "tocsin")]
    pub(crate) labels: Vec<String>,
    /// Further fields of a new issue, with placeholders: a JSON object as in Jira's REST API, for example
    /// `{"components": [{"name": "Shop"}], "customfield_10042": "{{ incident.source }}"}`. They come before all
    /// others; `null` leaves a field out.
    #[setting(kind = "json-template")]
    pub(crate) fields: Option<String>,
    /// The text of a comment, with placeholders: plain text. Leave it empty for what happened, with its text.
    #[setting(kind = "template")]
    pub(crate) comment: Option<String>,
    /// Which changes become comments, one on each line: `updated`, `acknowledged`, `unacknowledged`, `resolved`,
    /// `reopened`, `noted`, `repeated`, `flapping`, `steady`.
    #[setting(default = "updated\nnoted\nacknowledged\nunacknowledged\nreopened")]
    pub(crate) comment_on: Vec<String>,
    /// Where an acknowledgement moves the issue: names of transitions or statuses, or a status category (`new`,
    /// `in progress`, `done`), one on each line. The lines are tried in their order, each as a transition, as a
    /// status and as a category. An empty list moves nothing.
    #[setting(default = "in progress")]
    pub(crate) acknowledge_transition: Vec<String>,
    /// Where a resolution moves the issue, in the same words. With an empty list it becomes a comment.
    #[setting(default = "resolved\nclosed\ndone")]
    pub(crate) resolve_transition: Vec<String>,
    /// Where an incident that came back moves the issue, in the same words.
    #[setting(default = "reopened\nnew\nin progress")]
    pub(crate) reopen_transition: Vec<String>,
    /// Fields of the transition that resolves, with placeholders: a JSON object as in Jira's REST API, for example
    /// `{"resolution": {"name": "Done"}}`. They must be on the transition's screen.
    #[setting(kind = "json-template")]
    pub(crate) resolve_fields: Option<String>,
    /// Whether a delivery is rejected when the issue's workflow has no such transition. Otherwise a comment says
    /// so.
    #[setting(default = "false")]
    pub(crate) require_transition: bool,
    /// Whether a new issue gets a label `tocsin-<id>`, by which it is found again when Jira's answer was lost.
    /// Without it a lost answer can make a second issue.
    #[setting(default = "true")]
    pub(crate) mark: bool,
    /// Whether incidents that come from an issue of the same project, or from one that Tocsin made, are left
    /// alone, so that no issue makes an issue about itself.
    #[setting(default = "true")]
    pub(crate) skip_own_issues: bool,
    /// Whether the issue's key is written to the incident's label `jira_issue`.
    #[setting(default = "true")]
    pub(crate) write_back: bool,
}

impl Account {
    /// Whether it is Jira Cloud.
    pub(crate) fn is_cloud(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.api {
            Api::Auto => host == "api.atlassian.com" || host.ends_with(".atlassian.net"),
            Api::Cloud => true,
            Api::Server => false,
        }
    }

    /// The user's name, for Basic authentication.
    pub(crate) fn basic_user(&self) -> Result<&str, SettingProblem> {
        match self.user.as_deref().map(str::trim).filter(|user| !user.is_empty()) {
            // RFC 7617: the first colon ends the name.
            Some(user) if !user.contains(':') => Ok(user),
            Some(_) => Err(SettingProblem::new("user", "must not hold a colon")),
            None => Err(SettingProblem::new(
                "user",
                "is needed for `authentication = \"basic\"`: the account's e-mail address in Jira Cloud, its user \
                 name elsewhere",
            )),
        }
    }

    pub(crate) fn check(&self, host: &str) -> Result<(), Vec<SettingProblem>> {
        let problem = match self.authentication {
            Authentication::Basic => self.basic_user().err(),
            Authentication::Bearer if host.to_ascii_lowercase().ends_with(".atlassian.net") => {
                Some(SettingProblem::new(
                    "authentication",
                    "must be `basic` for Jira Cloud: its API tokens come with the account's e-mail address as `user`",
                ))
            }
            Authentication::Bearer => None,
        };
        let mut problems: Vec<SettingProblem> = problem.into_iter().collect();
        if self.settle > SETTLE_MAX {
            problems.push(SettingProblem::new(
                "settle",
                "is longer than `1h`, and no issue would be made meanwhile",
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl Ticket {
    /// Whether this kind of change becomes a comment. A resolution that moves the issue nowhere does: readers of the
    /// issue would not learn of it otherwise.
    pub(crate) fn comments_on(&self, kind: ChangeKind) -> bool {
        let is_named = self.comment_on.iter().any(|name| name.trim().eq_ignore_ascii_case(kind.as_str()));
        is_named || (kind == ChangeKind::Resolved && self.targets(kind).is_empty())
    }

    /// Where this kind of change moves the issue; nothing when it stays.
    pub(crate) fn targets(&self, kind: ChangeKind) -> Vec<&str> {
        let lines = match kind {
            ChangeKind::Acknowledged => &self.acknowledge_transition,
            ChangeKind::Resolved => &self.resolve_transition,
            ChangeKind::Reopened => &self.reopen_transition,
            _ => return Vec::new(),
        };
        lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect()
    }

    pub(crate) fn check(&self) -> Result<(), Vec<SettingProblem>> {
        let mut problems = Vec::new();
        let project = self.project.trim();
        // Rendered for a sample incident, which may lack the label that the template asks for.
        if !project.is_empty() && !content::is_project(project) {
            let why = "is not a project's key: letters, digits and `_`, as before the number in `OPS-7`";
            problems.push(SettingProblem::new("project", why));
        }
        for line in self.priorities.iter().filter(|line| priority(line).is_none()) {
            let line = text::truncate(line, 60);
            let why = format!("`{line}` is not `severity = Priority`, for example `critical = Highest`");
            problems.push(SettingProblem::new("priorities", why));
        }
        let labels = self.labels.iter().map(|label| label.trim());
        for label in labels.filter(|l| l.contains(char::is_whitespace) || l.chars().count() > LABEL_CHARS) {
            let label = text::truncate(label, 60);
            let why = format!("`{label}` holds a space or is longer than 255 characters; Jira takes neither");
            problems.push(SettingProblem::new("labels", why));
        }
        let is_kind =
            |name: &str| ChangeKind::ALL.iter().any(|k| k.as_str().eq_ignore_ascii_case(name.trim()));
        for name in self.comment_on.iter().filter(|name| !is_kind(name)) {
            let known = ChangeKind::ALL.map(ChangeKind::as_str).join(", ");
            let why = format!("`{}` is not a change; known are {known}", text::truncate(name, 60));
            problems.push(SettingProblem::new("comment_on", why));
        }
        for (field, template) in [("fields", &self.fields), ("resolve_fields", &self.resolve_fields)] {
            problems.extend(object(template.as_deref()).err().map(|why| SettingProblem::new(field, why)));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// The members of a rendered JSON template; none when it is empty.
pub(crate) fn object(template: Option<&str>) -> Result<Map<String, Value>, String> {
    match template.map(str::trim).filter(|template| !template.is_empty()) {
        None => Ok(Map::new()),
        Some(template) => match json::parse(template.as_bytes())? {
            Value::Object(members) => Ok(members),
            _ => Err("is not a JSON object".to_owned()),
        },
    }
}

/// `critical = Highest` as a severity and a priority.
pub(crate) fn priority(line: &str) -> Option<(Severity, &str)> {
    let (severity, name) = line.split_once('=')?;
    let severity = severity.trim().to_ascii_lowercase().parse().ok()?;
    Some((severity, name.trim())).filter(|(_, name)| !name.is_empty())
}
