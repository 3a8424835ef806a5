//! Google Chat: one message to a space's webhook for each change of an incident, as a card or as text, in the
//! incident's thread.
//!
//! Never lets text of an alert become a mention or a link with another text, and never believes a status
//! alone: Google Chat names the message that it posted.

use tocsin_plugin::prelude::*;
use tocsin_plugin::{Choice, Document};

mod buttons;
mod card;
mod given;
mod markup;
mod message;
mod own;
mod request_id;
mod verdict_of;

/// Characters of the reason why a card is sent once more as text.
const WHY_CHARS: usize = 400;

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
    /// The card as JSON of your own, with placeholders, in place of the default one: a card with `header` and
    /// `sections`, or a message with `cardsV2`. HTML works in a text without placeholders; in one with placeholders the
    /// filter `link` makes links.
    card: Option<Document>,
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
        Ok(request(context, settings, settings.format)?.into())
    }

    fn resume(
        context: &Context,
        (): &(),
        settings: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        match verdict_of::answer(context, response) {
            // What was refused may be a part of the card. The text is what counts.
            Err(Failure::Rejected(why))
                if settings.format == Format::Card
                    && state.is_empty()
                    && matches!(response.status, 400 | 413 | 422) =>
            {
                let why = text::truncate(&format!("the card was refused: {why}"), WHY_CHARS);
                Ok(Step::Send(Box::new(request(context, settings, Format::Text)?), why.into_bytes()))
            }
            outcome => verdict::second(outcome, state),
        }
    }

    fn check_action(_: &str, (): &(), settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        given::check(settings)
    }
}

fn request(context: &Context, settings: &Fields, format: Format) -> Result<HttpRequest, Failure> {
    let body = message::body(context, settings, format)?;
    // Google takes a second request with the same id for the first.
    let id = if format == settings.format { "" } else { " as text" };
    let id = request_id::uuid(&format!("{}{id}", context.delivery_id));
    let mut request = HttpRequest::post().query("requestId", &id).json(&body);
    if settings.threads {
        // Without it the thread in the body is ignored.
        request = request.query("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    }
    Ok(request)
}

tocsin_plugin::export!(GoogleChat: action);

#[cfg(test)]
mod tests;
