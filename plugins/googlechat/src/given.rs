//! What operators give that must have a certain form: mentions.
//!
//! Never lets a name through that could end a mention and begin something else.

use tocsin_plugin::prelude::*;

use crate::{Fields, Format, own};

/// Mentions in one message.
const MENTIONS_MAX: usize = 10;
/// Digits of a user's number; Google's have 21.
const DIGITS_MAX: usize = 30;

/// `<users/all>` or `<users/123>`, for `all` or the number of a user.
pub(crate) fn mention(name: &str) -> Option<String> {
    let id = name.trim().trim_start_matches('@');
    let id = id.strip_prefix("users/").unwrap_or(id);
    let is_number = (1..=DIGITS_MAX).contains(&id.len()) && id.chars().all(|c| c.is_ascii_digit());
    (id == "all" || is_number).then(|| format!("<users/{id}>"))
}

/// Whom the operator mentions, as `<users/all> <users/123>`; nothing unless the change is one that calls for
/// somebody.
///
/// # Errors
/// The name that is none.
pub(crate) fn mentions(kind: ChangeKind, settings: &Fields) -> Result<String, String> {
    let mut mentions = Vec::new();
    for name in settings.mention.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let Some(mention) = mention(name) else {
            let shown = text::truncate(&text::one_line(name), 60);
            return Err(format!("`{shown}` is neither `all` nor the number of a user"));
        };
        mentions.push(mention);
    }
    if mentions.len() > MENTIONS_MAX {
        return Err(format!("{} mentions are too many, {MENTIONS_MAX} will do", mentions.len()));
    }
    Ok(if chat::calls(kind) { mentions.join(" ") } else { String::new() })
}

/// Every mistake in an action's settings.
///
/// # Errors
/// The mistakes, each with its field.
pub(crate) fn check(settings: &Fields) -> Result<(), Vec<SettingProblem>> {
    let mut problems = Vec::new();
    problems.extend(
        mentions(ChangeKind::Opened, settings).err().map(|problem| SettingProblem::new("mention", problem)),
    );
    problems.extend(chat::check_text("message", settings.message.as_deref()));
    problems.extend(own::check(&settings.card));
    if settings.format == Format::Text && settings.card.as_ref().is_some_and(|card| !card.is_blank()) {
        problems
            .push(SettingProblem::new("card", "is not used with `format = \"text\"`: leave one of them out"));
    }
    problems.extend(settings.buttons.check());
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
