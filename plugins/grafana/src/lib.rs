//! Grafana, unified and legacy alerting: each alert, or each legacy rule, becomes an incident of its own.
//!
//! Never reads the notification's `state` or `title` where there are alerts in it: `state` stays `alerting`
//! while an alert of the group is over.

use tocsin_plugin::prelude::*;

mod legacy;
mod unified;

/// The plugin.
pub struct Grafana;

/// How alerts are read.
#[derive(Settings)]
pub struct Fields {
    /// The label that holds the severity; in legacy alerting, the tag. Usual words such as `critical`,
    /// `warning` or `info` are known.
    #[setting(default = "severity")]
    severity_label: String,
    /// Severities for your own words, one `word = severity` on each line, for example `page = critical`. They
    /// come before the usual words.
    severities: Vec<String>,
    /// The severity of an alert without that label, or with a word that is not known. Left out, the source's
    /// default counts.
    default_severity: Option<Severity>,
}

impl Fields {
    fn severities(&self) -> alerts::Severities<'_> {
        alerts::Severities {
            label: &self.severity_label,
            own: &self.severities,
            default: self.default_severity,
        }
    }
}

/// What to do when the body is another.
const NO_ALERTS: &str = "alerts (this is no body of Grafana's webhook contact point; one with a custom payload \
                         needs the plugin `webhook`)";
/// Bytes of the largest body: some thousand alerts.
const BODY_BYTES: u64 = 8 * 1024 * 1024;

impl Plugin for Grafana {
    const ABOUT: About = About::new(
        "grafana",
        "Grafana",
        "Takes the webhooks of Grafana's contact points, and of its legacy alerting.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/");
}

impl Source for Grafana {
    type Settings = Fields;

    fn source_info() -> SourceInfo {
        // A repeat of the same alert may have the same body, also after it was over.
        SourceInfo::default()
            .methods(["POST", "PUT"])
            .replays(Replays::ByDeliveryId)
            .body_limit(BODY_BYTES)
            .example(Example::post_json(concat!(
                r#"{"version":"1","status":"firing","state":"alerting","orgId":1,"externalURL":"https://grafana.example/","#,
                r#""alerts":[{"status":"firing","fingerprint":"c4edaaf9f9f839b0","#,
                r#""labels":{"alertname":"Queue is long","grafana_folder":"Shop","severity":"high"},"#,
                r#""annotations":{"summary":"4000 orders are waiting"},"values":{"B":4000},"#,
                r#""startsAt":"2026-01-02T03:04:05Z","endsAt":"0001-01-01T00:00:00Z","#,
                r#""dashboardURL":"https://grafana.example/d/shop"}]}"#,
            ),
        ))
    }

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        let group = alerts::Group::parse(request)?;
        if group.has_alerts() {
            return unified::decode(&group, settings);
        }
        if ["ruleId", "ruleName", "ruleUrl"].iter().any(|name| group.about().contains_key(*name)) {
            return legacy::decode(&group.into_about(), settings);
        }
        Err(Refusal::missing(NO_ALERTS))
    }

    fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        settings.severities().check("severities")
    }
}

tocsin_plugin::export!(Grafana: source);

#[cfg(test)]
mod tests;
