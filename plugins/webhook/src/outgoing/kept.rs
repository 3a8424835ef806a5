//! What is kept of an answer: labels of the incident, and what the service calls it.
//!
//! Never fails a delivery that the service took: what an answer lacks is said in the delivery's summary.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tocsin_plugin::prelude::*;

use super::Out;

/// Labels or references of one action; the host keeps 16 references for each incident and connection.
const LINES_MAX: usize = 16;
/// Bytes of a label's or reference's name (the host: 128 for a label).
const NAME_BYTES: usize = 128;
/// Bytes of a reference or its address (the host: 4 KiB).
const REFERENCE_BYTES: usize = 4_000;
/// Characters of a label's value (the host: 4 KiB).
const LABEL_CHARS: usize = 1_000;
/// Where in an address the reference goes.
const HERE: &str = "{}";

/// An answer as it is asked for values.
pub(super) struct Answer<'a> {
    response: &'a Response,
    pub(super) document: Option<Value>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(response: &'a Response) -> Self {
        Self { response, document: response.json() }
    }

    /// The text at a path of the document, or of a header: `result.id`, `header:Location`.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        match path.split_once(':') {
            Some((scheme, name)) if scheme.trim().eq_ignore_ascii_case("header") => self
                .response
                .header(name.trim())
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty()),
            _ => json::text(self.document.as_ref()?, path),
        }
    }
}

/// What is wrong with the settings of this file.
pub(super) fn problems(settings: &Out) -> Vec<SettingProblem> {
    let fields = [
        ("write_back", &settings.write_back),
        ("reference", &settings.reference),
        ("reference_url", &settings.reference_url),
    ];
    let mut problems: Vec<SettingProblem> = fields
        .into_iter()
        .filter_map(|(field, given)| lines(given).err().map(|why| SettingProblem::new(field, why)))
        .collect();
    let names = |given| lines(given).unwrap_or_default().into_iter().map(|(name, _)| name);
    let known: Vec<&str> = names(&settings.reference).collect();
    for name in names(&settings.reference_url).filter(|name| !known.contains(name)) {
        let why = format!("names `{name}`, which is not in `reference`");
        problems.push(SettingProblem::new("reference_url", why));
    }
    problems
}

/// `outcome` with everything that the settings keep of `answer`.
pub(super) fn keep(mut outcome: Outcome, settings: &Out, answer: &Answer<'_>) -> Outcome {
    for (label, path) in lines(&settings.write_back).unwrap_or_default() {
        match answer.text(path) {
            Some(value) => outcome = outcome.update(label, &text::truncate(&value, LABEL_CHARS)),
            None => outcome.summary.push_str(&missing(path, "label", label)),
        }
    }
    let urls = lines(&settings.reference_url).unwrap_or_default();
    for (name, path) in lines(&settings.reference).unwrap_or_default() {
        let Some(value) = answer.text(path).filter(|value| value.len() <= REFERENCE_BYTES) else {
            outcome.summary.push_str(&missing(path, "reference", name));
            continue;
        };
        let url = urls.iter().find(|(of, _)| *of == name).and_then(|(_, from)| address(from, &value, answer));
        outcome.summary.push_str(&format!("; {name} is `{}`", text::truncate(&text::one_line(&value), 60)));
        outcome = outcome.reference(name, &value, url.as_deref());
    }
    outcome
}

/// Where a person finds what `value` names: an address with a place for it, or a path in the answer.
fn address(from: &str, value: &str, answer: &Answer<'_>) -> Option<String> {
    let url = if text::is_web_address(from) {
        from.replace(HERE, &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string())
    } else {
        answer.text(from)?
    };
    Some(url).filter(|url| text::is_web_address(url) && url.len() <= REFERENCE_BYTES)
}

fn missing(path: &str, what: &str, name: &str) -> String {
    format!("; the answer has nothing at `{}` for the {what} `{name}`", text::truncate(path, 60))
}

/// `name = path` on each line.
fn lines(given: &[String]) -> Result<Vec<(&str, &str)>, String> {
    let mut found = Vec::new();
    for line in given.iter().filter(|line| !line.trim().is_empty()) {
        let (name, path) = line.split_once('=').map_or(("", ""), |(name, path)| (name.trim(), path.trim()));
        let is_name = !name.is_empty() && name.len() <= NAME_BYTES && !name.chars().any(char::is_control);
        if !is_name || path.is_empty() {
            let line = text::truncate(&text::one_line(line), 80);
            return Err(format!("has the line `{line}`; expected `name = path.in.the.answer`"));
        }
        if found.iter().any(|(known, _)| *known == name) {
            return Err(format!("names `{name}` twice"));
        }
        found.push((name, path));
    }
    if found.len() > LINES_MAX { Err(format!("has more than {LINES_MAX} lines")) } else { Ok(found) }
}
