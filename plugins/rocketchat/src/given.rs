//! What operators give that must have a certain form: avatar, emoji, channel, mentions, codes. Templates can
//! make something else of it for one incident, so each is checked when saved and again when sent.
//!
//! Never lets a wrong picture keep a message back: it is left out, and the delivery log says so.

use tocsin_plugin::prelude::*;

use crate::markdown::neutral;
use crate::{Fields, own};

/// UTF-16 code units of a name that a person still reads.
const ALIAS_LENGTH: usize = 100;
/// Characters of a channel's or user's name, and of an emoji's.
const NAME_CHARS: usize = 100;
/// Mentions in one message.
const MENTIONS_MAX: usize = 10;

/// The name that the message is from, on one line.
pub(crate) fn alias(settings: &Fields) -> Option<String> {
    Some(neutral(&text::one_line(text::filled(settings.alias.as_deref())?), ALIAS_LENGTH))
}

/// The picture's address.
///
/// # Errors
/// What is wrong with it. The server refuses a message whose avatar is no address.
pub(crate) fn avatar(settings: &Fields) -> Result<Option<&str>, String> {
    let Some(avatar) = text::filled(settings.avatar.as_deref()) else { return Ok(None) };
    if text::is_web_address(avatar) {
        return Ok(Some(avatar));
    }
    Err(format!("`{}` is no absolute http or https address", shown(avatar)))
}

/// The emoji's name between colons.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn emoji(settings: &Fields) -> Result<Option<&str>, String> {
    let Some(emoji) = text::filled(settings.emoji.as_deref()) else { return Ok(None) };
    let name = emoji.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or("");
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'));
    if is_name && (1..=NAME_CHARS).contains(&name.len()) {
        return Ok(Some(emoji));
    }
    Err(format!("`{}` is no emoji's name between colons, such as `:ghost:`", shown(emoji)))
}

/// The channel or user to post to.
///
/// # Errors
/// What is wrong with it. Without a prefix the server would look for an id, for a channel and for a user.
pub(crate) fn channel(settings: &Fields) -> Result<Option<&str>, String> {
    let Some(channel) = text::filled(settings.channel.as_deref()) else { return Ok(None) };
    let name = channel.strip_prefix(['#', '@']).unwrap_or("");
    let is_name = !name.starts_with(['#', '@']) && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_name && (1..=NAME_CHARS).contains(&name.chars().count()) {
        return Ok(Some(channel));
    }
    Err(format!("`{}` is neither `#channel` nor `@user`", shown(channel)))
}

/// `@bob`, for a name that can be one.
pub(crate) fn mention(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_prefix('@').unwrap_or(name);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (is_name && (1..=NAME_CHARS).contains(&name.len())).then(|| format!("@{name}"))
}

/// Whom the operator mentions, as `@all @bob `; nothing unless the change is one that calls for somebody.
///
/// # Errors
/// The name that is none.
pub(crate) fn mentions(kind: ChangeKind, settings: &Fields) -> Result<String, String> {
    let mut mentions = String::new();
    for name in settings.mention.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let Some(mention) = mention(name) else {
            return Err(format!("`{}` is neither `all`, `here` nor a user's name", shown(name)));
        };
        mentions.push_str(&format!("{mention} "));
    }
    if settings.mention.len() > MENTIONS_MAX {
        return Err(format!("{} mentions are too many, {MENTIONS_MAX} will do", settings.mention.len()));
    }
    Ok(if chat::calls(kind) { mentions } else { String::new() })
}

/// What was left out of a message because it came out wrong, for the delivery log; empty for nothing.
pub(crate) fn left_out(settings: &Fields) -> String {
    let wrong = |name: &str, found: Result<Option<&str>, String>| {
        found.err().map(|problem| format!("; without {name}: {problem}")).unwrap_or_default()
    };
    wrong("avatar", avatar(settings)) + &wrong("emoji", emoji(settings))
}

/// Every mistake in an action's settings.
///
/// # Errors
/// The mistakes, each with its field.
pub(crate) fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    let mut note = |field: &str, problem: Option<String>| {
        problems.extend(problem.map(|problem| SettingProblem::new(field, problem)));
    };
    note("avatar", avatar(settings).err());
    note("emoji", emoji(settings).err());
    note("channel", channel(settings).err());
    note("mention", mentions(ChangeKind::Opened, settings).err());
    problems.extend(chat::check_text("message", settings.message.as_deref()));
    problems.extend(own::check(&settings.attachments));
    problems.extend(settings.buttons.check());
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// As much of a value as a message to an operator needs.
fn shown(value: &str) -> String {
    text::truncate(&text::one_line(value), 60)
}
