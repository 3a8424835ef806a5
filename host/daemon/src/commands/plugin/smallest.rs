//! The smallest bytes that do the same as larger ones.
//!
//! Never tries for long: a call that runs out of time takes a second.

use tocsin_core::plugin::PluginInfo;
use tocsin_sandbox::{CallErrorKind, Plugin};

use super::fault::Fault;
use super::input::Input;

/// Calls for one reproduction.
const CALLS_MAX: usize = 600;
/// Calls for one that takes all of its time.
const SLOW_CALLS_MAX: usize = 6;

/// The call with as few bytes as still make the plugin fail in the same way.
pub(super) async fn of(plugin: &Plugin, input: &Input, fault: &Fault) -> Input {
    let is_slow = fault.kind == Some(CallErrorKind::Time);
    let mut left = if is_slow { SLOW_CALLS_MAX } else { CALLS_MAX };
    let mut body = input.body().to_vec();
    let mut piece = body.len().div_ceil(2);
    while piece > 0 && left > 0 {
        let mut at = 0;
        while at < body.len() && left > 0 {
            left -= 1;
            let without = [&body[..at], &body[(at + piece).min(body.len())..]].concat();
            if does_the_same(plugin, &input.with_body(without.clone()), fault).await {
                body = without;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    input.with_body(body)
}

async fn does_the_same(plugin: &Plugin, input: &Input, fault: &Fault) -> bool {
    let info: &PluginInfo = plugin.info();
    Fault::of(info, input, &input.give(plugin).await).is_some_and(|other| other.is_like(fault))
}
