//! The steps of an alert's road, a line each.

use super::receiver::Inbox;
use crate::commands::out::{say, single};
use crate::runtime::trace::Trace;

/// Shows one step; in front of an answer, what the receiver had got.
pub(super) fn show(inbox: &Inbox, step: &Trace) {
    if let Trace::Answered { action, .. } = step {
        for text in inbox.take(action) {
            say!("{text}");
        }
    }
    say!("  {}", single(&line(step)));
}

fn line(step: &Trace) -> String {
    match step {
        Trace::Received { receipt, source, bytes } => {
            format!("received   {bytes} bytes at source {source}, receipt {receipt}")
        }
        Trace::Decoded { plugin, took_us, outcome, .. } => {
            format!("decoded    by {plugin} in {took_us} µs, {outcome}")
        }
        Trace::Committed { took_us, effects, .. } => {
            format!("committed  in {}: {}", ms(*took_us), effects.join(", "))
        }
        Trace::Encoded { incident, action, plugin, took_us, .. } => {
            format!("encoded    #{incident} for {action} by {plugin} in {took_us} µs")
        }
        Trace::Answered { method, host, bytes, status, took_us, .. } => {
            format!("sent       {method} of {bytes} bytes to {host}, answered {status} in {}", ms(*took_us))
        }
        Trace::Settled { incident, action, outcome, .. } => {
            format!("settled    #{incident} for {action}: {outcome}")
        }
    }
}

fn ms(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}
