//! What the cases of a plugin came to: for a person, and as JSON.
//!
//! Shows what a plugin wrote, which may be hostile: every text goes through [`crate::commands::out`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use tocsin_cases::Section;
use tocsin_core::plugin::PluginInfo;

use super::super::table::json;
use super::broken::Found;
use crate::commands::out::{say, single};

/// Characters of a reproduction that are printed; `--json` has all of it.
const SHOWN: usize = 2_000;

/// The whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The plugin's id.
    pub(super) plugin: String,
    /// Its version.
    pub(super) version: String,
    /// SHA-256 of its file.
    pub(super) digest: String,
    /// Whether all cases hold.
    pub(super) passed: bool,
    /// Cases that ran.
    pub(super) cases: usize,
    /// Broken variants that the plugin was given.
    pub(super) variants: u64,
    /// Files that were written.
    pub(super) written: Vec<String>,
    /// Cases that do not hold.
    pub(super) failures: Vec<Failure>,
}

/// What is wrong with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The file is no case, or the plugin does not have what it says.
    Mistyped,
    /// It expects nothing yet.
    Unwritten,
    /// The plugin answers something else.
    Different,
    /// The plugin gives no answer to the case itself, or one that a relay would refuse.
    Failed,
    /// The plugin gives no answer, or a wrong one, to a broken variant.
    Broken,
}

/// A case that does not hold.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    /// The case's file.
    pub(super) case: String,
    /// The fault.
    pub(super) what: What,
    /// In words, with the lines that differ.
    pub(super) message: String,
    /// The paths of the differences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) places: Vec<String>,
    /// The smallest input that was found, as a section of a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reproduction: Option<String>,
}

impl Report {
    /// A run that has not begun.
    pub(super) fn new(info: &PluginInfo, digest: &str) -> Self {
        Self {
            plugin: info.id.clone(),
            version: info.version.clone(),
            digest: digest.to_owned(),
            passed: true,
            cases: 0,
            variants: 0,
            written: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Notes a case that does not hold.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.passed = false;
        self.failures.push(failure);
    }

    /// Prints it.
    pub(super) fn print(&self, is_json: bool) -> anyhow::Result<()> {
        if is_json {
            return json(self);
        }
        for failure in &self.failures {
            say!("{}: {}", single(&failure.case), failure.message.trim_end());
            if let Some(reproduction) = &failure.reproduction {
                say!("\n{}", cut(reproduction.trim_end()));
            }
            say!("");
        }
        for file in &self.written {
            say!("written: {}", single(file));
        }
        let failed: BTreeSet<&str> = self.failures.iter().map(|failure| failure.case.as_str()).collect();
        let failed = match failed.len() {
            0 => "all hold".to_owned(),
            failed => format!("{failed} failed"),
        };
        let cases = if self.cases == 1 { "case" } else { "cases" };
        say!(
            "{} {}: {} {cases}, {failed}; {} broken variants",
            single(&self.plugin),
            single(&self.version),
            self.cases,
            self.variants
        );
        Ok(())
    }
}

impl Failure {
    /// A case with something wrong.
    pub(super) fn new(case: &Path, what: What, message: impl Into<String>) -> Self {
        Self {
            case: case.display().to_string(),
            what,
            message: message.into(),
            places: Vec::new(),
            reproduction: None,
        }
    }

    /// A case of which a variant goes wrong.
    pub(super) fn broken(case: &Path, found: &Found) -> Self {
        let bytes = found.input.body().len();
        let message = format!(
            "fails on a broken variant: {}. The smallest that was found has {bytes} bytes of body; as a section of a \
             case:",
            found.fault.why.trim_end_matches('.')
        );
        let reproduction = Some(written(&found.input.section()));
        Self { reproduction, ..Self::new(case, What::Broken, message) }
    }
}

/// As much of a reproduction as a terminal shows.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => Cow::Owned(format!("{}… (cut; --json prints all)", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

/// A section as it stands in a file.
pub(super) fn written(section: &Section) -> String {
    format!("== {}\n{}\n", section.title(), section.text)
}
