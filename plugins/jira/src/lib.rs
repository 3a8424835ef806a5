//! Jira, Cloud and Data Center: issues become incidents, their comments become notes; incidents become issues.
//!
//! Never decides by a localised name where Jira says something better: the category of a status comes before
//! its name, the id of an issue before its key.

use serde_json::Value;
use tocsin_plugin::prelude::*;

mod action;
mod alert;
mod bodiless;
mod decide;
mod delivery;
mod event;
mod issue;

#[cfg(test)]
mod tests;

pub use action::{Account, Api, Authentication, Ticket};

/// The plugin.
pub struct Jira;

/// How issues are read.
#[derive(Settings)]
pub struct Fields {
    /// Names of statuses that mean "done", one on each line, in any case. They count only where Jira does not
    /// send the status' category: on old servers and for "Trigger a webhook" in workflows.
    #[setting(
        default = "Done\nClosed\nResolved\nFertig\nErledigt\nGeschlossen\nTerminé\nFermé\nHecho\nCerrado"
    )]
    resolved_statuses: Vec<String>,
    /// Severities for your own priorities, one `Name = severity` on each line, for example
    /// `Sofort = critical`. The number of a priority does as well. The names that Jira ships with, usual words and
    /// the numbers 1 to 5 are known.
    priorities: Vec<String>,
    /// The severity of an issue without a priority, or with one that is not known. Left out, the source's
    /// default counts.
    default_severity: Option<Severity>,
    /// Whether work that has begun (status category "In Progress") acknowledges the incident.
    #[setting(default = "false")]
    acknowledge_in_progress: bool,
}

impl Plugin for Jira {
    const ABOUT: About = About::new(
        "jira",
        "Jira",
        "Takes Jira's webhooks for issues and comments, and keeps an issue for each incident.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://developer.atlassian.com/server/jira/platform/webhooks/");
}

impl Source for Jira {
    type Settings = Fields;

    fn source_info() -> SourceInfo {
        SourceInfo::default()
            .signature(Signature::sha256_hex("x-hub-signature", "sha256="))
            // Cloud keeps its identifier over retries; for others one is composed.
            .replays(Replays::ByDeliveryId)
            .body_limit(BODY_BYTES)
            .example(Example::post_json(concat!(
                r#"{"timestamp":1767323045000,"webhookEvent":"jira:issue_created","#,
                r#""user":{"displayName":"Jane Doe"},"#,
                r#""issue":{"id":"10042","self":"https://example.atlassian.net/rest/api/2/issue/10042","key":"OPS-7","#,
                r#""fields":{"summary":"Checkout is slow","priority":{"name":"High"},"project":{"key":"OPS"},"#,
                r#""status":{"name":"To Do","statusCategory":{"key":"new"}}}}}"#,
            )))
    }

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        if request.body.trim_ascii().is_empty() {
            return bodiless::decode(request);
        }
        let Value::Object(body) = request.json_without(is_bulk)? else {
            return Err(Refusal::Malformed("the JSON document is not an object".to_owned()));
        };
        let body = Value::Object(decide::normalised(body));
        let kind = decide::kind(&body)?;
        let mut decoded = decide::decode(&body, &kind, settings)?;
        if let Some(id) = delivery::of_cloud(request) {
            decoded.delivery_id = Some(id);
        }
        json::discard(body);
        Ok(decoded)
    }

    fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        match vocabulary::severity_problems("priorities", &settings.priorities) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(problems),
        }
    }
}

/// Bytes of the largest body: an issue with hundreds of comments.
const BODY_BYTES: u64 = 8 * 1024 * 1024;

/// Members that make up most of a payload and say nothing about an incident. Jira sends up to a hundred custom
/// fields with each issue.
fn is_bulk(name: &str) -> bool {
    const BULK: [&str; 13] = [
        "aggregateprogress",
        "avatarUrls",
        "comments",
        "histories",
        "iconUrl",
        "issuelinks",
        "progress",
        "renderedFields",
        "subtasks",
        "timetracking",
        "votes",
        "watches",
        "worklogs",
    ];
    name.starts_with("customfield_") || BULK.contains(&name)
}

impl Action for Jira {
    type Connection = Account;
    type Settings = Ticket;

    fn action_info() -> ActionInfo {
        ActionInfo::default().records()
    }

    fn encode(context: &Context, account: &Account, ticket: &Ticket) -> Result<Step, Failure> {
        action::begin(context, account, ticket)
    }

    fn resume(
        context: &Context,
        account: &Account,
        ticket: &Ticket,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        action::resume(context, account, ticket, state, response)
    }

    fn check_connection(host: &str, account: &Account) -> Result<(), Vec<SettingProblem>> {
        account.check(host)
    }

    fn check_action(_: &str, _: &Account, ticket: &Ticket) -> Result<(), Vec<SettingProblem>> {
        ticket.check()
    }

    fn probe(host: &str, account: &Account) -> Option<Probe> {
        action::probe(host, account)
    }

    fn probed(host: &str, account: &Account, response: &Response) -> Result<String, Failure> {
        action::probed(host, account, response)
    }
}

tocsin_plugin::export!(Jira: source + action);
