//! What answers of plugins and peers come to, where neither schedule nor configuration matters.

use tocsin_core::command::{Outcome, Verdict};
use tocsin_core::plugin::{Certainty, Failure, Receipt, Step};
use tocsin_sandbox::CallError;

use crate::send::redact::PLACE;
use crate::send::request::InvalidRequest;

/// What a plugin's answer is that leads to no request and no success, in a word.
pub(super) fn failure(step: &Result<Result<Step, Failure>, CallError>) -> Option<&'static str> {
    match step {
        Ok(Ok(_)) => None,
        Ok(Err(Failure::Retry { .. })) => Some("retry"),
        Ok(Err(Failure::Rejected(_))) => Some("rejected"),
        Ok(Err(Failure::Misconfigured(_))) => Some("misconfigured"),
        Err(error) => Some(error.kind.as_str()),
    }
}

/// Whether a peer that answered with this status, and is asked again, may have taken the request: one that is
/// overloaded or refuses it (429, 503) did not; an error of its own or of a proxy before it says nothing.
pub(super) const fn is_unclear(status: Option<u16>) -> bool {
    matches!(status, Some(200..=299 | 408 | 500..=502 | 504..=599))
}

/// A request that cannot be made: a missing secret is the connection's fault, anything else this delivery's.
pub(super) fn unsendable(invalid: &InvalidRequest) -> Verdict {
    match invalid {
        InvalidRequest::NoSecret { .. } | InvalidRequest::Key(..) | InvalidRequest::NoPlace(_) => {
            Verdict::Misconfigured(invalid.to_string())
        }
        InvalidRequest::Denied(_)
        | InvalidRequest::Method(_)
        | InvalidRequest::Header(..)
        | InvalidRequest::RootProbe(_)
        | InvalidRequest::TooLarge { .. } => Verdict::Rejected(invalid.to_string()),
    }
}

/// What arrived, without references and labels that a secret was taken out of: they would lead nowhere.
pub(super) fn arrived(receipt: Receipt) -> Verdict {
    let Receipt { certainty, mut summary, mut references, mut updates } = receipt;
    let given = references.len() + updates.len();
    let is_whole = |text: &str| !text.contains(PLACE);
    references.retain(|kept| is_whole(&kept.value) && kept.url.as_deref().is_none_or(is_whole));
    updates.retain(|(_, value)| is_whole(value));
    if references.len() + updates.len() < given {
        summary.push_str("; what holds a secret of the connection was not kept of the answer");
    }
    let outcome = Outcome { summary, references, updates };
    match certainty {
        Certainty::Delivered => Verdict::Delivered(outcome),
        Certainty::Accepted => Verdict::Accepted(outcome),
    }
}
