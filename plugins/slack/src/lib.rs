//! Slack: messages to an incoming webhook, or one living message per incident with a bot token.
//!
//! Never lets text of an alert become a mention or a link with another text, and never believes a status
//! alone: Slack says `ok` in the body or it has not posted.

use tocsin_plugin::prelude::*;

mod blocks;
mod bot;
mod check;
mod error_codes;
mod layout;
mod mention;
mod message;
mod mode;
mod mrkdwn;
mod rich;
mod thread;
mod webhook;

pub use mode::{Mode, Workspace};

/// The plugin.
pub struct Slack;

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// Where to post with a bot token: a channel's id such as `C024BE91L`, or its name such as `#ops`, with
    /// placeholders. With an id, a repeated attempt finds what an earlier one posted at once. An incoming
    /// webhook has its own channel and ignores this.
    #[setting(kind = "template")]
    channel: Option<String>,
    /// The message, with placeholders. Leave it empty for the default layout: severity and title, the description,
    /// one line of essentials, buttons and labels. Slack's formatting (`*bold*`, `_italic_`) works. Links and
    /// mentions are made by the filters `link` and `mention`, as in `{{ links[0].url | link("Runbook") }}` and
    /// `{{ "S0614TZR7" | mention }}`; `<…>` is shown as it is written, so that an alert cannot make any.
    #[setting(kind = "template")]
    message: Option<String>,
    /// A Block Kit layout of your own in place of the default one: a JSON list of blocks with placeholders inside its
    /// strings. In texts of the type `mrkdwn`, links and mentions are made as in `message`.
    #[setting(kind = "json-template")]
    blocks: Option<String>,
    #[setting(flatten)]
    facts: chat::Facts,
    #[setting(flatten)]
    buttons: chat::Buttons,
    /// The colour of a bar beside what is below the message: six hexadecimal digits. Leave it empty for none.
    #[setting(kind = "color")]
    highlight_color: Option<String>,
    /// Whom to mention when an incident opens, reopens or is repeated, one on each line: `here`, `channel`,
    /// `everyone`, a member's id such as `U024BE7LH` or a user group's id such as `S0614TZR7`. With placeholders, so
    /// that a label names them: `{{ labels.oncall }}`.
    #[setting(kind = "template")]
    mention: Vec<String>,
    /// With a bot token: the changes whose entry in the thread is shown in the channel as well, one on each
    /// line, such as `reopened` or `resolved`.
    #[setting(default = "reopened\nrepeated")]
    broadcast: Vec<String>,
}

impl Plugin for Slack {
    const ABOUT: About =
        About::new("slack", "Slack", "Posts incidents to a Slack channel.", env!("CARGO_PKG_VERSION"))
            .documented_at("https://api.slack.com/messaging/webhooks");
}

impl Action for Slack {
    type Connection = Workspace;
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // About one message a second for each webhook and, with a token, for each channel; 50 and more edits a
        // minute (api.slack.com/docs/rate-limits). The host keeps one queue for each connection.
        ActionInfo::default().hosts(mode::HOSTS).rate(1, 1_000)
    }

    fn encode(context: &Context, workspace: &Workspace, settings: &Fields) -> Result<Step, Failure> {
        if workspace.is_bot(&context.host) {
            bot::begin(context, workspace, settings)
        } else {
            webhook::post(context, settings)
        }
    }

    fn resume(
        context: &Context,
        workspace: &Workspace,
        settings: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        if workspace.is_bot(&context.host) {
            bot::resume(context, workspace, settings, state, response)
        } else {
            webhook::answer(context, settings, state, response)
        }
    }

    fn check_connection(host: &str, workspace: &Workspace) -> Result<(), Vec<SettingProblem>> {
        mode::check(host, workspace)
    }

    fn check_action(host: &str, workspace: &Workspace, settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        check::action(workspace.is_bot(host), settings)
    }

    fn probe(host: &str, workspace: &Workspace) -> Option<Probe> {
        workspace.is_bot(host).then(|| bot::probe(workspace))
    }

    fn probed(_: &str, _: &Workspace, response: &Response) -> Result<String, Failure> {
        bot::probed(response)
    }
}

tocsin_plugin::export!(Slack: action);

#[cfg(test)]
mod tests;
