//! Programs for common tools, ready to be chosen by name.
//!
//! Must never refuse what such a tool sends besides alerts: tests, confirmations and pings are ignored with a
//! reason. Must never ignore what it does not recognise: that is refused, and kept as a dead letter.

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
    /// Azure Monitor: the common alert schema, and Event Grid.
    #[choice(value = "azure", label = "Azure Monitor")]
    Azure = "azure",
    /// Better Stack, once Better Uptime: outgoing webhooks.
    #[choice(value = "betterstack", label = "Better Stack")]
    Betterstack = "betterstack",
    /// Checkly: webhook alert channels.
    #[choice(value = "checkly", label = "Checkly")]
    Checkly = "checkly",
    /// Checkmk's notifications by a webhook script.
    #[choice(value = "checkmk", label = "Checkmk")]
    Checkmk = "checkmk",
    /// CloudEvents: structured, binary and batched.
    #[choice(value = "cloudevents", label = "CloudEvents")]
    Cloudevents = "cloudevents",
    /// CloudWatch alarms through SNS.
    #[choice(value = "cloudwatch", label = "CloudWatch through SNS")]
    Cloudwatch = "cloudwatch",
    /// Datadog: the webhooks integration.
    #[choice(value = "datadog", label = "Datadog")]
    Datadog = "datadog",
    /// Dynatrace: custom integration problem notifications.
    #[choice(value = "dynatrace", label = "Dynatrace")]
    Dynatrace = "dynatrace",
    /// Elastic: Kibana rules with a webhook connector, and Watcher.
    #[choice(value = "elastic", label = "Elastic and Kibana")]
    Elastic = "elastic",
    /// GitHub: workflow runs and issues.
    #[choice(value = "github", label = "GitHub")]
    Github = "github",
    /// GitLab: pipelines, alerts, incidents and issues.
    #[choice(value = "gitlab", label = "GitLab")]
    Gitlab = "gitlab",
    /// Graylog's HTTP notification.
    #[choice(value = "graylog", label = "Graylog")]
    Graylog = "graylog",
    /// Healthchecks.io: webhook integrations.
    #[choice(value = "healthchecks", label = "Healthchecks.io")]
    Healthchecks = "healthchecks",
    /// iTop's webhook action.
    #[choice(value = "itop", label = "iTop")]
    Itop = "itop",
    /// LibreNMS: the API transport.
    #[choice(value = "librenms", label = "LibreNMS")]
    Librenms = "librenms",
    /// Nagios and Icinga: a notification command.
    #[choice(value = "nagios", label = "Nagios and Icinga")]
    Nagios = "nagios",
    /// Netdata: Cloud webhooks, and the agent.
    #[choice(value = "netdata", label = "Netdata")]
    Netdata = "netdata",
    /// New Relic: workflows and legacy channels.
    #[choice(value = "newrelic", label = "New Relic")]
    Newrelic = "newrelic",
    /// Opsgenie and Jira Service Management: outgoing webhooks.
    #[choice(value = "opsgenie", label = "Opsgenie and JSM")]
    Opsgenie = "opsgenie",
    /// PagerDuty: webhooks of version 3.
    #[choice(value = "pagerduty", label = "PagerDuty")]
    Pagerduty = "pagerduty",
    /// Pingdom's webhook.
    #[choice(value = "pingdom", label = "Pingdom")]
    Pingdom = "pingdom",
    /// PRTG: Execute HTTP Action notifications.
    #[choice(value = "prtg", label = "PRTG")]
    Prtg = "prtg",
    /// Sentry: internal integrations and the legacy webhook plugin.
    #[choice(value = "sentry", label = "Sentry")]
    Sentry = "sentry",
    /// Site24x7: webhook integrations.
    #[choice(value = "site24x7", label = "Site24x7")]
    Site24x7 = "site24x7",
    /// Splunk: the webhook alert action, Observability Cloud and On-Call.
    #[choice(value = "splunk", label = "Splunk")]
    Splunk = "splunk",
    /// Google Cloud Monitoring, once Stackdriver.
    #[choice(value = "stackdriver", label = "Google Cloud Monitoring")]
    Stackdriver = "stackdriver",
    /// Statuspage by Atlassian: webhook subscriptions.
    #[choice(value = "statuspage", label = "Statuspage")]
    Statuspage = "statuspage",
    /// Uptime Kuma's webhook.
    #[choice(value = "uptimekuma", label = "Uptime Kuma")]
    Uptimekuma = "uptimekuma",
    /// UptimeRobot's webhook contact.
    #[choice(value = "uptimerobot", label = "UptimeRobot")]
    Uptimerobot = "uptimerobot",
    /// Wazuh's alerts by an integration.
    #[choice(value = "wazuh", label = "Wazuh")]
    Wazuh = "wazuh",
    /// Zabbix: a webhook media type.
    #[choice(value = "zabbix", label = "Zabbix")]
    Zabbix = "zabbix",
}
