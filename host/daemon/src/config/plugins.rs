//! `[plugins]`: how plugins run, which dropped files are put in force without an operator's yes, and which digests are
//! pinned.

use std::collections::{BTreeMap, BTreeSet};

use tocsin_sandbox::Execution;

use super::reader::Reader;
use crate::runtime::signing::{SHA256_DIGITS as DIGITS, sha256_digits};

/// What a digest begins with, as it is written in a configuration.
const SHA256: &str = "sha256:";

/// When an operator has to say yes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Always.
    Approved,
    /// Never.
    Any,
}

/// What the configuration says about plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins {
    /// Whether plugins run as machine code or in an interpreter.
    pub execution: Execution,
    /// For a file that takes the place of a bundled plugin, or wants what the version in force did not.
    pub overrides: Consent,
    /// For a file whose id no plugin has had before.
    pub new: Consent,
    /// Files that need no other yes: id, and SHA-256 in lower-case hexadecimal.
    pub allow: BTreeSet<(String, String)>,
    /// The only SHA-256 that a plugin of this id may have.
    pub pins: BTreeMap<String, String>,
}

impl Default for Plugins {
    fn default() -> Self {
        Self {
            execution: Execution::default(),
            overrides: Consent::Approved,
            new: Consent::Any,
            allow: BTreeSet::new(),
            pins: BTreeMap::new(),
        }
    }
}

pub(super) fn read(mut reader: Reader) -> Plugins {
    let default = Plugins::default();
    let execution = reader.parsed("execution", execution).unwrap_or(default.execution);
    let overrides = reader.parsed("overrides", consent).unwrap_or(default.overrides);
    let new = reader.parsed("new", consent).unwrap_or(default.new);
    let mut allow = BTreeSet::new();
    for text in reader.texts("allow").unwrap_or_default() {
        match allowed(&text) {
            Ok(file) => drop(allow.insert(file)),
            Err(problem) => reader.problem("allow", problem),
        }
    }
    let mut pins = BTreeMap::new();
    for (id, text) in reader.named_texts("pin") {
        match digest(&text) {
            Some(digest) => drop(pins.insert(id, digest)),
            None => reader.problem(&format!("pin.{id}"), no_digest(&text)),
        }
    }
    reader.finish();
    Plugins { execution, overrides, new, allow, pins }
}

fn execution(text: &str) -> Result<Execution, String> {
    text.parse().map_err(|_| {
        let [compiled, interpreted] = [Execution::Compiled, Execution::Interpreted];
        format!("`{text}` is neither `{compiled}` nor `{interpreted}`")
    })
}

fn consent(text: &str) -> Result<Consent, String> {
    match text {
        "approved" => Ok(Consent::Approved),
        "any" => Ok(Consent::Any),
        _ => Err(format!("`{text}` is neither `approved` nor `any`")),
    }
}

/// `slack@sha256:…`.
fn allowed(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("`{text}` is not like `slack@sha256:` and {DIGITS} hexadecimal digits");
    let (id, rest) = text.split_once('@').ok_or_else(wrong)?;
    let digest = digest(rest).filter(|_| !id.is_empty()).ok_or_else(wrong)?;
    Ok((id.to_owned(), digest))
}

/// The digits of `sha256:…`, in lower case.
fn digest(text: &str) -> Option<String> {
    sha256_digits(text.strip_prefix(SHA256)?)
}

fn no_digest(text: &str) -> String {
    format!("`{text}` is not `sha256:` and {DIGITS} hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn parsed(text: &str) -> Result<Execution, String> {
        let config = Config::parse(Path::new("/etc/tocsin.toml"), &format!("[plugins]\n{text}\n"));
        config.map(|config| config.plugins.execution).map_err(|error| error.to_string())
    }

    #[test]
    fn plugins_are_compiled_unless_the_configuration_says_interpreted() {
        assert_eq!(parsed(""), Ok(Execution::Compiled));
        assert_eq!(parsed("execution = \"compiled\""), Ok(Execution::Compiled));
        assert_eq!(parsed("execution = \"interpreted\""), Ok(Execution::Interpreted));
        let error = parsed("execution = \"jit\"").expect_err("no such way");
        assert!(error.contains("plugins.execution"), "{error}");
        assert!(error.contains("`jit` is neither `compiled` nor `interpreted`"), "{error}");
    }
}
