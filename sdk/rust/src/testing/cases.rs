//! The runner over `cases/`.
//!
//! Never stops at the first failure: all of them are shown together.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

use super::body::Coding;
use super::file::{Case, Job, Kind, Section};
use super::{diff, expected, given, http, incident, limits, mutate, pair, render};
use crate::{Action, Field, Plugin, Request, Response, Setting, Settings, Source, Step};

/// Set to `1` to write what cases expect.
pub(super) const UPDATE: &str = "TOCSIN_UPDATE_CASES";
/// What the name of a case's file ends in.
pub(super) const EXTENSION: &str = "case";
/// Requests of one attempt, as the host has it.
const STEPS_MAX: usize = 8;

/// Runs every case below `<manifest_dir>/cases` that has a request, and each request in 300 broken variants and with
/// each of its values taken out or replaced: they may be refused and must not panic. Requests of one case are about
/// one incident: each but the first has an event whose key or alias an event before it has.
///
/// # Panics
/// When an outcome is not the expected one, a file is mistyped, or there is no case at all.
pub fn run_source_cases<T: Plugin + Source>(manifest_dir: &str) {
    limits::check_source::<T>();
    run(manifest_dir, Job::Source, is_update(), source_case::<T>);
}

/// Runs every case below `<manifest_dir>/cases` that has an incident: its lines are the members of
/// [`super::context_from_json`]. The runner keeps the plugin's state from a request to its answer.
///
/// # Panics
/// As [`run_source_cases`].
pub fn run_action_cases<T: Plugin + Action>(manifest_dir: &str) {
    limits::check_action::<T>();
    run(manifest_dir, Job::Action, is_update(), action_case::<T>);
}

fn source_case<T: Plugin + Source>(case: &Case) -> Result<Vec<Section>, String> {
    let given = settings(case, Kind::Settings, &T::Settings::fields())?;
    let settings = T::Settings::from_settings(&given).map_err(|error| error.to_string())?;
    let mut sections: Vec<Section> = case.all(Kind::Settings).cloned().collect();
    let mut outcomes = Vec::new();
    for section in case.all(Kind::Request) {
        let request = http::read_request(&section.text, section.coding).map_err(|why| at(section, &why))?;
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
        let outcome = render::decoded_to_json(&outcome);
        sections.extend([section.clone(), expected_outcome(&outcome)]);
        outcomes.push(outcome);
    }
    pair::check_one_incident(&outcomes)?;
    Ok(sections)
}

fn action_case<T: Plugin + Action>(case: &Case) -> Result<Vec<Section>, String> {
    let lines = case.one(Kind::Incident).map_or("", |section| &section.text);
    let mut context = incident::context_from_toml(lines).map_err(|why| format!("`== incident`: {why}"))?;
    context.settings = settings(case, Kind::Settings, &<T as Action>::Settings::fields())?;
    context.connection = settings(case, Kind::Connection, &T::Connection::fields())?;
    let wrong = |error: crate::SettingError| error.to_string();
    let settings = <T as Action>::Settings::from_settings(&context.settings).map_err(wrong)?;
    let connection = T::Connection::from_settings(&context.connection).map_err(wrong)?;
    let kinds = [Kind::Incident, Kind::Settings, Kind::Connection].into_iter();
    let mut sections: Vec<Section> = kinds.filter_map(|kind| case.one(kind).cloned()).collect();
    let mut answers = case.all(Kind::Answer);
    let mut outcome = T::encode(&context, &connection, &settings);
    for _ in 1..=STEPS_MAX {
        if let Ok(step) = &outcome {
            limits::check_step(step);
        }
        let Ok(Step::Send(request, state)) = &outcome else {
            sections.push(expected_outcome(&render::step_to_json(&outcome)));
            break;
        };
        sections.push(http::show_request(request));
        let Some(section) = answers.next() else { break };
        let response = http::read_answer(&section.text, section.coding).map_err(|why| at(section, &why))?;
        sections.push(section.clone());
        for body in mutate::variants(&response.body) {
            let broken = Response { body, ..response.clone() };
            let _ = T::resume(&context, &connection, &settings, state, &broken);
        }
        outcome = T::resume(&context, &connection, &settings, state, &response);
    }
    match answers.count() {
        0 => Ok(sections),
        more => Err(format!(
            "the last {more} of the answers: no request waits for it; take it out. Found:\n{}",
            case.with(&sections)
        )),
    }
}

fn at(section: &Section, why: &str) -> String {
    format!("`== {}`: {why}", section.title())
}

fn settings(case: &Case, kind: Kind, fields: &[Field]) -> Result<Vec<Setting>, String> {
    let Some(section) = case.one(kind) else { return Ok(Vec::new()) };
    given::settings(&section.text, fields).map_err(|why| at(section, &why))
}

fn expected_outcome(outcome: &Value) -> Section {
    Section { kind: Kind::ExpectedOutcome, coding: Coding::Plain, text: format!("{outcome:#}") }
}

/// The names below `manifest_dir` and the texts of all cases, in order.
pub(super) fn files(manifest_dir: &Path) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    collect(&manifest_dir.join("cases"), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(manifest_dir).unwrap_or(&path).display().to_string();
        let is_case = path.extension().is_some_and(|extension| extension == EXTENSION);
        assert!(is_case, "{name} is no case; the name of one ends in .{EXTENSION}");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, text)
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// Whether the environment asks for the expected sections to be written.
pub(super) fn is_update() -> bool {
    env::var(UPDATE).is_ok_and(|value| value == "1")
}

fn run(manifest_dir: &str, job: Job, update: bool, found: impl Fn(&Case) -> Result<Vec<Section>, String>) {
    let folder = Path::new(manifest_dir);
    let (mut count, mut failures) = (0, String::new());
    for (name, text) in files(folder) {
        let outcome = match Case::parse(&text) {
            Ok(case) if case.job != job => continue,
            Ok(case) => found(&case).and_then(|found| match case.with(&found) {
                written if written == text => Ok(()),
                written if update => {
                    fs::write(folder.join(&name), written).map_err(|error| error.to_string())
                }
                written => Err(difference(&case, &text, &found, &written)),
            }),
            Err(problem) => Err(problem),
        };
        count += 1;
        if let Err(problem) = outcome {
            failures.push_str(&format!("\n{name}: {problem}\n"));
        }
    }
    assert!(count > 0, "no case below {} is one of {job:?}", folder.join("cases").display());
    assert!(failures.is_empty(), "{failures}\n({UPDATE}=1 writes what was found: read it)");
}

/// Why a case does not hold: its file is not what an update would write.
fn difference(case: &Case, text: &str, found: &[Section], written: &str) -> String {
    let lines = diff::lines(text, written);
    if !case.sections.iter().any(|section| section.kind.is_expected()) {
        return format!("expects nothing yet; run with {UPDATE}=1 to write what was found:\n{lines}");
    }
    let places = match expected::places(case, found) {
        places if places.is_empty() => "its layout is not the one that an update writes".to_owned(),
        places => places.join("\n  "),
    };
    format!("another outcome\n  {places}\n{lines}")
}

#[cfg(test)]
mod tests;
