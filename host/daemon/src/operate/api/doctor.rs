//! The checks of a machine, and their findings.
//!
//! `tocsin doctor` answers; it asks the running relay if there is one.

use serde::{Deserialize, Serialize};

/// All findings.
#[derive(Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are `wrong`.
    pub wrong: usize,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The state.
    pub state: Health,
    /// The subject: `version`, `configuration`, `directories`, `secrets`, `space`, `clock`, `unit`, `relay`, `name` or
    /// `certificate`.
    pub about: String,
    /// The finding.
    pub found: String,
    /// The fix; none if there is nothing to do.
    pub fix: Option<String>,
}

/// The state of something that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be, or irrelevant here.
    Ok,
    /// It works, but perhaps not for long or not for all users; or it could not be checked.
    Warning,
    /// It keeps the relay from working.
    Wrong,
}

impl Health {
    /// The printed word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

impl Finding {
    /// A finding that is as it should be.
    pub fn ok(about: &str, found: impl Into<String>) -> Self {
        Self { state: Health::Ok, about: about.to_owned(), found: found.into(), fix: None }
    }

    /// A finding that deserves attention.
    pub fn warning(about: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: Health::Warning, about: about.to_owned(), found: found.into(), fix: Some(fix.into()) }
    }

    /// A finding that keeps the relay from working.
    pub fn wrong(about: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: Health::Wrong, about: about.to_owned(), found: found.into(), fix: Some(fix.into()) }
    }
}

impl From<Vec<Finding>> for Diagnosis {
    fn from(findings: Vec<Finding>) -> Self {
        let count = |state| findings.iter().filter(|finding| finding.state == state).count();
        let (warnings, wrong) = (count(Health::Warning), count(Health::Wrong));
        Self { findings, warnings, wrong }
    }
}
