//! The collected answers of peers, from the folder of samples beside the workspace: each comes to what its
//! `class` documents.
//!
//! Never a class that nobody has judged: an unknown one fails the test.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{RESET_S, Row, Verdict, judge, own};
use crate::harness::absent;

/// Where a plugin does other than the table asks for, by its name and how the class begins; its README says
/// so.
const CHOICES: [(&str, &str, Verdict); 5] = [
    // Rocket.Chat's own 503 is an integration that somebody disabled: nothing is lost while it waits.
    ("rocketchat", "integration DISABLED", Verdict::Paused),
    // No refusal: the connector had posted, and said so in other words.
    ("teams", "historical outage", Verdict::Accepted),
    // Half a minute where Teams throttles and asks for nothing.
    ("teams", "retry", Verdict::RetriedAfter(30)),
    // Code 0 and no object is no success of a write.
    ("itop", "apply_stimulus silently refused", Verdict::Rejected),
    ("itop", "php fatal", Verdict::Retried),
];

/// The rows of a peer's table, or none when it is not there.
fn table(folder: &str) -> Vec<Value> {
    let path = format!("../../shared/samples/{folder}/responses/table.json");
    let Ok(bytes) = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) else {
        absent(&format!(
            "the answers of {folder}: there is no ../shared/samples/{folder} beside the workspace"
        ));
        return Vec::new();
    };
    let rows: Vec<Value> = serde_json::from_slice(&bytes).expect("a table");
    assert!(rows.len() > 8, "{folder} has {} rows", rows.len());
    rows
}

/// A row of a table, as `plugin` is to take it.
fn row(plugin: &str, row: &Value) -> Row {
    let status = ["status", "http"].iter().find_map(|key| row[key].as_u64()).expect("a status");
    let status = u16::try_from(status).expect("a status");
    let body = match (&row["body_text"], &row["body"]) {
        (Value::String(text), _) | (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, document) => document.to_string(),
    };
    let headers = row["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (known(name), value.as_str().expect("a text").to_owned()));
    let mut found = Row::new(status, &body, Verdict::Rejected);
    found.headers.extend(headers);
    found.verdict = verdict(plugin, row["class"].as_str().expect("a class"), &found);
    found
}

fn known(name: &str) -> &'static str {
    ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or_else(|| unreachable!("the header {name} is new here"))
}

/// What a class documents.
fn verdict(plugin: &str, class: &str, row: &Row) -> Verdict {
    let begins = |start: &str| class.to_lowercase().starts_with(&start.to_lowercase());
    let asked = row.headers.iter().find_map(|(name, value)| match *name {
        "Retry-After" => value.parse().ok(),
        "X-RateLimit-Reset" => Some(RESET_S),
        _ => None,
    });
    let chosen = CHOICES.iter().find(|(of, start, _)| *of == plugin && begins(start));
    match (chosen, asked) {
        (Some((_, _, verdict)), None) => *verdict,
        _ if begins("success") => Verdict::Delivered,
        _ if begins("accepted") => Verdict::Accepted,
        (_, Some(seconds)) if begins("retry") => Verdict::RetriedAfter(seconds),
        (_, None) if begins("retry") => Verdict::Retried,
        _ if begins("permanent(config") => Verdict::Paused,
        _ if begins("permanent") => Verdict::Rejected,
        _ => unreachable!("a class that nobody has judged: {class}"),
    }
}

fn judge_all(plugin: &str, rows: Vec<Row>) {
    if !rows.is_empty() {
        judge(plugin, rows);
    }
}

#[test]
fn the_collected_answers_of_slack_come_to_what_they_document() {
    let rows = table("out-slack");
    // Where two bodies are documented, they stand side by side.
    let each = rows.iter().flat_map(|given| {
        let row = row("slack", given);
        row.body.split(" | ").map(|body| Row { body: body.to_owned(), ..row.clone() }).collect::<Vec<_>>()
    });
    judge_all("slack", each.collect());
}

#[test]
fn the_collected_answers_of_teams_come_to_what_they_document() {
    let seen = |given: &Value| match given["target"].as_str().expect("a target") {
        "workflow" => Some(row("teams", given)),
        "legacy" => Some(row("teams", given).over(own::CONNECTOR)),
        // What becomes of a flow later; its caller never sees that.
        other => {
            assert!(other.starts_with("workflow-run"), "{other}");
            None
        }
    };
    judge_all("teams", table("out-teams").iter().filter_map(seen).collect());
}

#[test]
fn the_collected_answers_of_rocketchat_come_to_what_they_document() {
    judge_all("rocketchat", table("out-rocketchat").iter().map(|given| row("rocketchat", given)).collect());
}

#[test]
fn the_collected_answers_of_googlechat_come_to_what_they_document() {
    judge_all("googlechat", table("out-googlechat").iter().map(|given| row("googlechat", given)).collect());
}

#[test]
fn the_collected_answers_of_itop_come_to_what_they_document() {
    let refused = json!({ "objects": null, "code": 0, "message": null });
    let asked = |given: &Value| {
        let row = row("itop", given);
        let holds = |words: &str| row.body.contains(words);
        let action = if holds("Found: ") || holds("page number") {
            own::GET
        } else if holds("stimulus") || given["body"] == refused {
            own::STIMULUS
        } else if holds("updated") {
            own::UPDATE
        } else {
            own::CREATE
        };
        // A peer that answers so for every class is read-only, which ends by itself.
        let verdict = if holds("enough permissions for") { Verdict::Retried } else { row.verdict };
        Row { verdict, ..row }.over(own::ITOP).by(action)
    };
    judge_all("itop", table("out-itop-rest").iter().map(asked).collect());
}
