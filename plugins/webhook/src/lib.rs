//! Any webhook: a source that reads whatever has a title in it, and an action that sends whatever is asked for.
//!
//! Never guesses what a service means: names of fields, words for a status and what counts as success are
//! settings, with defaults that fit most.

use tocsin_plugin::prelude::*;

mod handshake;
mod html;
mod incoming;
mod jq;
mod mapped;
mod outgoing;
mod paths;
mod payload;
mod recipes;
mod simple;
mod statuses;

pub use incoming::In;
pub use outgoing::{Authentication, Connection, Digits, Hash, Method, Out, Scheme, TestMethod};
pub use recipes::Recipe;

/// The plugin.
pub struct Webhook;

impl Plugin for Webhook {
    const ABOUT: About = About::new(
        "webhook",
        "Webhook",
        "Takes any JSON or form as an incident and sends incidents to any HTTP address.",
        env!("CARGO_PKG_VERSION"),
    );
}

impl Source for Webhook {
    type Settings = In;

    fn source_info() -> SourceInfo {
        SourceInfo::default()
            .methods(["POST", "PUT", "PATCH", "GET"])
            .signature(Signature::StandardWebhooks)
            .signature(Signature::sha256_hex("x-hub-signature-256", "sha256="))
            .signature(Signature::sha256_hex("sentry-hook-signature", ""))
            .signature(Signature::sha256_hex("x-checkly-signature", ""))
            .signature(Signature::sha256_hex("x-pagerduty-signature", "v1="))
            .confirm_hosts(["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"])
            .example(Example::post_json(
                r#"{"title":"Backup failed","status":"trigger","message":"No space left on /backup","id":"backup-nightly","severity":"high","host":"db-1"}"#,
            ))
    }

    fn decode(request: &Request, settings: &In) -> Result<Decoded, Refusal> {
        incoming::decode(request, settings)
    }

    fn check(settings: &In) -> Result<(), Vec<SettingProblem>> {
        incoming::check(settings)
    }
}

impl Action for Webhook {
    type Connection = Connection;
    type Settings = Out;

    fn action_info() -> ActionInfo {
        ActionInfo::default()
    }

    fn encode(context: &Context, connection: &Connection, settings: &Out) -> Result<Step, Failure> {
        outgoing::encode(context, connection, settings)
    }

    fn resume(
        context: &Context,
        _: &Connection,
        settings: &Out,
        _: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        outgoing::resume(context, settings, response)
    }

    fn check_connection(_: &str, connection: &Connection) -> Result<(), Vec<SettingProblem>> {
        let problems = connection.problems();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn check_action(_: &str, connection: &Connection, settings: &Out) -> Result<(), Vec<SettingProblem>> {
        outgoing::check(connection, settings)
    }

    fn probe(_: &str, connection: &Connection) -> Option<Probe> {
        connection.probe()
    }
}

tocsin_plugin::export!(Webhook: source + action);

#[cfg(test)]
mod tests;
