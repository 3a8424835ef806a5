//! PagerDuty: an incident here is an alert there, opened, acknowledged and resolved through the Events API v2.
//!
//! Never opens a second alert for one incident: every event carries the same deduplication key.

use tocsin_plugin::prelude::*;

mod check;
mod details;
mod event;
mod severity;
mod verdict_of;

/// The plugin.
pub struct PagerDuty;

/// The state of an event that was sent to the connection's address itself.
const ITSELF: &[u8] = b"the address itself";

/// As whom events are sent.
#[derive(Settings)]
pub struct Account {
    /// The integration key of an Events API v2 integration: 32 characters that say which service is meant.
    routing_key: Secret,
}

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// The alert's summary, with placeholders: what a phone shows and reads out, at most 1024 characters.
    /// Leave it empty for the incident's title.
    #[setting(kind = "template")]
    title: Option<String>,
    /// The message among the alert's details, with placeholders. Leave it empty for the incident's own.
    #[setting(kind = "template")]
    message: Option<String>,
    #[setting(flatten)]
    facts: chat::Facts,
    /// The alert's details as a JSON object of your own, with placeholders; `message`, `attributes` and
    /// `user_info` are not used then.
    #[setting(kind = "json-template")]
    custom_details: Option<String>,
    /// What has the problem, with placeholders: preferably a host's name. Leave it empty for the label `host`,
    /// `hostname` or `instance`, whichever there is, or the source's name.
    #[setting(kind = "template")]
    source: Option<String>,
    /// The part of it that is broken, with placeholders, for example `{{ labels.service }}`.
    #[setting(kind = "template")]
    component: Option<String>,
    /// What the source belongs to, with placeholders, for example `{{ labels.team }}`.
    #[setting(kind = "template")]
    group: Option<String>,
    /// What kind of problem it is, with placeholders, for example `{{ labels.alertname }}`.
    #[setting(kind = "template")]
    class: Option<String>,
    /// PagerDuty's severity for ours where it is to be another than `critical = critical`, `high = error`,
    /// `medium = warning`, `low = warning`, `info = info`; one such line each.
    severities: Vec<String>,
    /// The deduplication key, with placeholders, for an alert that other tools send events to as well. It must
    /// be the same through an incident's life. Leave it empty for the incident's id.
    #[setting(label = "Deduplication key", kind = "template")]
    dedup_key: Option<String>,
    /// What the link to the incident's page is called in PagerDuty.
    #[setting(default = "Tocsin")]
    client: String,
    #[setting(flatten)]
    buttons: chat::Buttons,
}

impl Plugin for PagerDuty {
    const ABOUT: About = About::new(
        "pagerduty",
        "PagerDuty",
        "Opens, acknowledges and resolves alerts in PagerDuty.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://developer.pagerduty.com/docs/events-api-v2-overview");
}

impl Action for PagerDuty {
    type Connection = Account;
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // PagerDuty moves its limit with the traffic and publishes no number; its support named 120 events a
        // minute for each integration key (community.pagerduty.com, "Monitoring API rate limiting").
        ActionInfo::default().hosts(check::HOSTS).rate(120, 60_000)
    }

    fn encode(context: &Context, account: &Account, settings: &Fields) -> Result<Step, Failure> {
        event::request(context, account, settings)
    }

    fn resume(
        context: &Context,
        account: &Account,
        settings: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        // The connection may have the whole address, as PagerDuty shows it: a plugin does not see its path.
        if matches!(response.status, 404 | 405)
            && state != ITSELF
            && let Step::Send(request, _) = event::request(context, account, settings)?
        {
            return Ok(Step::Send(Box::new(request.path("")), ITSELF.to_vec()));
        }
        verdict_of::answer(context, &event::dedup_key(context, settings), response)
    }

    fn check_connection(host: &str, _: &Account) -> Result<(), Vec<SettingProblem>> {
        check::connection(host)
    }

    fn check_action(_: &str, _: &Account, settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        check::action(settings)
    }
}

tocsin_plugin::export!(PagerDuty: action);

#[cfg(test)]
mod tests;
