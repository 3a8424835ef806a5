//! What operators give that must have a certain form: mentions and codes.
//!
//! Never lets a name through that could end a mention and begin something else.

use tocsin_plugin::chat::{self, OtherActions};
use tocsin_plugin::prelude::*;

use crate::Fields;
use crate::markup::is_blank;

/// Mentions in one message.
const MENTIONS_MAX: usize = 10;
/// Digits of a user's number; Google's have 21.
const DIGITS_MAX: usize = 30;

/// A setting as it is used: trimmed, nothing when a person would see nothing.
pub(crate) fn filled(setting: Option<&String>) -> Option<&str> {
    setting.map(|text| text.trim()).filter(|text| !is_blank(text))
}

/// Whom the operator mentions, as `<users/all> <users/123>`; nothing unless the change is one that calls for
/// somebody.
///
/// # Errors
/// The name that is none.
pub(crate) fn mentions(kind: ChangeKind, settings: &Fields) -> Result<String, String> {
    let mut mentions = Vec::new();
    for name in settings.mention.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let id = name.strip_prefix("users/").unwrap_or(name);
        let is_number = (1..=DIGITS_MAX).contains(&id.len()) && id.chars().all(|c| c.is_ascii_digit());
        if id != "all" && !is_number {
            let shown = text::truncate(&text::one_line(name), 60);
            return Err(format!("`{shown}` is neither `all` nor the number of a user"));
        }
        mentions.push(format!("<users/{id}>"));
    }
    if mentions.len() > MENTIONS_MAX {
        return Err(format!("{} mentions are too many, {MENTIONS_MAX} will do", mentions.len()));
    }
    let calls = matches!(kind, ChangeKind::Opened | ChangeKind::Reopened | ChangeKind::Repeated);
    Ok(if calls { mentions.join(" ") } else { String::new() })
}

/// Every mistake in an action's settings.
///
/// # Errors
/// The mistakes, each with its field.
pub(crate) fn check(settings: &Fields) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    problems
        .extend(mentions(ChangeKind::Opened, settings).err().map(|problem| Problem::new("mention", problem)));
    let unknown = chat::unknown_codes(&settings.other_action_codes);
    let names_none = settings.other_action_codes.iter().all(|line| line.trim().is_empty());
    if !unknown.is_empty() {
        let known: Vec<&str> = chat::TRANSITIONS.iter().map(|(code, _)| *code).collect();
        let problem = format!("`{}` is no transition; known are {}", unknown.join("`, `"), known.join(", "));
        problems.push(Problem::new("other_action_codes", problem));
    } else if settings.other_actions == OtherActions::Specify && names_none {
        let problem = "names no transition, and `other_actions` is `specify`";
        problems.push(Problem::new("other_action_codes", problem));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
