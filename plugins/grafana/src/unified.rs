//! Unified alerting, Grafana 9 and later: a group of alerts as Alertmanager writes it, with members added.
//!
//! Never takes a rule's own texts for the failure of its query: `DatasourceNoData` and `DatasourceError` carry them
//! all the same.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::Fields;

/// Values of an alert's queries that go into the message.
const VALUES_MAX: usize = 20;
/// Alerts about a rule that cannot be evaluated, and what they mean. The label `rulename` has the rule's name.
const FAILURES: [(&str, &str); 2] = [
    ("DatasourceNoData", "The rule's query returned no data."),
    ("DatasourceError", "The rule's query failed."),
];

pub(crate) fn decode(group: &alerts::Group<'_>, settings: &Fields) -> Result<Decoded, Refusal> {
    let address = group.text("externalURL").unwrap_or_default();
    let mut decoded = group.decode(&settings.severities(), |event, alert| {
        (!is_test(alert))
            .then(|| values(failure(links(event, alert), alert), alert).link("Grafana", &address))
    })?;
    if decoded.events.is_empty() && decoded.rejected.is_empty() && decoded.ignored.is_none() {
        decoded.ignored = Some("it is the test of a contact point (TestAlert on Grafana)".to_owned());
    }
    Ok(decoded)
}

/// Whether it is what **Test** in a contact point sends. Grafana never resolves it.
fn is_test(alert: &alerts::Alert<'_>) -> bool {
    let is = |label: &str, value: &str| alert.label(label).is_some_and(|found| found == value);
    is("alertname", "TestAlert") && is("instance", "Grafana")
}

fn links(mut event: Event, alert: &alerts::Alert<'_>) -> Event {
    for (title, member) in [
        ("Dashboard", "dashboardURL"),
        ("Panel", "panelURL"),
        ("Silence", "silenceURL"),
        ("Image", "imageURL"),
    ] {
        event = event.link(title, &alert.text(member).unwrap_or_default());
    }
    event
}

/// The title of an alert about a rule's query names the rule, and its message says what the rule's own text is.
fn failure(mut event: Event, alert: &alerts::Alert<'_>) -> Event {
    let name = alert.label("alertname").unwrap_or_default();
    let Some((_, meaning)) = FAILURES.iter().find(|(failure, _)| *failure == name) else { return event };
    if let Some(rule) = alert.label("rulename") {
        event.title = format!("{name}: {}", text::one_line(&rule));
    } else if !event.title.starts_with(&name) {
        event.title = format!("{name}: {}", event.title);
    }
    let error = alert.text("annotations.Error").unwrap_or_default();
    let own = if event.message.is_empty() {
        String::new()
    } else {
        format!("The rule's own text: {}", event.message)
    };
    let parts = [*meaning, &error, &own].into_iter().filter(|part| !part.is_empty());
    let message = parts.collect::<Vec<_>>().join("\n\n");
    event.message(message)
}

fn values(event: Event, alert: &alerts::Alert<'_>) -> Event {
    let value = |(name, value): (&String, &Value)| Some(format!("{name} = {}", json::scalar(value)?));
    let values: Vec<String> =
        alert.map("values").into_iter().flatten().filter_map(value).take(VALUES_MAX).collect();
    if values.is_empty() {
        return event;
    }
    let message = format!("{}\n\n{}", event.message, values.join(", "));
    event.message(message.trim())
}
