//! The road of one alert through the real relay: in at a source, kept as an incident, out over both actions.

mod choice;
mod control;
mod forgotten;
mod life;
mod lists;
mod operators;
mod sources;
mod unmatched;

use crate::harness::{Receiver, action, connection, settings, source};

/// One source of this plugin and a webhook action to `receiver`.
fn to_webhook(plugin: &str, receiver: &Receiver) -> String {
    format!(
        "{}{}{}",
        source(plugin, plugin),
        connection("hook", "webhook", &receiver.url("/hook")),
        action("tell-hook", "hook"),
    )
}

/// The same with a Slack action beside it.
fn to_both(plugin: &str, receiver: &Receiver) -> String {
    format!(
        "{}{}{}{}",
        to_webhook(plugin, receiver),
        connection("slack", "slack", &receiver.url("/services/T0/B0/x")),
        action("tell-slack", "slack"),
        settings("actions.tell-slack", "user_info = true"),
    )
}
