//! `[actions.<name>]`: what is sent when.

use std::time::Duration;

use tocsin_core::delivery::ChangeKind;
use tocsin_core::incident::IncidentState;
use tocsin_core::routing::{ActionRule, ActionStatus};
use tocsin_core::settings::Given;
use tocsin_core::template::{Expression, referred, referred_in};
use tocsin_core::time_zone::TimeZone;

use super::Action;
use super::reader::Reader;
use crate::config::Purpose;

/// The shortest time between two reminders: shorter ones are an alarm of their own.
const REPEAT_MIN: Duration = Duration::from_secs(1);

/// Characters of a language tag that software has to understand (RFC 5646, 4.4.1).
const LANGUAGE_MAX: usize = 35;

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
    let language = reader.parsed("language", language).unwrap_or_default();
    let status = reader.parsed("status", str::parse::<ActionStatus>).unwrap_or(ActionStatus::Enabled);
    let connection = reader.required_text("connection", "the name of one of the connections");
    if !connection.is_empty() {
        check_connection(&reader, "connection", &connection, connections);
    }
    let test_connection = reader.text("test_connection");
    if let Some(test) = &test_connection {
        check_connection(&reader, "test_connection", test, connections);
    }
    let enters = states(&mut reader, "enters");
    let leaves = states(&mut reader, "leaves");
    // Whoever names states and no changes is told of the states alone.
    let other = if enters.is_empty() && leaves.is_empty() { DEFAULT_ON.to_vec() } else { Vec::new() };
    let on = reader.texts("on").map(|words| changes(&reader, &words)).unwrap_or(other);
    let filter = reader.text("filter");
    if let Some(Err(error)) = filter.as_deref().map(Expression::parse) {
        reader.problem("filter", error.to_string());
    }
    for referred in filter.as_deref().map(referred_in).unwrap_or_default() {
        check_connection(&reader, "filter", &referred, connections);
    }
    let delay_ms = time(&mut reader, "delay", Duration::from_millis(1));
    let repeat_ms = time(&mut reader, "repeat", REPEAT_MIN);
    let readers_may = readers_may(&mut reader);
    let time_zone = reader.parsed("time_zone", str::parse::<TimeZone>);
    let settings = reader.settings("settings");
    for (key, given) in &settings {
        for referred in texts(given).iter().flat_map(|text| referred(text)) {
            check_connection(&reader, &format!("settings.{key}"), &referred, connections);
        }
    }
    reader.finish();
    let rule = ActionRule {
        name: name.clone().into(),
        status,
        connection: connection.into(),
        test_connection: test_connection.map(Into::into),
        on,
        enters,
        leaves,
        filter,
        delay_ms,
        repeat_ms,
        is_fallback: false,
    };
    (name, Action { rule, description, language, readers_may, time_zone, settings })
}

/// A language as BCP 47 writes it: two or three letters, then parts of up to eight letters and digits. Also reads
/// `de_DE` and `DE DE`, as other systems write it.
fn language(given: &str) -> Result<String, String> {
    let of = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut tag = String::new();
    for (at, part) in given.split(['-', '_', ' ']).enumerate() {
        let is_first = at == 0;
        let is_valid = of(part, if is_first { 2..=3 } else { 1..=8 });
        if !is_valid || is_first && part.bytes().any(|byte| byte.is_ascii_digit()) {
            tag.clear();
            break;
        }
        match part.len() {
            _ if is_first => tag.push_str(&part.to_ascii_lowercase()),
            2 => tag.push_str(&format!("-{}", part.to_ascii_uppercase())),
            _ => tag.push_str(&format!("-{part}")),
        }
    }
    if tag.is_empty() || tag.len() > LANGUAGE_MAX {
        return Err(format!("`{given}` is not a language tag: write one such as `en`, `de` or `pt-BR`"));
    }
    Ok(tag)
}

/// What of a setting may be a template.
fn texts(given: &Given) -> &[String] {
    match given {
        Given::Text(text) => std::slice::from_ref(text),
        Given::Texts(texts) => texts,
        Given::Integer(_) | Given::Boolean(_) => &[],
    }
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
    let parse = |word: &String| match word.parse::<ChangeKind>() {
        Ok(ChangeKind::Repeated) => {
            reader.problem("on", "`repeated` comes of a time: write `repeat = \"30m\"`");
            None
        }
        Ok(kind) => Some(kind),
        Err(error) => {
            reader.problem("on", error.to_string());
            None
        }
    };
    words.iter().filter_map(parse).collect()
}

fn states(reader: &mut Reader, key: &'static str) -> Vec<IncidentState> {
    let words = reader.texts(key).unwrap_or_default();
    let parse = |word: &String| {
        word.parse::<IncidentState>().map_err(|error| reader.problem(key, error.to_string())).ok()
    };
    words.iter().filter_map(parse).collect()
}

/// A time of at least `least`, in milliseconds.
fn time(reader: &mut Reader, key: &'static str, least: Duration) -> Option<u64> {
    let time = reader.duration(key)?;
    if time < least {
        reader.problem(key, format!("is shorter than {least:?}: leave it out for none"));
    }
    Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn readers_may(reader: &mut Reader) -> Vec<Purpose> {
    let Some(words) = reader.texts("readers_may") else { return Purpose::CHANGES.to_vec() };
    let known = Purpose::CHANGES.map(Purpose::as_str);
    let parse = |word: &String| {
        let found = Purpose::CHANGES.into_iter().find(|purpose| purpose.as_str() == word);
        if found.is_none() {
            reader.problem("readers_may", format!("`{word}` is not one of {}", known.join(", ")));
        }
        found
    };
    words.iter().filter_map(parse).collect()
}
