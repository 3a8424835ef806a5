//! Microsoft Teams: one card for each change of an incident, to a channel or chat.
//!
//! Never lets text of an alert become a link with another text, a mention or a format, never adds characters to it
//! that are copied without being seen, and never believes a status alone: a connector hides its errors in a 200, and
//! a flow's 202 says nothing about what people see.

use tocsin_plugin::prelude::*;
use tocsin_plugin::{ActionInfo, Context, Response};

mod adaptive;
mod address;
mod content;
mod fit;
mod highlight;
mod mention;
mod message_card;
mod neutral;
mod own;
mod runs;
mod simple;
mod target;
mod verdict_of;

use content::Content;
use target::{Choice, Target};

/// Bytes of a request's body that are kept to. Teams refuses 28 672 after it has added its own to what came: a
/// request of 24 453 was measured as 28 897 (MicrosoftDocs/msteams-docs#11274).
const BODY_BYTES: usize = 20_000;

/// Characters of the reason why a card is sent once more as plain text.
const WHY_CHARS: usize = 400;

/// The plugin.
pub struct Teams;

/// Where to.
#[derive(Settings)]
pub struct Account {
    /// What stands behind the address: `workflow`, a flow of the Workflows app or of Power Automate, which takes
    /// Adaptive Cards; `connector`, an incoming webhook of the old kind, which takes MessageCards; `auto` tells
    /// by the host name, and takes what it does not know for a flow.
    #[setting(default = "auto")]
    target: Choice,
}

/// What is sent.
#[derive(Settings)]
pub struct Fields {
    /// The title, with placeholders, on one line. Leave it empty for the severity or what happened, and the
    /// incident's title.
    #[setting(kind = "template")]
    title: Option<String>,
    /// The message, with placeholders. Leave it empty for what changed, a note's text and the incident's message.
    /// Lines are kept and addresses lead where they say; no markup works, so that an alert cannot make any. The
    /// filters `link` and `mention` make links and mentions.
    #[setting(kind = "template")]
    message: Option<String>,
    /// Whom to mention when an incident opens, reopens or is repeated, one on each line: a user principal name such
    /// as `anna@example.com`, or `Anna Example <anna@example.com>`. A flow's card only.
    mention: Vec<String>,
    /// The whole card as JSON of your own, with placeholders: an Adaptive Card for a flow, a MessageCard for a
    /// connector. The settings for title, message, attributes, buttons, mentions and colour are not used then.
    #[setting(kind = "json-template")]
    card: Option<String>,
    #[setting(flatten)]
    facts: chat::Facts,
    #[setting(flatten)]
    buttons: chat::Buttons,
    /// The colour: six hexadecimal digits such as `D13438`, or a style of Adaptive Cards (`default`, `emphasis`,
    /// `good`, `attention`, `warning`, `accent`). A card for a flow has the style that is nearest to the digits.
    /// Leave it empty for a colour by state and severity.
    highlight_color: Option<String>,
}

impl Plugin for Teams {
    const ABOUT: About = About::new(
        "teams",
        "Microsoft Teams",
        "Posts incidents to a channel or chat of Microsoft Teams.",
        env!("CARGO_PKG_VERSION"),
    )
    .documented_at(
        "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
    );
}

impl Action for Teams {
    type Connection = Account;
    type Settings = Fields;

    fn action_info() -> ActionInfo {
        // Teams throttles from four requests a second on, and for hours when that goes on (msteams-docs#4155,
        // #7425).
        ActionInfo::default().hosts(target::HOSTS).rate(1, 1_000)
    }

    fn encode(context: &Context, account: &Account, fields: &Fields) -> Result<Step, Failure> {
        let target = Target::of(account.target, &context.host);
        let content = Content::of(context, fields);
        let own = own::body(context, fields.card.as_deref(), target)
            .map_err(|problem| Failure::rejected(format!("`card` of the action {problem}")))?;
        match own.map(|body| (body.to_string().len(), body)) {
            Some((bytes, _)) if bytes >= BODY_BYTES => Ok(plainly(
                &content,
                target,
                &format!("`card` has {bytes} bytes, and Teams drops {BODY_BYTES}"),
            )),
            Some((_, body)) => Ok(HttpRequest::post().json(&body).into()),
            None => {
                let render = match target {
                    Target::Workflow => adaptive::message,
                    Target::Connector => message_card::message,
                };
                Ok(HttpRequest::post().json(&fit::within(&content, BODY_BYTES, render)?).into())
            }
        }
    }

    fn resume(
        context: &Context,
        account: &Account,
        fields: &Fields,
        state: &[u8],
        response: &Response,
    ) -> Result<Step, Failure> {
        let target = Target::of(account.target, &context.host);
        let outcome = match target {
            Target::Workflow => verdict_of::workflow(context, response),
            Target::Connector => verdict_of::connector(context, response),
        };
        let earlier = String::from_utf8_lossy(state);
        match outcome {
            // What was refused may be a part of the card. The text is what counts.
            Err(Failure::Rejected(why)) if state.is_empty() => {
                Ok(plainly(&Content::of(context, fields), target, &format!("the card was refused: {why}")))
            }
            Err(Failure::Rejected(why)) => Err(Failure::rejected(format!("{why}; before, {earlier}"))),
            Ok(Step::Delivered(mut outcome)) if !state.is_empty() => {
                outcome.summary = format!("{}; as plain text, because {earlier}", outcome.summary);
                Ok(outcome.into())
            }
            outcome => outcome,
        }
    }

    fn check_connection(host: &str, account: &Account) -> Result<(), Vec<SettingProblem>> {
        target::check(account.target, host).map_err(|problem| vec![problem])
    }

    fn check_action(host: &str, account: &Account, fields: &Fields) -> Result<(), Vec<SettingProblem>> {
        let problems = problems(Target::of(account.target, host), fields);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// The message once more as plain text, and why.
fn plainly(content: &Content, target: Target, why: &str) -> Step {
    let why = text::truncate(why, WHY_CHARS).into_bytes();
    Step::Send(Box::new(HttpRequest::post().json(&simple::body(content, target))), why)
}

fn problems(target: Target, fields: &Fields) -> Vec<SettingProblem> {
    let mut problems = fields.buttons.check();
    problems.extend(chat::check_text("title", fields.title.as_deref()));
    problems.extend(chat::check_text("message", fields.message.as_deref()));
    problems.extend(highlight::check(fields.highlight_color.as_deref()));
    problems.extend(mention::check(&fields.mention, target == Target::Connector));
    problems.extend(own::check(fields.card.as_deref(), target));
    problems
}

tocsin_plugin::export!(Teams: action);

#[cfg(test)]
mod tests;
