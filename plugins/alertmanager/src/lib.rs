//! Prometheus Alertmanager, and what sends its webhook: each alert of a group becomes an incident of its own.
//!
//! Never reads more into a group than its alerts say: the group's own status and title are left alone.

use tocsin_plugin::prelude::*;

/// The plugin.
pub struct Alertmanager;

/// How alerts are read.
#[derive(Settings)]
pub struct Fields {
    /// The label that holds the severity. Usual words such as `critical`, `warning` or `info` are known.
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

/// Bytes of the largest body: 6,400 ordinary alerts of Kubernetes, which have 1.2 to 1.5 KB each.
const BODY_BYTES: u64 = 8 * 1024 * 1024;
/// What to do when the body is another.
const NO_ALERTS: &str = "alerts (this is no body of Alertmanager's webhook; a receiver with a `payload` of its own \
                         needs the plugin `webhook`)";

impl Plugin for Alertmanager {
    const ABOUT: About = About::new(
        "alertmanager",
        "Alertmanager",
        "Takes the webhooks of Prometheus Alertmanager.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://prometheus.io/docs/alerting/latest/configuration/#webhook_config");
}

impl Source for Alertmanager {
    type Settings = Fields;

    fn source_info() -> SourceInfo {
        // The same firing alert is sent every repeat_interval with the same body, also after it was over.
        SourceInfo::default()
            .methods(["POST", "PUT"])
            .replays(Replays::ByDeliveryId)
            .body_limit(BODY_BYTES)
            .example(Example::post_json(concat!(
                r#"{"version":"4","status":"firing","receiver":"tocsin","externalURL":"https://alertmanager.example","#,
                r#""alerts":[{"status":"firing","fingerprint":"a1bc48475b20e73d","#,
                r#""labels":{"alertname":"DiskFull","instance":"db-1","severity":"critical"},"#,
                r#""annotations":{"summary":"/var on db-1 is full","runbook_url":"https://runbooks.example/disk"},"#,
                r#""startsAt":"2026-01-02T03:04:05.123456789Z","endsAt":"0001-01-01T00:00:00Z","#,
                r#""generatorURL":"https://prometheus.example/graph?g0.expr=up"}]}"#,
            ),
        ))
    }

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        let group = alerts::Group::parse(request)?;
        if !group.has_alerts() {
            return Err(Refusal::missing(NO_ALERTS));
        }
        let address = group.text("externalURL").unwrap_or_default();
        group.decode(&settings.severities(), |event, _| Some(event.link("Alertmanager", &address)))
    }

    fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        settings.severities().check("severities")
    }
}

tocsin_plugin::export!(Alertmanager: source);

#[cfg(test)]
mod tests;
