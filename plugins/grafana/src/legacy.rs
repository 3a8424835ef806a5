//! Legacy alerting, up to Grafana 8 and gone with 11: one rule, one state.
//!
//! Never takes the title for a name: it begins with the state.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::Fields;

/// Series that go into the message.
const MATCHES_MAX: usize = 20;

pub(crate) fn decode(body: &Value, settings: &Fields) -> Result<Decoded, Refusal> {
    let state = json::text(body, "state").ok_or_else(|| Refusal::missing("state"))?;
    if is_test(body) {
        return Ok(Decoded::ignored("it is the test of a notification channel"));
    }
    let changes = match state.to_ascii_lowercase().as_str() {
        "alerting" | "no_data" => &[Change::Trigger],
        "ok" => &[Change::Resolve],
        // The rule is not evaluated any more, which does not mean that the problem is over.
        "paused" => &[Change::Note],
        "pending" | "unknown" => {
            return Ok(Decoded::ignored(format!("the state `{state}` is neither alerting nor ok")));
        }
        other => vocabulary::changes(other).ok_or_else(|| {
            let state = text::truncate(&text::one_line(&state), 60);
            let problem = format!("`{state}` is none of alerting, ok, no_data, paused, pending and unknown");
            Refusal::invalid("state", problem)
        })?,
    };
    let name = json::text(body, "ruleName").or_else(|| json::text(body, "title").map(|title| name(&title)));
    let (id, name) = match (json::text(body, "ruleId"), name) {
        (Some(id), Some(name)) => (format!("rule:{id}"), name),
        (Some(id), None) => (format!("rule:{id}"), format!("Rule {id}")),
        (None, Some(name)) => (keys::compose(&["rule", &name]), name),
        (None, None) => return Err(Refusal::missing("ruleId or ruleName")),
    };
    let tag = body.get("tags").and_then(|tags| json::text(tags, &settings.severity_label));
    let event = Event::new(Change::Trigger, &id, &text::one_line(&name))
        .message(message(body, &state))
        .severity(settings.severities().of(tag.as_deref()))
        .label("state", &state)
        .link("Rule", &json::text(body, "ruleUrl").unwrap_or_default())
        .link("Image", &json::text(body, "imageUrl").unwrap_or_default());
    Ok(labels(event, body).for_each(changes).into())
}

/// Whether it is what **Send Test** of a channel sends: another `ruleId` each time, and never an `ok`.
fn is_test(body: &Value) -> bool {
    let is = |member: &str, value: &str| {
        json::text(body, member).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    is("ruleName", "Test notification")
        && is("message", "Someone is testing the alert notification within Grafana.")
}

/// `[Alerting] CPU alert` without its state.
fn name(title: &str) -> String {
    let after = title.trim().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    after.map_or(title, |(_, name)| name).trim().to_owned()
}

/// The rule's own message, and the series that made it alert.
fn message(body: &Value, state: &str) -> String {
    let lead = match state.to_ascii_lowercase().as_str() {
        "no_data" => "The rule's queries returned no data.",
        "paused" => "The rule was paused.",
        _ => "",
    };
    let series = |found: &Value| {
        let metric = json::text(found, "metric").unwrap_or_else(|| "value".to_owned());
        Some(format!("{metric} = {}", json::text(found, "value")?))
    };
    let matches = body.get("evalMatches").and_then(Value::as_array).into_iter().flatten();
    let matches: Vec<String> = matches.filter_map(series).take(MATCHES_MAX).collect();
    let message = json::text(body, "message").unwrap_or_default();
    let parts = [lead, &message, &matches.join("\n")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The rule's tags, and those of the series when there is one: of several it cannot be told which are meant.
fn labels(mut event: Event, body: &Value) -> Event {
    let series = body.get("evalMatches").and_then(Value::as_array).filter(|found| found.len() == 1);
    let of_series = series.and_then(|found| found.first()).and_then(|found| found.get("tags"));
    for tags in [body.get("tags"), of_series].into_iter().flatten().filter_map(Value::as_object) {
        for (name, value) in tags {
            event = event.label(name, &text::truncate(&json::scalar(value).unwrap_or_default(), 1000));
        }
    }
    event
}
