//! The steps of an alert's road, a line each.

use super::receiver::Inbox;
use crate::commands::out::{say, single};
use crate::runtime::steps::{Step, What};

/// Shows one step; in front of an answer, what the receiver had got.
pub(super) fn show(inbox: &Inbox, step: &Step) {
    if let What::Sent { action, .. } = &step.what {
        for text in inbox.take(action) {
            say!("{text}");
        }
    }
    if let Some(line) = line(step) {
        say!("  {}", single(&line));
    }
}

/// The line of a step, unless another line says it.
fn line(Step { what, took_us, .. }: &Step) -> Option<String> {
    Some(match what {
        What::Received { receipt, source, bytes } => {
            format!("received   {bytes} bytes at source {source}, receipt {receipt}")
        }
        What::Decoded { plugin, outcome, .. } => {
            format!("decoded    by {plugin} in {took_us} µs, {outcome}")
        }
        What::Committed { effects, .. } => {
            format!("committed  in {}: {}", ms(*took_us), effects.join(", "))
        }
        What::Encoded { incident, action, plugin, .. } => {
            format!("encoded    #{incident} for {action} by {plugin} in {took_us} µs")
        }
        What::Sent { method, host, bytes, answer, .. } => {
            let answer = match answer {
                Ok(status) => format!("answered {status}"),
                Err(why) => format!("not answered ({why})"),
            };
            format!("sent       {method} of {bytes} bytes to {host}, {answer} in {}", ms(*took_us))
        }
        What::Settled { incident, action, outcome, .. } => {
            format!("settled    #{incident} for {action}: {outcome}")
        }
        What::Replied { .. } | What::Resumed { .. } => return None,
    })
}

fn ms(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}
