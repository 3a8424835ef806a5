//! Google Chat: one message to a space's webhook for each change of an incident, as a card or as text, in the
//! incident's thread.
//!
//! Never lets text of an alert become a mention or a link with another text, and never believes a status
//! alone: Google Chat names the message that it posted.

use tocsin_plugin::Choice;
use tocsin_plugin::prelude::*;

mod buttons;
mod card;
mod given;
mod markup;
mod message;
mod request_id;
mod verdict_of;

/// The plugin.
pub struct GoogleChat;

/// What a message looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Format {
    /// Card.
    Card,
    /// Text.
    Text,
}

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// Whether the message is a card with attributes and buttons, or text alone.
    #[setting(default = "card")]
    format: Format,
    /// The message, with placeholders. Leave it empty for a note's text and the incident's message. In a text,
    /// Google Chat's formatting (`*bold*`, `_italic_`, `~strike~`) works, in a card none; mentions and links
    /// with another text do not, so that an alert cannot make any.
    #[setting(kind = "template")]
    message: Option<String>,
    /// The title, with placeholders: a card's header, the first line of the default text. Leave it empty for
    /// what happened and the incident's title.
    #[setting(kind = "template")]
    title: Option<String>,
    /// Whom to mention when an incident opens, reopens or is repeated, one on each line: `all`, or the number
    /// of a user.
    mention: Vec<String>,
    #[setting(flatten)]
    facts: chat::Facts,
    #[setting(flatten)]
    buttons: chat::Buttons,
    /// Whether all messages of an incident go into one thread. Spaces without threads show each one by itself.
    #[setting(default = "true")]
    threads: bool,
}

impl Plugin for GoogleChat {
    const ABOUT: About = About::new(
        "googlechat",
        "Google Chat",
        "Posts incidents to a Google Chat space.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://developers.google.com/workspace/chat/quickstart/webhooks");
}

impl Action for GoogleChat {
    type Connection = ();
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // 60 writes a minute for each space, which all of its apps share.
        ActionInfo::default().hosts(["chat.googleapis.com"]).rate(1, 1_000)
    }

    fn encode(context: &Context, (): &(), settings: &Fields) -> Result<Step, Failure> {
        let body = message::body(context, settings)?;
        let mut request =
            HttpRequest::post().query("requestId", &request_id::uuid(&context.delivery_id)).json(&body);
        if settings.threads {
            // Without it the thread in the body is ignored.
            request = request.query("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
        }
        Ok(request.into())
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

    fn check_action(_: &str, (): &(), settings: &Fields) -> Result<(), Vec<Problem>> {
        given::check(settings)
    }
}

tocsin_plugin::export!(GoogleChat: action);

#[cfg(test)]
mod tests;
