//! The runner over `cases/`.
//!
//! Never stops at the first failure: all of them are shown together.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};

use super::{context, diff, http, limits, mutate, render};
use crate::{Action, FieldKind, Plugin, Request, Response, Setting, Settings, Source, Step};

/// Set to `1` to write the expected files.
pub(super) const UPDATE: &str = "TOCSIN_UPDATE_CASES";
/// Requests of one attempt, as the host has it.
const STEPS_MAX: usize = 8;

/// Runs every folder of `<manifest_dir>/cases` that holds a `request.http`, and each request in 300 broken
/// variants and with each of its values taken out or replaced: they may be refused and must not panic.
///
/// # Panics
/// When an outcome is not the expected one, a file is mistyped or unknown, or there is no case at all.
pub fn run_source_cases<T: Plugin + Source>(manifest_dir: &str) {
    limits::check_source::<T>();
    run(manifest_dir, "request.http", |case| {
        let request = http::parse_request(&case.bytes("request.http")?)?;
        let given = case.settings("settings.json", &T::Settings::fields())?;
        let settings = T::Settings::from_settings(&given).map_err(|error| error.to_string())?;
        let outcome = T::decode(&request, &settings);
        if outcome != T::decode(&request, &settings) {
            return Err("two calls with the same input answered differently".to_owned());
        }
        if let Ok(decoded) = &outcome {
            limits::check_decoded(decoded);
        }
        for body in mutate::variants(&request.body).chain(mutate::documents(&request.body)) {
            let broken = Request { body, ..request.clone() };
            if let Ok(decoded) = T::decode(&broken, &settings) {
                limits::check_decoded(&decoded);
            }
        }
        Ok(render::decoded_to_json(&outcome))
    });
}

/// Runs every folder of `<manifest_dir>/cases` that holds a `context.json`: its members are those of
/// [`super::context_from_json`]. The expected file is the list of what was answered: first by `encode`, then
/// by `resume` to each `response-<n>.http`.
///
/// # Panics
/// As [`run_source_cases`].
pub fn run_action_cases<T: Plugin + Action>(manifest_dir: &str) {
    limits::check_action::<T>();
    run(manifest_dir, "context.json", |case| {
        let mut context = context::context_from_json(&case.json("context.json")?)?;
        context.settings = case.settings("settings.json", &<T as Action>::Settings::fields())?;
        context.connection = case.settings("connection.json", &T::Connection::fields())?;
        let wrong = |error: crate::SettingError| error.to_string();
        let settings = <T as Action>::Settings::from_settings(&context.settings).map_err(wrong)?;
        let connection = T::Connection::from_settings(&context.connection).map_err(wrong)?;
        let mut shown = Vec::new();
        let mut outcome = T::encode(&context, &connection, &settings);
        for number in 1..=STEPS_MAX {
            if let Ok(step) = &outcome {
                limits::check_step(step);
            }
            shown.push(render::step_to_json(&outcome));
            let Ok(Step::Send(_, state)) = &outcome else { break };
            let Some(bytes) = case.optional(&format!("response-{number}.http"))? else { break };
            let response = http::parse_response(&bytes)?;
            for body in mutate::variants(&response.body) {
                let broken = Response { body, ..response.clone() };
                let _ = T::resume(&context, &connection, &settings, state, &broken);
            }
            outcome = T::resume(&context, &connection, &settings, state, &response);
        }
        Ok(json!(shown))
    });
}

struct Case {
    folder: PathBuf,
}

impl Case {
    fn optional(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.folder.join(name);
        if !path.exists() {
            return Ok(None);
        }
        fs::read(path).map(Some).map_err(|error| format!("{name}: {error}"))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        self.optional(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    fn json(&self, name: &str) -> Result<Value, String> {
        serde_json::from_slice(&self.bytes(name)?).map_err(|error| format!("{name}: {error}"))
    }

    fn settings(&self, name: &str, fields: &[crate::Field]) -> Result<Vec<Setting>, String> {
        let Some(bytes) = self.optional(name)? else { return Ok(Vec::new()) };
        let file: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {error}"))?;
        let members = file.as_object().ok_or_else(|| format!("{name} is not an object"))?;
        members.iter().map(|(key, value)| setting(key, value, fields)).collect()
    }

    fn check_names(&self) -> Result<(), String> {
        let known = ["request.http", "context.json", "settings.json", "connection.json", "expected.json"];
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_response = name.starts_with("response-") && name.ends_with(".http");
            if !known.contains(&name.as_str()) && !is_response {
                return Err(format!("`{name}` is not a file of a case; known are {}", known.join(", ")));
            }
        }
        Ok(())
    }
}

fn setting(key: &str, value: &Value, fields: &[crate::Field]) -> Result<Setting, String> {
    let field = fields.iter().find(|field| field.key == key).ok_or_else(|| format!("no field `{key}`"))?;
    let value = match (value, &field.kind) {
        (_, FieldKind::Secret) => return Err(format!("`{key}` is a secret: the host never passes it on")),
        (Value::Bool(yes), FieldKind::Boolean) => crate::Value::Boolean(*yes),
        (Value::Number(number), FieldKind::Integer | FieldKind::Duration) => {
            crate::Value::Integer(number.as_i64().ok_or_else(|| format!("`{key}` is not a whole number"))?)
        }
        (Value::Array(items), FieldKind::Texts | FieldKind::Template) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            crate::Value::Texts(
                texts.collect::<Option<_>>().ok_or_else(|| format!("`{key}` is not a list of texts"))?,
            )
        }
        (document @ (Value::Object(_) | Value::Array(_)), FieldKind::JsonTemplate) => {
            crate::Value::Document(crate::Document { text: document.to_string(), fixed: Vec::new() })
        }
        (Value::String(text), kind)
            if !matches!(kind, FieldKind::Boolean | FieldKind::Integer | FieldKind::Texts) =>
        {
            crate::Value::Text(text.clone())
        }
        _ => return Err(format!("`{key}` does not fit its kind")),
    };
    Ok(Setting { key: key.to_owned(), value })
}

fn run(manifest_dir: &str, marker: &str, outcome: impl Fn(&Case) -> Result<Value, String>) {
    let cases = Path::new(manifest_dir).join("cases");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&cases).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.retain(|folder| folder.join(marker).exists());
    assert!(!folders.is_empty(), "no folder of {} holds a {marker}", cases.display());
    let update = env::var(UPDATE).is_ok_and(|value| value == "1");
    let mut failures = String::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let case = Case { folder };
        if let Err(problem) = check(&case, &outcome, update) {
            failures.push_str(&format!("\ncases/{name}: {problem}\n"));
        }
    }
    assert!(failures.is_empty(), "{failures}\n({UPDATE}=1 writes what was found)");
}

fn check(case: &Case, outcome: &impl Fn(&Case) -> Result<Value, String>, update: bool) -> Result<(), String> {
    case.check_names()?;
    let found = outcome(case)?;
    let found = format!("{found:#}\n");
    if update {
        return fs::write(case.folder.join("expected.json"), found).map_err(|error| error.to_string());
    }
    let expected = match case.optional("expected.json")? {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => return Err(format!("there is no expected.json yet; found:\n{found}")),
    };
    // Compared as values, so that the file's layout is free.
    let same = serde_json::from_str::<Value>(&expected).is_ok_and(|value| format!("{value:#}\n") == found);
    if same {
        Ok(())
    } else {
        Err(format!("another outcome (- expected, + found)\n{}", diff::lines(&expected, &found)))
    }
}
