//! Programs for common tools, ready to be chosen by name.
//!
//! Must never refuse what such a tool sends besides alerts: tests, confirmations and pings are ignored with a
//! reason.

use tocsin_plugin::Choice;

macro_rules! recipes {
    ($($(#[$attribute:meta])* $variant:ident = $file:literal),* $(,)?) => {
        /// A tool whose webhooks a recipe reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
        pub enum Recipe {
            $($(#[$attribute])* $variant),*
        }

        impl Recipe {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The file's name without its ending, which is the name in the configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $file),*
                }
            }

            pub(crate) const fn program(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../recipes/", $file, ".jq"))),*
                }
            }
        }
    };
}

recipes! {
    /// Checkmk's notifications by a webhook script.
    #[choice(value = "checkmk", label = "Checkmk")]
    Checkmk = "checkmk",
    /// CloudWatch alarms through SNS.
    #[choice(value = "cloudwatch", label = "CloudWatch through SNS")]
    Cloudwatch = "cloudwatch",
    /// GitHub: workflow runs and issues.
    #[choice(value = "github", label = "GitHub")]
    Github = "github",
    /// Graylog's HTTP notification.
    #[choice(value = "graylog", label = "Graylog")]
    Graylog = "graylog",
    /// iTop's webhook action.
    #[choice(value = "itop", label = "iTop")]
    Itop = "itop",
    /// New Relic: workflows and legacy channels.
    #[choice(value = "newrelic", label = "New Relic")]
    Newrelic = "newrelic",
    /// Pingdom's webhook.
    #[choice(value = "pingdom", label = "Pingdom")]
    Pingdom = "pingdom",
    /// Google Cloud Monitoring, once Stackdriver.
    #[choice(value = "stackdriver", label = "Google Cloud Monitoring")]
    Stackdriver = "stackdriver",
    /// Uptime Kuma's webhook.
    #[choice(value = "uptimekuma", label = "Uptime Kuma")]
    Uptimekuma = "uptimekuma",
    /// UptimeRobot's webhook contact.
    #[choice(value = "uptimerobot", label = "UptimeRobot")]
    Uptimerobot = "uptimerobot",
    /// Wazuh's alerts by an integration.
    #[choice(value = "wazuh", label = "Wazuh")]
    Wazuh = "wazuh",
}
