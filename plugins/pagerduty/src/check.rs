//! Mistakes in the settings that their kinds cannot tell.
//!
//! Never refuses an address that is not PagerDuty's own: somebody may have a proxy before it.

use tocsin_plugin::prelude::*;

use crate::{Fields, details, severity};

/// Where events go: accounts in the United States and in Europe (support.pagerduty.com, "Service Regions").
pub(crate) const HOSTS: [&str; 2] = ["events.pagerduty.com", "events.eu.pagerduty.com"];

/// What is wrong with a connection to this host.
pub(crate) fn connection(host: &str) -> Result<(), Vec<SettingProblem>> {
    let host = host.to_ascii_lowercase();
    let is_theirs = host == "pagerduty.com" || host.ends_with(".pagerduty.com");
    if is_theirs && !HOSTS.contains(&host.as_str()) {
        let problem = format!(
            "leads to `{host}`, which takes no events: write `https://{}`, or `https://{}` for an account in Europe",
            HOSTS[0], HOSTS[1]
        );
        return Err(vec![SettingProblem::new("url", problem)]);
    }
    Ok(())
}

/// What is wrong with an action.
pub(crate) fn action(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    if let Err(why) = severity::of(Severity::Critical, &settings.severities) {
        problems.push(SettingProblem::new("severities", why));
    }
    problems.extend(settings.buttons.check());
    if let Some(template) = details::own(settings) {
        if let Err(why) = details::object(template) {
            problems.push(SettingProblem::new("custom_details", why));
        }
        if settings.message.as_deref().is_some_and(|message| !message.trim().is_empty()) {
            problems.push(SettingProblem::new(
                "message",
                "is given beside `custom_details`, which takes its place",
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
