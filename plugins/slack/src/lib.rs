//! Slack: one message to an incoming webhook for each change of an incident.
//!
//! Never lets text of an alert become a mention or a link with another text, and never believes a status
//! alone: Slack says `ok` in the body or it has not posted.

use serde_json::json;
use tocsin_plugin::prelude::*;
use tocsin_plugin::{ActionInfo, Context, Response};

mod message;
mod mrkdwn;
mod verdict_of;

/// The plugin.
pub struct Slack;

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// The message, with placeholders. Leave it empty for the default layout: an emoji for the severity, what
    /// happened, the title and the message. Slack's formatting (`*bold*`, `_italic_`) works; mentions and
    /// links with another text do not, so that an alert cannot make any.
    #[setting(kind = "template")]
    message: Option<String>,
    /// Whom to mention when an incident opens, reopens or is repeated, one on each line: `here`, `channel`,
    /// `everyone`, a member's id such as `U024BE7LH` or a user group's id such as `S0614TZR7`.
    mention: Vec<String>,
    /// Whether the incident's labels are shown below the message.
    #[setting(default = "true")]
    show_labels: bool,
    /// Which labels are shown, one name on each line. Leave it empty for all of them, up to 20.
    labels: Vec<String>,
    /// Whether the person or system that made the change is shown below the message.
    #[setting(default = "true")]
    show_actor: bool,
    /// Which buttons are shown below the message, one on each line: `incident`, `acknowledge` or `resolve`.
    /// They open Tocsin's pages and are left out when Tocsin has no public address.
    #[setting(default = "incident")]
    buttons: Vec<String>,
}

impl Plugin for Slack {
    const ABOUT: About =
        About::new("slack", "Slack", "Posts incidents to a Slack channel.", env!("CARGO_PKG_VERSION"))
            .documented_at("https://api.slack.com/messaging/webhooks");
}

impl Action for Slack {
    type Connection = ();
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // About one message a second for each webhook; the host keeps one queue for each connection.
        ActionInfo::default().hosts(["hooks.slack.com", "hooks.slack-gov.com"]).rate(1, 1_000)
    }

    fn encode(context: &Context, (): &(), settings: &Fields) -> Result<Step, Failure> {
        let text = message::fallback(context);
        let blocks = message::blocks(context, settings)?;
        Ok(HttpRequest::post().json(&json!({"text": text, "blocks": blocks})).into())
    }

    fn resume(
        context: &Context,
        (): &(),
        _: &Fields,
        _: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        verdict_of::answer(context, response)
    }
}

tocsin_plugin::export!(Slack: action);

#[cfg(test)]
mod tests;
