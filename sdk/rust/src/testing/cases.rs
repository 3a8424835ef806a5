//! The runner over `cases/`.
//!
//! Never stops at the first failure: all of them are shown together.

use std::path::Path;
use std::{env, fs};

use tocsin_cases::folder::{self, File};
use tocsin_cases::mutate::{VARIANTS, documents, variants};
use tocsin_cases::{Case, Job, Kind, Section, http as wire, pair, verdict};

use super::{given, http, incident, limits, render};
use crate::{Action, Field, Plugin, Request, Response, Setting, Settings, Source, Step};

/// Set to `1` to write what cases expect.
pub(super) const UPDATE: &str = "TOCSIN_UPDATE_CASES";
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
        let request = http::read_request(section).map_err(|why| section.wrong(&why))?;
        let outcome = T::decode(&request, &settings);
        if outcome != T::decode(&request, &settings) {
            return Err("two calls with the same input answered differently".to_owned());
        }
        if let Ok(decoded) = &outcome {
            limits::check_decoded(decoded);
        }
        for body in variants(&request.body, VARIANTS, 0).chain(documents(&request.body)) {
            let broken = Request { body, ..request.clone() };
            if let Ok(decoded) = T::decode(&broken, &settings) {
                limits::check_decoded(&decoded);
            }
        }
        let outcome = render::decoded_to_json(&outcome);
        sections.extend([section.clone(), Section::outcome(&outcome)]);
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
            sections.push(Section::outcome(&render::step_to_json(&outcome)));
            break;
        };
        sections.push(wire::show_request(&render::sent(request)));
        let Some(section) = answers.next() else { break };
        let response = http::read_answer(section).map_err(|why| section.wrong(&why))?;
        sections.push(section.clone());
        for body in variants(&response.body, VARIANTS, 0) {
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

fn settings(case: &Case, kind: Kind, fields: &[Field]) -> Result<Vec<Setting>, String> {
    let Some(section) = case.one(kind) else { return Ok(Vec::new()) };
    given::settings(&section.text, fields).map_err(|why| section.wrong(&why))
}

/// The names below `manifest_dir` and the texts of all cases, in order.
pub(super) fn files(manifest_dir: &Path) -> Vec<(String, String)> {
    let files = folder::read(&manifest_dir.join("cases")).unwrap_or_else(|error| panic!("{error}"));
    let named = |File { path, text }: File| {
        (path.strip_prefix(manifest_dir).unwrap_or(&path).display().to_string(), text)
    };
    files.into_iter().map(named).collect()
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
            Ok(case) => found(&case).and_then(|found| match verdict::compare(&case, &text, &found) {
                None => Ok(()),
                Some(difference) if update => {
                    fs::write(folder.join(&name), difference.written).map_err(|error| error.to_string())
                }
                Some(difference) => Err(difference.in_words(&format!("run with {UPDATE}=1"))),
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

#[cfg(test)]
mod tests;
