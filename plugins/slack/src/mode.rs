//! Which of Slack's two doors a connection is: an incoming webhook or the Web API with a bot token.
//!
//! Never guesses against the operator's word: `mode` wins over the host.

use tocsin_plugin::Choice;
use tocsin_plugin::prelude::*;

/// Slack's host names; `slack-gov.com` is GovSlack.
pub(crate) const HOSTS: [&str; 6] = [
    "hooks.slack.com",
    "hooks.slack-gov.com",
    "slack.com",
    "*.slack.com",
    "slack-gov.com",
    "*.slack-gov.com",
];

/// How the connection speaks to Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Mode {
    /// By the host of the address.
    Auto,
    /// Incoming webhook.
    Webhook,
    /// Web API with a bot token.
    Bot,
}

/// Where to, and as whom.
#[derive(Settings)]
pub struct Workspace {
    /// What the address is: `webhook` for an incoming webhook, `bot` for the Web API (`https://slack.com/api`)
    /// with a bot token. `auto` tells by the host; say it when a proxy stands in between.
    #[setting(default = "auto")]
    pub(crate) mode: Mode,
    /// The bot token of the Slack app, `xoxb-…`. An incoming webhook needs none: its address is the secret.
    #[setting(optional)]
    pub(crate) token: Secret,
}

/// What a host name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Webhooks,
    WebApi,
    Unknown,
}

impl Workspace {
    /// Whether requests go to the Web API, given the host of the connection's URL.
    pub(crate) fn is_bot(&self, host: &str) -> bool {
        match self.mode {
            Mode::Auto => family(host) == Family::WebApi,
            Mode::Webhook => false,
            Mode::Bot => true,
        }
    }
}

fn family(host: &str) -> Family {
    let host = host.to_ascii_lowercase();
    let is_below = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if ["hooks.slack.com", "hooks.slack-gov.com"].contains(&host.as_str()) {
        Family::Webhooks
    } else if is_below("slack.com") || is_below("slack-gov.com") {
        Family::WebApi
    } else {
        Family::Unknown
    }
}

/// The host of a workspace (`acme.slack.com`), whose messages have addresses below it; nothing for the
/// others.
pub(crate) fn workspace_host(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix(".slack.com").or_else(|| host.strip_suffix(".slack-gov.com"))?;
    (!["hooks", "www", "api"].contains(&name)).then_some(host)
}

/// Mistakes in a connection: a mode that the host does not have.
pub(crate) fn check(host: &str, workspace: &Workspace) -> Result<(), Vec<SettingProblem>> {
    let problem = match (workspace.mode, family(host)) {
        (Mode::Bot, Family::Webhooks) => {
            format!("is `bot`, and {host} takes incoming webhooks only: use https://slack.com/api as the url")
        }
        (Mode::Webhook, Family::WebApi) => {
            format!("is `webhook`, and {host} has none: their addresses begin with https://hooks.slack.com")
        }
        _ => return Ok(()),
    };
    Err(vec![SettingProblem::new("mode", problem)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(mode: Mode) -> Workspace {
        Workspace { mode, token: Secret::named("token") }
    }

    #[test]
    fn the_host_tells_the_mode_unless_it_is_said() {
        for (host, is_bot) in [
            ("hooks.slack.com", false),
            ("hooks.slack-gov.com", false),
            ("slack.com", true),
            ("SLACK.com", true),
            ("acme.slack.com", true),
            ("slack-gov.com", true),
            ("proxy.example", false),
            ("notslack.com", false),
            ("slack.com.example", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(workspace(Mode::Auto).is_bot(host), is_bot, "{host}");
            assert!(workspace(Mode::Bot).is_bot(host) && !workspace(Mode::Webhook).is_bot(host));
            assert!(check(host, &workspace(Mode::Auto)).is_ok());
        }
    }

    #[test]
    fn a_mode_that_the_host_does_not_have_is_found_when_saved() {
        let problem = |host, mode| check(host, &workspace(mode)).err().map(|found| found[0].problem.clone());
        assert!(problem("hooks.slack.com", Mode::Bot).is_some_and(|p| p.contains("https://slack.com/api")));
        assert!(problem("slack.com", Mode::Webhook).is_some_and(|p| p.contains("hooks.slack.com")));
        assert_eq!(problem("proxy.example", Mode::Bot), None);
        assert_eq!(problem("proxy.example", Mode::Webhook), None);
    }

    #[test]
    fn only_a_workspaces_own_host_gives_its_messages_addresses() {
        assert_eq!(workspace_host("Acme.slack.com").as_deref(), Some("acme.slack.com"));
        for host in ["slack.com", "hooks.slack.com", "proxy.example"] {
            assert_eq!(workspace_host(host), None, "{host}");
        }
    }
}
