//! Broken variants of a plugin's inputs. The plugin may refuse one, and has to answer.
//!
//! Never random: the seed decides which variants there are.

use tocsin_cases::mutate::{documents, variants};
use tocsin_sandbox::{CallErrorKind, Plugin};

use super::fault::Fault;
use super::input::Input;
use super::smallest;

/// A call that goes wrong.
#[derive(Debug)]
pub(super) struct Found {
    /// Its fault.
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

/// The fault of a call, if it has one. A call that ran out of time is made again: the machine may have been busy.
pub(super) async fn fault_twice(plugin: &Plugin, input: &Input) -> Option<Fault> {
    let fault = Fault::of(plugin.info(), input, &input.give(plugin).await)?;
    let is_certain = !matches!(fault.kind, Some(CallErrorKind::Time | CallErrorKind::Host));
    if is_certain {
        return Some(fault);
    }
    Fault::of(plugin.info(), input, &input.give(plugin).await)
}
