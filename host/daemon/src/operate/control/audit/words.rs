//! What an entry says that a person did, in words: `acknowledged #42`.
//!
//! Leaves out what merely follows from it, such as the messages that are due.

use tocsin_core::delivery::ChangeKind;
use tocsin_core::journal::{Cause, Entry, Fact, Recorded};

use super::super::journal::{Names, facts};

/// What was done, one item for each thing.
pub(super) fn of(entry: &Entry, names: &mut Names<'_>) -> Vec<String> {
    match &entry.cause {
        Cause::Audited { what, .. } => vec![what.clone()],
        Cause::Configured { changes, .. } if changes.is_empty() => {
            vec!["put the configuration in force".to_owned()]
        }
        Cause::Configured { changes, .. } => changes.clone(),
        _ => {
            let done: Vec<String> = entry.facts.iter().filter_map(|fact| done(fact, names)).collect();
            if !done.is_empty() {
                return done;
            }
            let first = entry.facts.first();
            first.map(|fact| facts::fact(fact, names).description).into_iter().collect()
        }
    }
}

/// What a person did, if `fact` says that and not what followed.
fn done(fact: &Fact, names: &mut Names<'_>) -> Option<String> {
    match fact {
        Fact::ChangeRecorded(recorded) => changed(recorded, names),
        Fact::DeliveryRetried { delivery, .. } => {
            Some(format!("had {} tried again", names.delivery(*delivery)))
        }
        Fact::DeliveryDropped { delivery, why: tocsin_core::reason::Reason::GivenUpBy(_), .. } => {
            Some(format!("discarded {}", names.delivery(*delivery)))
        }
        Fact::ReceiptsDiscarded { receipts, .. } => {
            Some(format!("discarded requests: {}", facts::some(receipts)))
        }
        _ => None,
    }
}

fn changed(recorded: &Recorded, names: &mut Names<'_>) -> Option<String> {
    let of = names.incident(recorded.incident);
    let mut words = match recorded.kind {
        ChangeKind::Noted => format!("wrote a note on {of}"),
        ChangeKind::Updated => format!("modified {of}"),
        ChangeKind::Acknowledged
        | ChangeKind::Unacknowledged
        | ChangeKind::Resolved
        | ChangeKind::Reopened => {
            format!("{} {of}", recorded.kind.as_str())
        }
        // The relay adds these by itself.
        ChangeKind::Opened
        | ChangeKind::Repeated
        | ChangeKind::Flapping
        | ChangeKind::Steady
        | ChangeKind::Referenced => return None,
    };
    if !recorded.changed.is_empty() {
        words.push_str(&format!(" ({})", recorded.changed.join(", ")));
    }
    let text = recorded.text.to_string();
    if !text.is_empty() {
        words.push_str(&format!(": {text}"));
    }
    Some(words)
}
