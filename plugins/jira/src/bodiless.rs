//! Deliveries without a body: "Exclude body" is checked in Jira's webhook.
//!
//! Never takes an update for a resolution: without a body it may as well be a reopening.

use tocsin_plugin::prelude::*;

use crate::delivery;

/// Query parameters in which the address of a webhook without a body may carry `${issue.key}` or `${issue.id}`.
const KEY_PARAMETERS: [&str; 5] = ["key", "issue", "issue_key", "issuekey", "issue.key"];
const ID_PARAMETERS: [&str; 3] = ["issue_id", "issueid", "issue.id"];

/// The query alone says which issue it is about, and not what happened.
pub(crate) fn decode(request: &Request) -> Result<Decoded, Refusal> {
    let find = |names: &[&str]| {
        let found = names.iter().find_map(|name| request.parameter(name)).map(str::trim);
        // A variable that Jira did not replace.
        found.filter(|value| !value.is_empty() && !value.starts_with("${")).map(str::to_owned)
    };
    let (key, id) = (find(&KEY_PARAMETERS), find(&ID_PARAMETERS));
    let Some(name) = key.clone().or_else(|| id.clone()) else {
        return Err(Refusal::missing(
            "issue key (the body is empty: clear \"Exclude body\" in Jira's webhook, or add ?key=${issue.key} to \
             its URL)",
        ));
    };
    let word = request.parameter("event").unwrap_or("").to_ascii_lowercase();
    let (change, what) = match word.trim_start_matches("jira:").trim_start_matches("issue_") {
        "created" => (Change::Trigger, "was created"),
        "deleted" => (Change::Resolve, "was deleted"),
        "resolved" | "closed" | "done" => (Change::Resolve, "is done"),
        _ => (Change::Note, "was touched; Jira sent no details"),
    };
    let event = Event::new(change, id.as_deref().unwrap_or(&name), &name)
        .alias(key.as_deref().unwrap_or(""))
        .message(format!("{name} {what}."))
        .label("issue", key.as_deref().unwrap_or(""));
    Ok(Decoded::from(event).delivery_id(delivery::of_cloud(request)))
}
