//! What the sandbox says when a file is no plugin, or when a plugin's call gave no answer: sentences that name
//! the plugin and say what to do.
//!
//! Never an error of the sender or of a peer: those are the plugin's answers, not the sandbox's errors.

use std::fmt;

use strum::{Display, IntoStaticStr};

use crate::limits::{COMPONENT_BYTES_MAX, REASON_CHARS_MAX};
use crate::text;
use crate::wit::versions;

/// Hexadecimal digits of a digest that a person compares.
const DIGEST_SHOWN: usize = 12;
/// Imports that are named.
const NAMES_SHOWN: usize = 8;

/// What a plugin was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Phase {
    /// To say what it is.
    Describe,
    /// To read a request that came in.
    Decode,
    /// To write a request that goes out.
    Encode,
    /// To read a peer's answer.
    Resume,
    /// To find mistakes in its settings.
    Check,
}

impl Phase {
    /// As written in logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a call gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum CallErrorKind {
    /// It took too long.
    Time,
    /// It wanted too much memory.
    Memory,
    /// It recursed too deep, or touched memory that is not there.
    Stack,
    /// What it was to be given is too large. It was not called.
    Input,
    /// What it answered is too large or not well-formed.
    Output,
    /// It gave up: a panic, an abort, an exit.
    Trap,
    /// It does not have what was asked for. It was not called.
    Absent,
    /// The host could not run it, for no fault of the plugin.
    Host,
}

impl CallErrorKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Time,
        Self::Memory,
        Self::Stack,
        Self::Input,
        Self::Output,
        Self::Trap,
        Self::Absent,
        Self::Host,
    ];

    /// As written in logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A plugin's call that gave no answer. The next call is not affected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} could not {phase}: {detail}", Who(self))]
pub struct CallError {
    /// The plugin's id; while it is loaded, its file's name.
    pub plugin: String,
    /// Its version; empty while it is loaded.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub digest: String,
    /// What it was asked.
    pub phase: Phase,
    /// Why it did not answer.
    pub kind: CallErrorKind,
    /// What happened and what to do, in one line.
    pub detail: String,
    /// Microseconds until then, without waiting for a slot.
    pub took_us: u64,
}

struct Who<'a>(&'a CallError);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CallError { plugin, version, digest, .. } = self.0;
        let digest = digest.get(..DIGEST_SHOWN).unwrap_or(digest);
        let space = if version.is_empty() { "" } else { " " };
        write!(f, "plugin `{plugin}`{space}{version} ({digest})")
    }
}

/// A file that cannot be used as a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be loaded: {problem}")]
pub struct LoadError {
    /// The name that it was given, usually its file's.
    pub name: String,
    /// Why.
    #[source]
    pub problem: LoadProblem,
}

/// Why a file cannot be used as a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadProblem {
    /// More bytes than any plugin has.
    #[error("it has {0} bytes, the limit is {COMPONENT_BYTES_MAX}; strip its debug information")]
    TooLarge(usize),
    /// Nothing is in it.
    #[error("the file is empty; it may not have been written completely")]
    Empty,
    /// WebAssembly, but of the older kind.
    #[error(
        "it is a core module, not a component; build it for the target wasm32-wasip2, or make it a component \
         with `wasm-tools component new`"
    )]
    CoreModule,
    /// The text format.
    #[error("it is WebAssembly text; compile it with `wasm-tools parse`")]
    Text,
    /// Machine code.
    #[error(
        "it is compiled machine code (.cwasm or another executable), which cannot be checked; give the \
         WebAssembly component it was made from"
    )]
    Precompiled,
    /// Something else.
    #[error("it is not WebAssembly: it begins with {0}")]
    NotWasm(String),
    /// It claims to be a component, but does not hold together.
    #[error("it is not a valid component ({}); it may be damaged or not written completely", plain(.0))]
    Invalid(String),
    /// It holds or expands to more than any plugin does.
    #[error("{0}")]
    TooMuch(String),
    /// It needs what plugins are not given.
    #[error("{0}")]
    Unsupported(String),
    /// Compiling it crashed or met a limit.
    #[error("{0}")]
    Compile(String),
    /// A component for something else.
    #[error("it is a component, but not a plugin: {}", plain(.0))]
    NotAPlugin(String),
    /// For another version of the plugin API.
    #[error(
        "it is built for tocsin:plugin@{}, this host speaks {}; rebuild it with the SDK of this version",
        text::quoted(.built_for),
        versions()
    )]
    Version {
        /// What it is built for.
        built_for: String,
    },
    /// It wants what nobody is given.
    #[error("it imports {}, which no plugin is given; a plugin has no network and no services", listed(.0))]
    Imports(Vec<String>),
    /// It does not fit although its names do.
    #[error(
        "its functions or types are not those of tocsin:plugin@{version} ({}); rebuild it with the SDK of this \
         version",
        plain(.reason)
    )]
    Shape {
        /// The version that it is built for.
        version: &'static str,
        /// What is different.
        reason: String,
    },
    /// It could not be started or did not describe itself.
    #[error(transparent)]
    Call(Box<CallError>),
    /// Its description contradicts itself or the rules.
    #[error("its description is not valid: {}", .0.iter().map(|one| plain(one)).collect::<Vec<_>>().join("; "))]
    Description(Vec<String>),
    /// It describes itself, but does not survive its own example or a sample incident.
    #[error("it fails when it is tried on {tried}: {call}")]
    Rehearsal {
        /// What it was given.
        tried: &'static str,
        /// What it did.
        call: Box<CallError>,
    },
    /// The host could not compile it, for no fault of the plugin.
    #[error("it could not be compiled, for no fault of its own: {}", plain(.0))]
    Host(String),
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_SHOWN).map(|name| format!("`{}`", text::quoted(name)));
    let listed = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// What the file or the compiler has to say: it may quote names of the file.
fn plain(detail: &str) -> String {
    text::line(detail, REASON_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_error_names_plugin_version_digest_and_phase() {
        let error = CallError {
            plugin: "jira".to_owned(),
            version: "1.2.0".to_owned(),
            digest: "6e19a2b3c4d5e6f708".to_owned(),
            phase: Phase::Decode,
            kind: CallErrorKind::Time,
            detail: "it ran for 1 s.".to_owned(),
            took_us: 1_000_000,
        };
        let text = "plugin `jira` 1.2.0 (6e19a2b3c4d5) could not decode: it ran for 1 s.";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn what_a_file_calls_its_parts_stays_on_the_line_and_is_bounded() {
        let forged = format!("url=<a\nplugin in force\u{1b}[2J{}>", "x".repeat(1 << 20));
        for problem in [
            LoadProblem::Imports(vec![forged.clone(); 1000]),
            LoadProblem::Invalid(forged.clone()),
            LoadProblem::NotAPlugin(forged.clone()),
            LoadProblem::Shape { version: "0.2.0", reason: forged.clone() },
            LoadProblem::Host(forged.clone()),
            LoadProblem::Version { built_for: forged.clone() },
            LoadProblem::Description(vec![forged; 20]),
        ] {
            let said = problem.to_string();
            assert!(!said.contains(char::is_control), "{said:?}");
            assert!(said.chars().count() < 25_000, "{} characters", said.chars().count());
        }
    }

    #[test]
    fn unknown_imports_are_named_in_words() {
        let problem = LoadProblem::Imports(vec!["wasi:http/types@0.2.0".to_owned(), "a:b/c".to_owned()]);
        let error = LoadError { name: "x.wasm".to_owned(), problem };
        assert_eq!(
            error.to_string(),
            "`x.wasm` cannot be loaded: it imports `wasi:http/types@0.2.0`, `a:b/c`, which no plugin is given; \
             a plugin has no network and no services"
        );
    }
}
