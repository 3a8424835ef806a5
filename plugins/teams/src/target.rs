//! The two kinds of address that Teams has, told apart by their host.
//!
//! Never guesses a connector: what is not known as one is taken for a flow, since no new connectors can be
//! created.

use tocsin_plugin::prelude::*;

/// The hosts that Microsoft gives out: flows first, then connectors.
pub(crate) const HOSTS: [&str; 8] = [
    "*.logic.azure.com",
    "*.logic.azure.us",
    "*.api.powerplatform.com",
    "*.webhook.office.com",
    "*.webhook.office365.us",
    "webhook.office.com",
    "outlook.office.com",
    "outlook.office365.com",
];
/// How many of [`HOSTS`] are flows.
const FLOWS: usize = 3;

/// What an operator says about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tocsin_plugin::Choice)]
pub(crate) enum Choice {
    /// To be told by the host.
    Auto,
    /// A flow.
    Workflow,
    /// An incoming webhook of the old kind.
    Connector,
}

/// What takes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A flow of Workflows or Power Automate: Adaptive Cards only.
    Workflow,
    /// An Office 365 connector: MessageCards.
    Connector,
}

impl Target {
    /// The target of a connection with this host name.
    pub(crate) fn of(choice: Choice, host: &str) -> Self {
        match choice {
            Choice::Workflow => Self::Workflow,
            Choice::Connector => Self::Connector,
            Choice::Auto => known(host).unwrap_or(Self::Workflow),
        }
    }
}

/// What Microsoft has behind a host name; nothing for a name that is not Microsoft's.
fn known(host: &str) -> Option<Target> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is = |pattern: &&str| match pattern.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => host == *pattern,
    };
    let place = HOSTS.iter().position(is)?;
    Some(if place < FLOWS { Target::Workflow } else { Target::Connector })
}

/// Refuses a choice that the host is known not to be.
pub(crate) fn check(choice: Choice, host: &str) -> Result<(), SettingProblem> {
    let wrong = match (choice, known(host)) {
        (Choice::Workflow, Some(Target::Connector)) => {
            "this host is a connector's, whose answers are read in another way"
        }
        (Choice::Connector, Some(Target::Workflow)) => "this host is a flow's, which is sent Adaptive Cards",
        _ => return Ok(()),
    };
    Err(SettingProblem::new("target", format!("{wrong}: leave `target` at `auto`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells_a_flow_from_a_connector() {
        for (host, expected) in [
            ("prod-12.westeurope.logic.azure.com", Target::Workflow),
            ("default1f.0a.environment.api.powerplatform.com", Target::Workflow),
            ("contoso.webhook.office.com", Target::Connector),
            ("Contoso.Webhook.Office.com", Target::Connector),
            ("outlook.office.com", Target::Connector),
            ("webhook.office.com", Target::Connector),
            ("contoso.webhook.office365.us", Target::Connector),
            ("prod-01.usgovtexas.logic.azure.us", Target::Workflow),
            ("relay.example", Target::Workflow),
            ("evilwebhook.office.com", Target::Workflow),
            ("outlook.office.com.example", Target::Workflow),
        ] {
            assert_eq!(Target::of(Choice::Auto, host), expected, "{host}");
        }
    }

    #[test]
    fn a_choice_holds_for_hosts_that_are_not_microsofts_and_is_refused_where_it_cannot_be() {
        assert_eq!(Target::of(Choice::Connector, "relay.example"), Target::Connector);
        assert_eq!(check(Choice::Connector, "relay.example"), Ok(()));
        assert_eq!(check(Choice::Auto, "contoso.webhook.office.com"), Ok(()));
        let flow = check(Choice::Connector, "prod-1.westeurope.logic.azure.com").unwrap_err();
        assert!(flow.field == "target" && flow.problem.contains("Adaptive Cards"), "{flow:?}");
        assert!(check(Choice::Workflow, "outlook.office.com").unwrap_err().problem.contains("auto"));
    }
}
