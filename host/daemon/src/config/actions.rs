//! `[actions.<name>]`: what is sent when.

use tocsin_core::delivery::ChangeKind;
use tocsin_core::routing::{ActionRule, ActionStatus};
use tocsin_core::template::Expression;

use super::Action;
use super::reader::Reader;

/// The changes that people are told of unless said otherwise: not every update, not every note.
const DEFAULT_ON: [ChangeKind; 5] = [
    ChangeKind::Opened,
    ChangeKind::Acknowledged,
    ChangeKind::Resolved,
    ChangeKind::Reopened,
    ChangeKind::Flapping,
];

pub(super) fn read(name: String, mut reader: Reader, connections: &[String]) -> (String, Action) {
    let description = reader.text("description").unwrap_or_default();
    let status = reader.parsed("status", str::parse::<ActionStatus>).unwrap_or(ActionStatus::Enabled);
    let connection = reader.required_text("connection", "the name of one of the connections");
    if !connection.is_empty() {
        check_connection(&reader, "connection", &connection, connections);
    }
    let test_connection = reader.text("test_connection");
    if let Some(test) = &test_connection {
        check_connection(&reader, "test_connection", test, connections);
    }
    let on = reader.texts("on").map(|words| changes(&reader, &words)).unwrap_or(DEFAULT_ON.to_vec());
    let filter = reader.text("filter");
    if let Some(Err(error)) = filter.as_deref().map(Expression::parse) {
        reader.problem("filter", error.to_string());
    }
    let settings = reader.settings("settings");
    reader.finish();
    let rule = ActionRule {
        name: name.clone(),
        status,
        connection,
        test_connection,
        on,
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter,
    };
    (name, Action { rule, description, settings })
}

fn check_connection(reader: &Reader, key: &str, name: &str, connections: &[String]) {
    if !connections.iter().any(|connection| connection == name) {
        let known = if connections.is_empty() { "none".to_owned() } else { connections.join(", ") };
        reader.problem(key, format!("`{name}` is not among the connections: there is {known}"));
    }
}

fn changes(reader: &Reader, words: &[String]) -> Vec<ChangeKind> {
    if words.is_empty() {
        reader.problem("on", "is empty: the action would never run; use `status = \"disabled\"`");
    }
    let parse = |word: &String| {
        word.parse::<ChangeKind>().map_err(|error| reader.problem("on", error.to_string())).ok()
    };
    words.iter().filter_map(parse).collect()
}
