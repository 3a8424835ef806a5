//! Faults of calls: what a plugin may not answer, and when two calls fail for the same reason.

use tocsin_core::plugin::PluginInfo;
use tocsin_sandbox::{CallError, CallErrorKind};

use super::input::{Input, Output};
use super::rules;

/// The fault of a call: the plugin gave no answer, or one that breaks a rule.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Why the plugin gave no answer; none if its answer breaks a rule.
    pub(super) kind: Option<CallErrorKind>,
    /// What happened.
    pub(super) why: String,
}

impl Fault {
    /// The fault of this answer, if it has one. An input that is too large is not the plugin's fault.
    pub(super) fn of(info: &PluginInfo, input: &Input, answer: &Result<Output, CallError>) -> Option<Self> {
        match answer {
            Ok(output) => {
                let why = rules::check(info, input, output).err()?;
                Some(Self { kind: None, why })
            }
            Err(error) if error.kind == CallErrorKind::Input => None,
            Err(error) => Some(Self { kind: Some(error.kind), why: error.to_string() }),
        }
    }

    /// Whether another call fails for the same reason, as far as that can be told.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        // Numbers in a sentence differ with the input.
        let words =
            |fault: &Self| fault.why.chars().filter(|c| !c.is_ascii_digit()).take(60).collect::<String>();
        self.kind == other.kind && (self.kind.is_some() || words(self) == words(other))
    }
}
