//! Broken variants of a plugin's inputs. The plugin may refuse one, and has to answer.
//!
//! Never random: the seed decides which variants there are.

use tocsin_cases::mutate::{documents, variants};
use tocsin_core::plugin::PluginInfo;
use tocsin_sandbox::{CallError, CallErrorKind, Plugin};

use super::input::{Input, Output};
use super::{rules, smallest};

/// What is wrong with a call.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Why the plugin gave no answer; none if its answer breaks a rule.
    pub(super) kind: Option<CallErrorKind>,
    /// What happened.
    pub(super) why: String,
}

/// A call that goes wrong.
#[derive(Debug)]
pub(super) struct Found {
    /// What is wrong.
    pub(super) fault: Fault,
    /// The smallest call that was found.
    pub(super) input: Input,
}

/// Which variants of an input there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variants {
    /// Random ones.
    pub(super) count: u64,
    /// Which of them.
    pub(super) seed: u64,
    /// How many at most of those in which a value of a document is removed or replaced.
    pub(super) documents: usize,
}

impl Fault {
    /// What is wrong with this answer. An input that is too large is nobody's fault.
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

/// Calls the plugin with variants of `input`. Returns how many there were, and the first that goes wrong.
pub(super) async fn search(plugin: &Plugin, input: &Input, which: Variants) -> (u64, Option<Found>) {
    let mut tried = 0;
    let broken = variants(input.body(), which.count, which.seed);
    let documents = documents(input.body()).take(which.documents);
    for body in broken.chain(documents) {
        let variant = input.with_body(body);
        tried += 1;
        if let Some(fault) = fault_twice(plugin, &variant).await {
            let input = smallest::of(plugin, &variant, &fault).await;
            // The words about the smallest one.
            let fault = Fault::of(plugin.info(), &input, &input.give(plugin).await).unwrap_or(fault);
            return (tried, Some(Found { fault, input }));
        }
    }
    (tried, None)
}

/// What is wrong with a call. One that ran out of time is made again: the machine may have been busy.
pub(super) async fn fault_twice(plugin: &Plugin, input: &Input) -> Option<Fault> {
    let fault = Fault::of(plugin.info(), input, &input.give(plugin).await)?;
    let is_certain = !matches!(fault.kind, Some(CallErrorKind::Time | CallErrorKind::Host));
    if is_certain {
        return Some(fault);
    }
    Fault::of(plugin.info(), input, &input.give(plugin).await)
}
