//! When a search that finds nothing may be believed, so that one incident makes one issue.
//!
//! Never by what an earlier attempt did: a plugin remembers nothing from one attempt to the next, and the answer
//! that is lost may be that to a request which is still at work.

use tocsin_plugin::prelude::*;

use super::settings::Account;

/// The shortest wait after a first attempt by the schedule that Tocsin has by itself: 5 s, less a fifth. It doubles
/// with each attempt.
const FIRST_WAIT_MS: u64 = 4_000;

/// Why an issue is not made yet although none was found.
///
/// Any earlier attempt may have sent a create, and the latest of them counts. From some attempt on the schedule's
/// own wait before it was long enough, whatever that one did; before that, and as long as the change is younger, it
/// is searched again.
pub(crate) fn wait(context: &Context, account: &Account) -> Option<Failure> {
    if context.attempt <= 1 {
        return None;
    }
    let settle_ms = u64::try_from(account.settle.as_millis()).unwrap_or(u64::MAX);
    let waited_ms = FIRST_WAIT_MS << (context.attempt - 2).min(32);
    // A clock that was set back says nothing.
    let age_ms = (context.now.as_micros() - context.change.at.as_micros()) / 1_000;
    let is_young = u64::try_from(age_ms).is_ok_and(|age_ms| age_ms < settle_ms);
    (waited_ms < settle_ms || is_young).then(|| Failure::Retry {
        reason: "an earlier attempt may have made an issue that Jira's search does not see yet: it is searched again \
                 before one is made (settle)"
            .to_owned(),
        after_ms: Some(settle_ms),
    })
}
