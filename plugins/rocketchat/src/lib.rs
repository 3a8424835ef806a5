//! Rocket.Chat: one message to an incoming integration for each change of an incident, in the incident's
//! thread where the server says what it called the first one.
//!
//! Never lets text of an alert become a mention or a link with another text, and never believes a status
//! alone: Rocket.Chat says `{"success": true}` or it has not posted.

use tocsin_plugin::Document;
use tocsin_plugin::prelude::*;

mod attachment;
mod given;
mod markdown;
mod message;
mod own;
mod verdict_of;

use message::Form;

/// Characters of the reason why a message is sent once more as text.
const WHY_CHARS: usize = 400;

/// The plugin.
pub struct RocketChat;

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// The message, with placeholders. Leave it empty for the default layout: what happened, the title, a
    /// note's text and the incident's message. Rocket.Chat's formatting (`*bold*`, `_italic_`, `~strike~`)
    /// works; mentions and links with another text do not, so that an alert cannot make any.
    #[setting(kind = "template")]
    message: Option<String>,
    /// The title, with placeholders: the first line of the default layout, and the attachment's title below a
    /// `message` of your own. Leave it empty for what happened and the incident's title.
    #[setting(kind = "template")]
    title: Option<String>,
    /// The name that the message is from, with placeholders. Leave it empty for the one in the integration.
    #[setting(kind = "template")]
    alias: Option<String>,
    /// The address of the picture that the message is from, with placeholders: absolute, http or https. Leave
    /// it empty for the one in the integration. It is left out when an incident makes something else of it.
    #[setting(kind = "template", label = "Image avatar")]
    avatar: Option<String>,
    /// The emoji that stands in place of a picture, with placeholders: `:ghost:`. Rocket.Chat shows the picture
    /// when there is one. It is left out when an incident makes something else of it.
    #[setting(kind = "template", label = "Emoji avatar")]
    emoji: Option<String>,
    /// Where to post instead of the integration's own channel, with placeholders: `#channel` or `@user`. The
    /// integration must allow it: "Allow to overwrite destination channel in the body parameters".
    #[setting(kind = "template")]
    channel: Option<String>,
    /// Whom to mention when an incident opens, reopens or is repeated, one on each line: `all`, `here` or a
    /// user's name. The user whom the integration posts as must be allowed to.
    mention: Vec<String>,
    /// The attachments as JSON of your own, with placeholders, in place of the one with attributes, links and buttons:
    /// a list, or one attachment. A text without placeholders is sent as it is; in one with placeholders the filters
    /// `link` and `mention` make links and mentions, and nothing else does.
    attachments: Option<Document>,
    #[setting(flatten)]
    facts: chat::Facts,
    #[setting(flatten)]
    buttons: chat::Buttons,
    /// The colour of the bar beside the attributes, six hexadecimal digits. Leave it empty for a colour by
    /// severity, green once the incident is resolved.
    #[setting(kind = "color")]
    highlight_color: Option<String>,
    /// Whether what follows on an incident's first message goes into that message's thread. Servers that do not
    /// say what they called the first message get each one in the channel.
    #[setting(default = "true")]
    threads: bool,
}

impl Plugin for RocketChat {
    const ABOUT: About = About::new(
        "rocketchat",
        "Rocket.Chat",
        "Posts incidents to a Rocket.Chat channel or user.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at("https://docs.rocket.chat/docs/integrations");
}

impl Action for RocketChat {
    type Connection = ();
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // The server's default limit: 10 calls in 60 s for each route and address.
        ActionInfo::default().rate(10, 60_000)
    }

    fn encode(context: &Context, (): &(), settings: &Fields) -> Result<Step, Failure> {
        Ok(HttpRequest::post().json(&message::body(context, settings, Form::Whole)?).into())
    }

    fn resume(
        context: &Context,
        (): &(),
        settings: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        match verdict_of::answer(context, settings, response) {
            // 400 is about this message, and the attachment may be why. Others say what an operator must change.
            Err(Failure::Rejected(why)) if state.is_empty() && verdict_of::is_about_content(response) => {
                let why = text::truncate(&format!("the attachment was refused: {why}"), WHY_CHARS);
                let request = HttpRequest::post().json(&message::body(context, settings, Form::Text)?);
                Ok(Step::Send(Box::new(request), why.into_bytes()))
            }
            outcome => verdict::second(outcome, state),
        }
    }

    fn check_action(_: &str, (): &(), settings: &Fields) -> Result<(), Vec<SettingProblem>> {
        given::check(settings)
    }

    /// `/hooks/info/…` is answered as the webhook itself is, and nothing is posted.
    fn probe(_: &str, (): &()) -> Option<Probe> {
        Some(Probe { request: HttpRequest::get().path("/info"), place: Place::After("/hooks".to_owned()) })
    }

    fn probed(_: &str, (): &(), response: &Response) -> Result<String, Failure> {
        verdict_of::probed(response)
    }
}

tocsin_plugin::export!(RocketChat: action);

#[cfg(test)]
mod tests;
