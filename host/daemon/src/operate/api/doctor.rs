//! What was looked at on a machine, and what is wrong there.
//!
//! `tocsin doctor` answers; it asks the running relay if there is one.

use serde::{Deserialize, Serialize};

/// Everything that was looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// How many of them are warnings.
    pub warnings: usize,
    /// How many of them are wrong.
    pub wrong: usize,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How it is.
    pub state: Health,
    /// What was looked at: `version`, `configuration`, `directories`, `space`, `clock`, `unit`, `relay`, `name` or
    /// `certificate`.
    pub about: String,
    /// What was found.
    pub found: String,
    /// What to do about it; none if nothing has to be done.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be, or of no importance here.
    Ok,
    /// It works, but not for long or not for everybody; or it could not be seen.
    Warning,
    /// It keeps the relay from working.
    Wrong,
}

impl Health {
    /// As it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

impl Finding {
    /// Something that is as it should be.
    pub fn ok(about: &str, found: impl Into<String>) -> Self {
        Self { state: Health::Ok, about: about.to_owned(), found: found.into(), fix: None }
    }

    /// Something that is worth a look.
    pub fn warning(about: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: Health::Warning, about: about.to_owned(), found: found.into(), fix: Some(fix.into()) }
    }

    /// Something that keeps the relay from working.
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
