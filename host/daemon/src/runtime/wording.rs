//! What happened, in words for people: the terminal, the log and answers say it alike.

use tocsin_core::command::{Decoding, Received, RejectedElements, Verdict};
use tocsin_core::durations::exactly;
use tocsin_core::receipt::Effect;
use tocsin_core::routing::ActionRule;
use tocsin_core::state::{Happening, TimelineItem};
use tocsin_core::transition::Transition;

/// What the table said, in a word or two.
pub const fn transition(transition: Transition) -> &'static str {
    match transition {
        Transition::Open => "opened",
        Transition::OpenAcknowledged => "opened and acknowledged",
        Transition::Merge => "merged",
        Transition::Count => "counted",
        Transition::Reopen => "reopened",
        Transition::Acknowledge => "acknowledged",
        Transition::Resolve => "resolved",
        Transition::Note => "noted",
        Transition::NoteLate => "late",
        Transition::Orphan => "orphan",
        Transition::Nothing => "unchanged",
        Transition::Echo => "came from Tocsin",
    }
}

/// What one event did.
pub fn effect(effect: &Effect) -> String {
    match effect.incident {
        Some((_, number)) => format!("incident #{number} {}", transition(effect.transition)),
        None => format!("no incident for `{}` ({})", effect.key, transition(effect.transition)),
    }
}

/// What came of decoding.
pub fn decoding(decoding: &Decoding) -> String {
    match decoding {
        Decoding::Events(events) => {
            let changes: Vec<&str> = events.iter().map(|event| event.change.as_str()).collect();
            match changes.as_slice() {
                [one] => format!("1 event: {one}"),
                _ if changes.len() > 5 => format!("{} events", changes.len()),
                _ => format!("{} events: {}", changes.len(), changes.join(", ")),
            }
        }
        Decoding::Ignored(why) => format!("ignored: {why}"),
        Decoding::Refused(why) => format!("refused: {why}"),
        Decoding::Failed(why) => format!("failed: {why}"),
    }
}

/// What a request would be recorded as, in one word.
pub const fn received_status(received: &Received) -> &'static str {
    match received.decoding {
        Decoding::Events(_) if received.rejected.count > 0 => "partly_refused",
        Decoding::Events(_) => "applied",
        Decoding::Ignored(_) => "ignored",
        Decoding::Refused(_) => "refused",
        Decoding::Failed(_) => "failed",
    }
}

/// What came of decoding a request, with what of it could not be read.
pub fn received(received: &Received) -> String {
    let outcome = decoding(&received.decoding);
    if received.rejected.count == 0 {
        outcome
    } else {
        format!("{outcome}; {}", rejected(&received.rejected))
    }
}

/// How many elements of a request could not be read, with the first of them.
pub fn rejected(rejected: &RejectedElements) -> String {
    let first = rejected.kept.first().map(|element| format!("{}: {}", element.place, element.reason));
    let first = first.unwrap_or_default();
    match rejected.count {
        1 => format!("1 element could not be read: {first}"),
        count => format!("{count} elements could not be read, the first: {first}"),
    }
}

/// What came of an attempt.
pub fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Delivered(outcome) => format!("delivered: {}", outcome.summary),
        Verdict::Accepted(outcome) => format!("accepted: {}", outcome.summary),
        Verdict::Skipped(why) => format!("skipped: {why}"),
        Verdict::Retry { reason, at, .. } => format!("again at {at}: {reason}"),
        Verdict::Expired { reason, .. } => format!("given up: {reason}"),
        Verdict::Rejected(why) => format!("dead letter: {why}"),
        Verdict::Misconfigured(why) => format!("connection paused until it works again: {why}"),
    }
}

/// Whether nobody has to look at it.
pub const fn is_good(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Delivered(_) | Verdict::Accepted(_) | Verdict::Skipped(_) => true,
        Verdict::Retry { .. }
        | Verdict::Expired { .. }
        | Verdict::Rejected(_)
        | Verdict::Misconfigured(_) => false,
    }
}

/// A line of an incident's timeline, without its text.
pub fn happening(item: &TimelineItem) -> String {
    let what = match &item.what {
        Happening::Changed(kind, fields) if fields.is_empty() => kind.as_str().to_owned(),
        Happening::Changed(kind, fields) => format!("{} ({})", kind.as_str(), fields.join(", ")),
        Happening::Late(change) => format!("{} came too late to count", change.as_str()),
        Happening::Delivery { action, state, .. } => {
            format!("{action}: {}", state.as_str().replace('_', " "))
        }
    };
    match &item.actor {
        Some(actor) => format!("{what} by {actor}"),
        None => what,
    }
}

/// When an action runs, on one line.
pub fn triggers(rule: &ActionRule) -> String {
    let on = rule.on.iter().map(|kind| kind.as_str().to_owned());
    let enters = rule.enters.iter().map(|state| format!("entering {}", state.as_str()));
    let leaves = rule.leaves.iter().map(|state| format!("leaving {}", state.as_str()));
    let mut line = on.chain(enters).chain(leaves).collect::<Vec<_>>().join(", ");
    if let Some(filter) = &rule.filter {
        line.push_str(&format!(" if {filter}"));
    }
    if let Some(delay_ms) = rule.delay_ms {
        line.push_str(&format!(", after {}", exactly(delay_ms)));
    }
    if let Some(repeat_ms) = rule.repeat_ms {
        line.push_str(&format!(", again every {}", exactly(repeat_ms)));
    }
    line
}

/// What follows from a record of this table of the store that was set aside, in a sentence.
pub fn set_aside(table: &str) -> &'static str {
    match table {
        "incidents" | "identities" => "The next event with its key opens a new incident.",
        "deliveries" | "delivery_contents" => {
            "It is not sent; the next one of its incident is. Look at the incident, and notify by hand if needed."
        }
        "lanes" => "The order of the incident's deliveries was restored from the deliveries themselves.",
        "references" => {
            "What the peer calls the incident is not known any more: the next delivery may begin a new message or \
             ticket there."
        }
        "timeline" => "The line is missing from the incident's timeline.",
        "receipts" => "The receipt is missing from lists; what its events did stays.",
        "requests" | "requests_dead" => "The raw request cannot be shown or decoded again.",
        "source_counts" => "The counts of this source begin anew.",
        "timers" | "timers_by_time" => "The timer was restored, or runs once at once.",
        "pauses" => "The connection is tried again.",
        "meta" => "It was made anew.",
        "log" => {
            "Their senders were answered. The disk gave other bytes than were written: check it, and look in the \
             monitoring for what came in then."
        }
        "seen" => "A repeated delivery of the same request would be applied again.",
        _ => "The row is missing from lists.",
    }
}
